//! Questions to the ports of real containers.

use std::net::{IpAddr, Ipv4Addr};

use shipmate::domain::manifest::Network;
use shipmate::domain::probe::HttpCheck;
use shipmate::edge::network_probe;

use crate::support::registry::free_port;
use crate::support::{World, eventually};

/// Answers a GET of one path well, and others with 503. All of the question is read: who leaves a
/// part resets the connection.
const ANSWER: &str = r#"
    read -r _ path _
    while read -r line && [ ${#line} -gt 1 ]; do :; done
    case $path in /ready) status=200 ;; *) status=503 ;; esac
    printf "HTTP/1.0 $status Whatever\r\n\r\n"
"#;

fn server(port: u16) -> String {
    format!("busybox nc -ll -p {port} -e sh -c '{ANSWER}'")
}

#[tokio::test]
async fn a_container_on_its_own_network_is_asked_at_its_address() {
    let world = World::new().await;
    let spec = world.script("main", &server(8080));
    let id = world.run(&spec).await.unwrap();
    let address = *world.facts(&id).await.addresses.first().unwrap();
    asked(address, 8080).await;
    let silent = network_probe::tcp(address, 8081).await;
    assert_eq!(silent, Err("nothing listens on port 8081".to_owned()));
}

#[tokio::test]
async fn a_container_on_the_machines_network_is_asked_at_the_machine() {
    let world = World::new().await;
    let port = free_port();
    let mut spec = world.script("main", &server(port));
    spec.network = Network::Host;
    let id = world.run(&spec).await.unwrap();
    assert!(world.facts(&id).await.host_network);
    asked(IpAddr::V4(Ipv4Addr::LOCALHOST), port).await;
}

async fn asked(address: IpAddr, port: u16) {
    eventually("the server listens", async || {
        network_probe::tcp(address, port).await.ok()
    })
    .await;
    let not_ready = "GET /other was answered with 503, not 200 to 399";
    for (path, status, answer) in [
        ("/ready", None, Ok(())),
        ("/ready", Some(200), Ok(())),
        ("/other", None, Err(not_ready.to_owned())),
        ("/other", Some(503), Ok(())),
    ] {
        let path = path.to_owned();
        let check = HttpCheck { port, path, status };
        assert_eq!(network_probe::http(address, &check).await, answer);
    }
}
