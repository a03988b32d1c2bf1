//! Whose things are, when they come from containers. Needs the image that scripts/setup.sh makes.

use std::net::IpAddr;
use std::process::Command;

use shipmate::domain::probe::{Answer, RosCheck, Whereabouts};

use crate::support::{Place, now};

/// What the nodes do.
const SCAN: &str = "topic:/scan@1";

/// A container with a node; it is removed at the end.
pub struct Container(String);

impl Container {
    pub fn run(place: &Place, name: &str, network: &[&str], peer: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ros_graph/peer.py");
        let domain = format!("ROS_DOMAIN_ID={}", place.domain);
        let (script, inside) = (format!("{script}:/peer.py:ro"), ["python3", "/peer.py"]);
        // Its input stays open, so the node runs until it is stopped.
        let full_name = format!("{}-{name}", place.prefix);
        let mut words = vec![
            "run",
            "--name",
            &full_name,
            "--detach",
            "--interactive",
            "--env",
            &domain,
        ];
        words.extend([
            "--env",
            "FASTDDS_BUILTIN_TRANSPORTS=UDPv4",
            "--volume",
            &script,
        ]);
        words.extend(network);
        words.push("shipmate/ros:local");
        words.extend(inside);
        words.extend(["/", name]);
        words.extend(peer);
        Self(docker(&words))
    }

    /// Lets it reach the goals that it works on.
    pub fn end_work(&self) {
        docker(&["kill", "--signal", "USR1", &self.0]);
    }

    /// Ends it without asking.
    fn kill(&self) {
        docker(&["kill", &self.0]);
    }

    /// Starts it again, with the same host name and the same process number as before.
    fn start(&self) {
        docker(&["start", &self.0]);
    }

    /// Where it is heard.
    pub fn whereabouts(&self, place: &Place) -> Whereabouts {
        let format = "{{.Config.Hostname}} {{.NetworkSettings.IPAddress}}";
        let said = docker(&["inspect", "--format", format, &self.0]);
        let (hostname, address) = said.split_once(' ').unwrap_or((&said, ""));
        let address: Option<IpAddr> = address.parse().ok();
        Whereabouts {
            container: self.0.clone(),
            hostname: hostname.to_owned(),
            host_network: address.is_none(),
            addresses: address.into_iter().collect(),
            ..place.since(Default::default())
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "--force", &self.0])
            .output();
    }
}

fn docker(words: &[&str]) -> String {
    let done = Command::new("docker").args(words).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "docker {words:?}: {said}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn scan() -> RosCheck {
    RosCheck::Topic {
        name: "/scan".to_owned(),
        min_rate: None,
    }
}

async fn each_has_its_own(networks: [&[&str]; 2]) {
    let place = Place::new();
    let [one, other] = [("one", networks[0]), ("other", networks[1])]
        .map(|(name, network)| Container::run(&place, name, network, &[SCAN]));
    let [at_one, at_other] = [&one, &other].map(|container| container.whereabouts(&place));
    let node = |name: &str| RosCheck::Node(format!("/{name}"));
    place.eventually(true, &node("one"), &at_one).await;
    place.eventually(true, &node("other"), &at_other).await;
    place.eventually(true, &scan(), &at_one).await;
    place.eventually(true, &scan(), &at_other).await;
    place.eventually(false, &node("one"), &at_other).await;
    place.eventually(false, &node("other"), &at_one).await;
    // The other publishes on.
    drop(one);
    let killed = Whereabouts {
        since: now(),
        ..at_one
    };
    place.eventually(false, &scan(), &killed).await;
    assert_eq!(place.client.check(&scan(), &at_other).await, Answer::Yes);
    drop(other);
    place.leave().await;
}

#[tokio::test]
async fn containers_on_the_bridge_are_told_apart() {
    each_has_its_own([&[], &[]]).await;
}

#[tokio::test]
async fn containers_on_the_machines_network_are_told_apart() {
    let network = |name| ["--network", "host", "--hostname", name];
    each_has_its_own([&network("graph-test-1"), &network("graph-test-2")]).await;
}

#[tokio::test]
async fn the_second_run_of_a_container_is_not_the_first() {
    let place = Place::new();
    let container = Container::run(&place, "lidar", &[], &[SCAN]);
    let first = container.whereabouts(&place);
    place.eventually(true, &scan(), &first).await;
    container.kill();
    let since = now();
    let between = Whereabouts { since, ..first };
    let asked = place.client.check(&scan(), &between).await;
    assert!(matches!(asked, Answer::No(_)), "it is not up again yet");
    container.start();
    let second = Whereabouts {
        since,
        ..container.whereabouts(&place)
    };
    place.eventually(true, &scan(), &second).await;
    drop(container);
    place.leave().await;
}
