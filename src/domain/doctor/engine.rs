//! The container engine.

use super::facts::{EngineAbout, EngineFacts, EngineTrouble, Facts, Looked};
use super::{Finding, counted};

const ENGINE: &str = "Docker engine";
const NETWORKS: &str = "Docker's addresses for networks";
const IMAGES: &str = "images without a name";
/// The oldest version of the API that shipmate speaks.
const OLDEST_API: (u32, u32) = (1, 41);
/// How many networks Docker has addresses for, when nothing is configured.
const USUAL_CAPACITY: u64 = 31;
/// With fewer left than this it is said.
const FEW: u64 = 5;

pub fn findings(facts: &Facts) -> Vec<Finding> {
    let engine = match &facts.engine {
        Ok(engine) => engine,
        Err(trouble) => return vec![away(trouble)],
    };
    let mut all = vec![version(engine)];
    all.extend(place(engine));
    all.push(restarts(&engine.about));
    all.push(groups(&engine.about));
    all.extend(users(&engine.about));
    all.push(networks(&engine.networks, engine.about.network_capacity));
    all.push(images(&engine.nameless_images));
    all
}

fn away(trouble: &EngineTrouble) -> Finding {
    match trouble {
        EngineTrouble::Away { address, cause } => Finding::error(
            ENGINE,
            format!(
                "it does not answer at {address} ({cause}), so nothing of it could be looked at"
            ),
            "start it with `sudo systemctl start docker`, or say where it is with DOCKER_HOST",
        ),
        EngineTrouble::NotPermitted { address } => Finding::error(
            ENGINE,
            format!("this user may not talk to it at {address}"),
            "add the user to the group docker with `sudo usermod -aG docker $USER` and log in again",
        ),
        EngineTrouble::Other(text) => Finding::error(
            ENGINE,
            text.as_str(),
            "see what it says with `journalctl -u docker`",
        ),
    }
}

fn version(engine: &EngineFacts) -> Finding {
    let about = &engine.about;
    let text = format!(
        "version {} with API {} answers at {}",
        about.version, about.api_version, engine.address
    );
    match api(&about.api_version) {
        Some(version) if version >= OLDEST_API => Finding::ok(ENGINE, text),
        Some(_) => Finding::error(
            ENGINE,
            format!("{text}; its API is older than 1.41"),
            "install Docker 20.10 or newer",
        ),
        None => Finding::warning(
            ENGINE,
            format!("{text}; that is no version"),
            "install Docker 20.10 or newer",
        ),
    }
}

/// Versions of the API are compared as numbers: 1.9 comes before 1.41.
fn api(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Where its containers are.
fn place(engine: &EngineFacts) -> Option<Finding> {
    let subject = "containers and this machine's network";
    if !engine.is_local {
        return Some(Finding::warning(
            subject,
            format!(
                "the engine at {} may be on another machine: its disk, bridge and firewall cannot be looked at from here",
                engine.address
            ),
            "run `shipmate doctor` on that machine",
        ));
    }
    engine.about.rootless.then(|| {
        Finding::warning(
            subject,
            "Docker runs rootless: not even the network `host` of containers is the machine's, so its nodes hear no container",
            "use a Docker that runs as root, or run all nodes in containers",
        )
    })
}

fn restarts(about: &EngineAbout) -> Finding {
    Finding::ok(
        "restarts of Docker",
        match about.live_restore {
            true => "containers run on meanwhile (`live-restore`)",
            false => {
                "containers end with it, and shipmate starts them again; \"live-restore\": true in /etc/docker/daemon.json keeps them running"
            }
        },
    )
}

fn groups(about: &EngineAbout) -> Finding {
    let subject = "control groups";
    match about.cgroup_driver.as_str() {
        "" | "none" => Finding::warning(
            subject,
            "Docker has none: limits of memory and processor time have no effect",
            "use cgroup v2 with systemd, or a Docker that runs as root",
        ),
        driver => Finding::ok(
            subject,
            format!("version {} by {driver}", about.cgroup_version),
        ),
    }
}

fn users(about: &EngineAbout) -> Option<Finding> {
    about.user_namespaces.then(|| {
        Finding::warning(
            "users in containers",
            "Docker gives them other numbers on the machine (`userns-remap`): mounted paths and devices belong to nobody they know, and the network `host` is refused",
            "allow the mapped user to use what is mounted, or remove \"userns-remap\" from /etc/docker/daemon.json",
        )
    })
}

fn networks(used: &Looked<usize>, capacity: Option<u64>) -> Finding {
    let used = match used {
        Ok(used) => *used as u64,
        Err(cause) => return Finding::unseen(NETWORKS, cause),
    };
    let capacity = capacity.unwrap_or(USUAL_CAPACITY);
    let left = capacity.saturating_sub(used);
    let text = format!("{used} of about {capacity} networks are in use");
    let remedy = "remove unused ones with `docker network prune`, or give Docker more with \"default-address-pools\" in /etc/docker/daemon.json";
    match left {
        0 => Finding::error(
            NETWORKS,
            format!("{text}: there can be no other one"),
            remedy,
        ),
        left if left < FEW => Finding::warning(NETWORKS, text, remedy),
        _ => Finding::ok(NETWORKS, text),
    }
}

/// They only take space: what there is of it is another finding.
fn images(count: &Looked<usize>) -> Finding {
    match count {
        Ok(0) => Finding::ok(IMAGES, "there are none"),
        Ok(count) => Finding::ok(
            IMAGES,
            format!(
                "{} of former builds; `docker image prune` removes them",
                counted(*count, "image")
            ),
        ),
        Err(cause) => Finding::unseen(IMAGES, cause),
    }
}
