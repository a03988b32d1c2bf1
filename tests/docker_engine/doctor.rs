//! What `shipmate doctor` finds on a real engine.

use shipmate::doctor::Doctor;
use shipmate::domain::container::ContainerSpec;
use shipmate::domain::doctor::{Finding, Level};
use shipmate::domain::manifest::Network;

use super::support::World;

async fn findings(world: &World) -> Vec<Finding> {
    let doctor = Doctor::new(world.engine.clone(), std::env::temp_dir());
    doctor.examine().await
}

async fn about(world: &World, spec: &ContainerSpec) -> Vec<Finding> {
    let subject = format!("container {}", spec.name);
    let found = findings(world).await.into_iter();
    found.filter(|it| it.subject == subject).collect()
}

fn with_ros(world: &World, name: &str, variables: &[(&str, &str)]) -> ContainerSpec {
    let mut spec = world.spec(name, &["sleep", "1000"]);
    let own = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
    let domain = ("ROS_DOMAIN_ID".to_owned(), own);
    let more = variables
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    spec.environment.extend(more.chain([domain]));
    spec
}

#[tokio::test]
async fn a_container_that_is_not_heard_is_found_with_the_reason() {
    let world = World::new().await;
    let mut alone = with_ros(&world, "alone", &[]);
    alone.network = Network::Host;
    let mut heard = with_ros(&world, "heard", &[("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")]);
    heard.network = Network::Host;
    let range = [("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")];
    let local = with_ros(&world, "local", &range);
    for spec in [&alone, &heard, &local] {
        world.run(spec).await.unwrap();
    }
    for (spec, reason) in [(&alone, "/dev/shm of its own"), (&local, "LOCALHOST")] {
        let found = about(&world, spec).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].level, Level::Warning);
        assert!(found[0].text.contains(reason), "{found:?}");
        assert!(!found[0].remedy.is_empty());
    }
    assert_eq!(about(&world, &heard).await, []);
}

#[tokio::test]
async fn the_engine_and_its_bridge_are_looked_at() {
    let world = World::new().await;
    let found = findings(&world).await;
    let of = |subject: &str| {
        let it = found.iter().find(|it| it.subject == subject);
        it.unwrap_or_else(|| panic!("{subject}: {found:#?}"))
    };
    let engine = of("Docker engine");
    let version = world.engine.ping().await.unwrap().version;
    assert_eq!(engine.level, Level::Ok);
    assert!(engine.text.contains(&version), "{engine:?}");
    assert!(of("disk of Docker's images").text.contains("free"));
    assert!(of("control groups").text.contains("version"));
    of("images without a name");
    of("Docker's addresses for networks");
    let bridge = world.engine.bridge_interface().await.unwrap().unwrap();
    of(&format!("bridge {bridge}"));
    assert_eq!(of(&format!("multicast on {bridge}")).level, Level::Ok);
    let unseen: Vec<_> = { found.iter() }
        .filter(|it| it.text.contains("could not be looked at: "))
        .collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}
