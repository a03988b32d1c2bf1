//! Networks beside the engine's own.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::InspectNetworkOptions;
use shipmate::domain::container::{ContainerSpec, NetworkSpec, PortSpec, labels};
use shipmate::domain::manifest::Protocol;
use shipmate::edge::docker::EngineError;

use crate::support::{World, docker, eventually, registry};

const NOBODY: BTreeSet<String> = BTreeSet::new();

fn network(world: &World, aliases: &[&str]) -> NetworkSpec {
    NetworkSpec {
        name: format!("{}-net", world.owner),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        labels: [(labels::OWNER.to_owned(), world.owner.clone())].into(),
    }
}

/// Answers every request with `hello`.
fn server(world: &World, aliases: &[&str]) -> ContainerSpec {
    let script = "mkdir -p /tmp/www; echo hello > /tmp/www/index.html; \
                  httpd -f -p 80 -h /tmp/www & echo up; wait";
    let mut spec = world.script("server", script);
    spec.networks = vec![network(world, aliases)];
    spec
}

/// A script that asks the host by its name until it answers.
fn ask(host: &str) -> String {
    format!(
        "until ip=$(ping -c 1 -W 1 {host} | sed -n 's/^PING .*(\\(.*\\)).*/\\1/p'); [ -n \"$ip\" ] && \
         printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 $ip 80 | grep hello; do sleep 0.1; done"
    )
}

/// Asks the host by its name, once it answers.
fn caller(world: &World, host: &str) -> ContainerSpec {
    // A busybox without shared libraries asks the name server in `ping` alone.
    let script = format!("{}; sleep 1000", ask(host));
    let mut spec = world.script("caller", &script);
    spec.networks = vec![network(world, &[])];
    spec
}

async fn is_there(name: &str) -> bool {
    let docker = docker();
    let found = docker.inspect_network(name, None::<InspectNetworkOptions>);
    found.await.is_ok()
}

async fn run(world: &World, spec: &ContainerSpec) -> String {
    let id = world.engine.create(spec).await.unwrap();
    world.engine.start_on(&id, &spec.networks).await.unwrap();
    id
}

#[tokio::test]
async fn it_is_called_by_each_of_its_names_and_stays_on_the_bridge() {
    let world = World::new().await;
    let id = run(&world, &server(&world, &["the-server", "main.map"])).await;
    for name in ["the-server", "main.map"] {
        let caller = run(&world, &caller(&world, name)).await;
        world.wrote(&caller, "hello").await;
        world.engine.take_down(&caller, 0).await.unwrap();
    }
    let found = docker().inspect_container(&id, None).await.unwrap();
    let networks = found.network_settings.unwrap().networks.unwrap();
    assert!(networks.contains_key("bridge"), "{networks:?}");
    let gateway = networks["bridge"].gateway.clone().unwrap();
    let mut asks = world.script("asks", "ip route");
    asks.networks = vec![network(&world, &[])];
    let asks = run(&world, &asks).await;
    world.wrote(&asks, &format!("default via {gateway}")).await;
}

#[tokio::test]
async fn one_that_is_not_on_the_network_does_not_find_it() {
    let world = World::new().await;
    run(&world, &server(&world, &["the-server"])).await;
    let mut outside = world.script("outside", "ping -c 1 the-server || echo not found");
    outside.networks = Vec::new();
    let id = run(&world, &outside).await;
    world.wrote(&id, "not found").await;
}

#[tokio::test]
async fn a_network_goes_with_the_last_container_even_if_that_does_not_run() {
    let world = World::new().await;
    let spec = server(&world, &["the-server"]);
    let name = spec.networks[0].name.clone();
    let id = world.engine.create(&spec).await.unwrap();
    assert!(is_there(&name).await);

    world.engine.tidy_networks(&NOBODY).await.unwrap();
    assert!(
        is_there(&name).await,
        "a container that was created is on it"
    );
    world.engine.start_on(&id, &spec.networks).await.unwrap();
    world.engine.tidy_networks(&NOBODY).await.unwrap();
    world.engine.halt(&id, 0).await.unwrap();
    world.engine.tidy_networks(&NOBODY).await.unwrap();
    assert!(is_there(&name).await, "a container that ended is on it");

    world.engine.take_down(&id, 0).await.unwrap();
    let kept = BTreeSet::from([name.clone()]);
    world.engine.tidy_networks(&kept).await.unwrap();
    assert!(is_there(&name).await, "it was to be kept");
    world
        .engine
        .remove_deserted(std::slice::from_ref(&name))
        .await
        .unwrap();
    assert!(!is_there(&name).await);

    let id = world.engine.create(&spec).await.unwrap();
    world
        .engine
        .remove_deserted(std::slice::from_ref(&name))
        .await
        .unwrap();
    assert!(is_there(&name).await, "it was made anew, and is used");
    world.engine.take_down(&id, 0).await.unwrap();
    world.engine.tidy_networks(&NOBODY).await.unwrap();
    assert!(!is_there(&name).await);
    world.engine.tidy_networks(&NOBODY).await.unwrap();
}

#[tokio::test]
async fn networks_of_others_stay() {
    let (world, other) = (World::new().await, World::new().await);
    let theirs = server(&other, &[]);
    let id = other.engine.create(&theirs).await.unwrap();
    other.engine.take_down(&id, 0).await.unwrap();
    world.engine.tidy_networks(&NOBODY).await.unwrap();
    assert!(is_there(&theirs.networks[0].name).await);
}

#[tokio::test]
async fn one_of_the_same_name_that_is_a_strangers_is_refused() {
    let (world, stranger) = (World::new().await, World::new().await);
    let mut spec = server(&world, &["the-server"]);
    let name = spec.networks[0].name.clone();
    let request = NetworkCreateRequest {
        name: name.clone(),
        internal: Some(true),
        labels: Some([(labels::OWNER.to_owned(), stranger.owner.clone())].into()),
        ..Default::default()
    };
    docker().create_network(request).await.unwrap();

    let error = world.engine.create(&spec).await.unwrap_err();
    assert!(
        matches!(error, EngineError::NetworkTaken { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(world.engine.list().await, Ok(vec![]));
    // What was created without it is not started without it.
    let wanted = std::mem::take(&mut spec.networks);
    let id = world.engine.create(&spec).await.unwrap();
    let error = world.engine.start_on(&id, &wanted).await.unwrap_err();
    assert!(
        matches!(error, EngineError::NetworkTaken { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn one_that_was_created_and_not_connected_is_connected_at_its_start() {
    let world = World::new().await;
    let mut spec = server(&world, &["the-server"]);
    let wanted = std::mem::take(&mut spec.networks);
    let id = world.engine.create(&spec).await.unwrap();
    world.engine.start_on(&id, &wanted).await.unwrap();
    let caller = run(&world, &caller(&world, "the-server")).await;
    world.wrote(&caller, "hello").await;
}

#[tokio::test]
async fn a_network_that_was_removed_from_under_it_comes_back_at_its_start() {
    let world = World::new().await;
    let spec = server(&world, &["the-server"]);
    let id = run(&world, &spec).await;
    world.wrote(&id, "up").await;
    for _ in 0..2 {
        world.engine.halt(&id, 0).await.unwrap();
        let name = &spec.networks[0].name;
        docker().remove_network(name).await.unwrap();
        world.engine.start_on(&id, &spec.networks).await.unwrap();
        let caller = run(&world, &caller(&world, "the-server")).await;
        world.wrote(&caller, "hello").await;
        world.engine.take_down(&caller, 0).await.unwrap();
    }
}

#[tokio::test]
async fn its_names_are_kept_over_a_restart() {
    let world = World::new().await;
    let spec = server(&world, &["the-server"]);
    let id = run(&world, &spec).await;
    world.engine.halt(&id, 0).await.unwrap();
    world.engine.start_on(&id, &spec.networks).await.unwrap();
    let caller = run(&world, &caller(&world, "the-server")).await;
    world.wrote(&caller, "hello").await;
}

/// Also while the container is on a network that leads nowhere.
#[tokio::test]
async fn a_port_for_the_machine_alone_is_at_the_loopback() {
    let world = World::new().await;
    let mut spec = server(&world, &["the-server"]);
    let port = registry::free_port();
    spec.ports = vec![PortSpec {
        container: 80,
        host: Some(port),
        address: Some(Ipv4Addr::LOCALHOST.into()),
        protocol: Protocol::Tcp,
    }];
    let id = run(&world, &spec).await;
    let facts = world.facts(&id).await;
    assert_eq!(
        facts.ports.iter().map(|p| p.host).collect::<Vec<_>>(),
        [port]
    );
    eventually("it answers at the loopback", async || {
        answers((Ipv4Addr::LOCALHOST, port).into()).then_some(())
    })
    .await;
    let found = docker().inspect_container(&id, None).await.unwrap();
    let ports = found.network_settings.unwrap().ports.unwrap();
    let bindings = ports["80/tcp"].clone().unwrap();
    let hosts: Vec<_> = { bindings.into_iter() }.filter_map(|b| b.host_ip).collect();
    assert_eq!(hosts, ["127.0.0.1"]);
}

fn answers(at: SocketAddr) -> bool {
    let limit = Duration::from_secs(2);
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&at, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.trim_end().ends_with("hello"))
}
