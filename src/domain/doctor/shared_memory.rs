//! /dev/shm, through which Fast DDS sends on one machine.

use std::collections::BTreeSet;

use super::disks::size;
use super::facts::{Facts, RunningContainer};
use super::{Finding, variables};

/// What Docker gives to a container; a participant takes about half a MiB.
const LITTLE: u64 = 64 << 20;

pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut all = vec![space(facts)];
    all.extend(owners(facts));
    all.extend(users_of_containers(facts));
    all
}

fn space(facts: &Facts) -> Finding {
    let subject = "/dev/shm";
    let space = match &facts.shared_memory {
        Ok(memory) => memory.space,
        Err(cause) => return Finding::unseen(subject, cause),
    };
    let text = format!("{} of {} are free", size(space.free), size(space.total));
    match space.free < LITTLE {
        true => Finding::warning(
            subject,
            format!("{text}: Fast DDS may find no room for shared memory"),
            "remove what is left of ended programs there (`fastdds shm clean`), or enlarge it with `sudo mount -o remount,size=1G /dev/shm`",
        ),
        false => Finding::ok(subject, text),
    }
}

/// Who made memory there that others cannot open.
fn owners(facts: &Facts) -> Option<Finding> {
    let owners = &facts.shared_memory.as_ref().ok()?.owners;
    let mut with_us = owners.clone();
    if variables::shares_memory(&facts.environment) {
        with_us.insert(facts.user);
    }
    (!owners.is_empty() && with_us.len() > 1).then(|| {
        let users: Vec<String> = with_us.iter().map(u32::to_string).collect();
        Finding::warning(
            "users of shared memory",
            format!("the users {} use Fast DDS' shared memory, and cannot open what the others have made; the graph shows their nodes, and no data flows", users.join(", ")),
            "run all as one user, or set FASTDDS_BUILTIN_TRANSPORTS=UDPv4 for all",
        )
    })
}

/// The same among containers, by what was asked for.
fn users_of_containers(facts: &Facts) -> Option<Finding> {
    let running = facts.engine.as_ref().ok()?.containers.as_ref().ok()?;
    let share = |it: &&RunningContainer| {
        it.ipc_mode == "host"
            && super::containers::has_ros(it)
            && variables::shares_memory(&it.environment)
    };
    let sharing: Vec<_> = running.containers.iter().filter(share).collect();
    let users: BTreeSet<&str> = sharing.iter().map(|it| user(it)).collect();
    (users.len() > 1).then(|| {
        let names: Vec<String> = { sharing.iter() }
            .map(|it| format!("{} ({})", it.name, user(it)))
            .collect();
        Finding::warning(
            "users of containers with `ipc: host`",
            format!(
                "{} share memory as different users: no data flows between them",
                names.join(", ")
            ),
            "let all run as one user, or set FASTDDS_BUILTIN_TRANSPORTS=UDPv4 for all",
        )
    })
}

/// The image may name another one, which is seldom; then it is root.
fn user(container: &RunningContainer) -> &str {
    let user = container.user.split(':').next().unwrap_or_default();
    match user {
        "" | "root" => "0",
        user => user,
    }
}
