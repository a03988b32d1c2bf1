#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Offered, Part, Piece, Reference, expand, offered, pieces};

fn reference(text: &str) -> Option<Offered<'_>> {
    match pieces(text).ok()?.as_slice() {
        [
            Piece::Text(""),
            Piece::Offered(Reference { alias: "b-1", what }),
            Piece::Text(""),
        ] => Some(*what),
        _ => None,
    }
}

#[test]
fn a_dot_refers_to_a_dependency() {
    let cases = [
        ("${b-1.FRAME}", Some(Offered::Variable("FRAME"))),
        ("${b-1.a.b-c}", Some(Offered::Variable("a.b-c"))),
        (
            "${b-1.web.host}",
            Some(Offered::Endpoint("web", Part::Host)),
        ),
        (
            "${b-1.web-ui.port}",
            Some(Offered::Endpoint("web-ui", Part::Port)),
        ),
        ("${b-1.web.url}", Some(Offered::Endpoint("web", Part::Url))),
        ("${b-1.Web.url}", Some(Offered::Variable("Web.url"))),
        ("${b-1.ros.namespace}", Some(Offered::RosNamespace)),
        ("${b-1.ros.domain_id}", Some(Offered::RosDomain)),
        (
            "${b-1.ros.host}",
            Some(Offered::Endpoint("ros", Part::Host)),
        ),
        ("${b-1.deployment}", Some(Offered::Deployment)),
        ("${b-1.}", None),
        ("${b-1. x}", None),
        ("${b-1.1x}", None),
        ("${.x}", None),
        ("${B.x}", None),
        ("$${b-1.x}", None),
    ];
    for (text, expected) in cases {
        assert_eq!(reference(text), expected, "{text}");
    }
    assert!(pieces("${.x}").is_err() && pieces("$${b-1.x}").is_ok());
}

#[test]
fn only_parameters_stand_in_probes() {
    let error = expand("/${b.ros.namespace}", &BTreeMap::new()).unwrap_err();
    let expected = "`${b.` refers to a dependency, and only parameters can be used here";
    assert_eq!(error, expected);
}

/// The pieces, as they are written.
fn written(pieces: &[Piece<'_>]) -> String {
    let what = |what: &Offered<'_>| match what {
        Offered::Variable(name) => (*name).to_owned(),
        Offered::Endpoint(name, Part::Host) => format!("{name}.host"),
        Offered::Endpoint(name, Part::Port) => format!("{name}.port"),
        Offered::Endpoint(name, Part::Url) => format!("{name}.url"),
        Offered::RosNamespace => "ros.namespace".to_owned(),
        Offered::RosDomain => "ros.domain_id".to_owned(),
        Offered::Deployment => "deployment".to_owned(),
    };
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.replace('$', "$$"),
        Piece::Parameter(name) => format!("${{{name}}}"),
        Piece::Offered(r) => format!("${{{}.{}}}", r.alias, what(&r.what)),
    });
    pieces.collect()
}

proptest! {
    #[test]
    fn any_text_is_read_the_same_when_it_is_written_again(
        text in "(\\$|\\$\\{|\\}|\\.|[a-z]{1,3}|[A-Z]|host|port|ros\\.|é| |\\$\\{[a-z]{1,2}\\.[a-z.]{1,6}\\}){0,12}"
    ) {
        if let Ok(first) = pieces(&text) {
            let again = written(&first);
            let joined = |pieces: &[Piece<'_>]| written(pieces);
            prop_assert_eq!(joined(&pieces(&again).unwrap()), again);
            let references = first.iter().filter(|p| matches!(p, Piece::Offered(_))).count();
            prop_assert_eq!(offered(&text).len(), references);
        } else {
            prop_assert!(offered(&text).is_empty());
        }
    }
}
