#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::*;
use crate::domain::dependency_graph::ObservedContainer;
use crate::domain::graph::samples::{endpoint, publishing};

fn machine() -> Vec<IpAddr> {
    vec![[10, 0, 0, 7].into()]
}

#[test]
fn both_are_joined() {
    let on = |host_network| ObservedContainer {
        host_network,
        addresses: vec![[172, 17, 0, 2].into()],
        ..ObservedContainer::default()
    };
    let deployment = ObservedDeployment {
        containers: vec![on(true), on(false)],
        ..ObservedDeployment::default()
    };
    let helper = endpoint(2, "/_shipmate_graph_17", 1);
    let view = publishing("/scan", vec![endpoint(1, "/lidar", 1), helper]);
    let (_views, seen) = watch::channel(Some(Arc::new(view)));
    let (_unseen, nothing) = watch::channel(None);
    let domains = BTreeMap::from([(3, seen), (4, nothing)]);
    let (_deployments, deployments) = watch::channel(Observed::from([Arc::new(deployment)]));
    let (_domains, domains) = watch::channel(Arc::new(domains));
    let sight = Sight {
        deployments,
        domains,
        own_node: OwnNode {
            name: "/shipmate".to_owned(),
            ..OwnNode::default()
        },
        measured: None,
        addresses: machine,
    };
    let found = sight.now();
    let [on_host, bridged] = &found.deployments[0].containers[..] else {
        unreachable!("there are two");
    };
    assert_eq!(on_host.addresses, machine());
    assert_ne!(bridged.addresses, machine());
    assert_eq!(
        found.domains.keys().collect::<Vec<_>>(),
        [&3],
        "domain 4 is not seen"
    );
    let domain = &found.domains[&3];
    assert_eq!(domain.own_nodes, ["/_shipmate_graph_17".to_owned()].into());
    let own = domain.own_node.as_ref().map(|own| own.name.as_str());
    assert_eq!(own, Some("/shipmate"));
}
