#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// Writes a message as a middleware does.
pub fn written(info: &DiscoveryInfo, little: bool, length: usize) -> Vec<u8> {
    let long = |number: usize| {
        let number = u32::try_from(number).unwrap();
        match little {
            true => number.to_le_bytes(),
            false => number.to_be_bytes(),
        }
    };
    let gid = |bytes: &[u8]| {
        let mut gid = bytes.to_vec();
        gid.resize(length, 0);
        gid
    };
    let text = |text: &str| {
        let mut bytes = long(text.len() + 1).to_vec();
        bytes.extend(text.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut message = vec![0, u8::from(little), 0, 0];
    message.extend(gid(&info.participant.0));
    message.extend(long(info.nodes.len()));
    for node in &info.nodes {
        let (namespace, name) = parts(node.name.as_deref().unwrap_or("/"));
        message.extend(text(namespace));
        message.extend(text(name));
        for gids in [&node.readers, &node.writers] {
            message.extend(long(gids.len()));
            gids.iter().for_each(|it| message.extend(gid(&it.0)));
        }
    }
    message
}

fn gids() -> impl Strategy<Value = Vec<Gid>> {
    prop::collection::vec(any::<[u8; 16]>().prop_map(Gid), 0..5)
}

fn node() -> impl Strategy<Value = NodeEntities> {
    let name = prop::option::of("(/[a-z]{1,9}){1,3}");
    (name, gids(), gids()).prop_map(|(name, readers, writers)| NodeEntities {
        name,
        readers,
        writers,
    })
}

fn info() -> impl Strategy<Value = DiscoveryInfo> {
    let nodes = prop::collection::vec(node(), 0..5);
    (any::<[u8; 12]>(), nodes).prop_map(|(participant, nodes)| DiscoveryInfo {
        participant: ParticipantId(participant),
        nodes,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(info in info(), little: bool, since_iron: bool) {
        let length = if since_iron { 16 } else { 24 };
        let mut message = written(&info, little, length);
        prop_assert_eq!(read(&message), Some(info.clone()));
        // Some fill it up.
        message.push(0);
        prop_assert_eq!(read(&message), Some(info));
    }

    #[test]
    fn nothing_that_arrives_does_harm(
        info in info(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end: prop::sample::Index,
        cut: bool,
    ) {
        let mut message = written(&info, true, 16);
        for (at, byte) in changes {
            *at.get_mut(&mut message) = byte;
        }
        if cut {
            message.truncate(end.index(message.len()));
        }
        if let Some(read) = read(&message) {
            let gids: usize = read.nodes.iter().map(|n| n.readers.len() + n.writers.len()).sum();
            prop_assert!(gids * 16 <= message.len());
        }
    }

    #[test]
    fn bytes_at_random_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_name_has_two_parts(name in "(/[a-z]{1,9}){1,3}") {
        let (namespace, last) = parts(&name);
        prop_assert_eq!(full_name(namespace, last), Some(name.clone()));
    }
}

#[test]
fn a_number_without_what_it_counts_is_no_message() {
    let mut message = vec![0, 1, 0, 0];
    message.extend([7; 16]);
    message.extend(u32::MAX.to_le_bytes());
    assert_eq!(read(&message), None);
}

#[test]
fn names_begin_with_one_slash() {
    assert_eq!(full_name("/", "a"), Some("/a".to_owned()));
    assert_eq!(
        full_name("/robot/arm", "a"),
        Some("/robot/arm/a".to_owned())
    );
    assert_eq!(full_name("_NODE_NAMESPACE_UNKNOWN_", UNKNOWN), None);
    assert_eq!(full_name("/", ""), None);
}
