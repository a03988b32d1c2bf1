#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::super::Measured;
use super::*;
use crate::app::snapshot::Observed;
use crate::domain::dependency_graph::{
    ObservedContainer, ObservedDependency, ObservedDeployment, OwnNode,
};

fn nowhere() -> Vec<IpAddr> {
    Vec::new()
}

fn costs(is_on: bool) -> Costs {
    let base = ObservedDeployment {
        id: "base-id".to_owned(),
        name: "base".to_owned(),
        containers: vec![ObservedContainer {
            domain_id: 7,
            ..ObservedContainer::default()
        }],
        ..ObservedDeployment::default()
    };
    let arm = ObservedDeployment {
        id: "arm-id".to_owned(),
        name: "arm".to_owned(),
        dependencies: vec![ObservedDependency {
            alias: "its-base".to_owned(),
            range: "*".to_owned(),
            deployment: "base-id".to_owned(),
            name: "base".to_owned(),
        }],
        ..ObservedDeployment::default()
    };
    let (_deployments, deployments) =
        watch::channel(Observed::from([Arc::new(base), Arc::new(arm)]));
    let (_domains, domains) = watch::channel(Arc::new(BTreeMap::new()));
    let sight = Sight {
        deployments,
        domains,
        own_node: OwnNode {
            name: "/shipmate".to_owned(),
            ..OwnNode::default()
        },
        measured: is_on.then(Measured::nothing),
        addresses: nowhere,
    };
    let (_snapshots, snapshots) = watch::channel(Snapshot::default());
    Costs::new(sight, snapshots)
}

#[tokio::test]
async fn where_the_graph_is_not_looked_at_there_are_dependencies_and_no_excuses() {
    let costs = costs(false);
    let cost = costs.look(vec!["base-id".to_owned()]).await;
    assert_eq!(cost.in_words(5), "arm depends on base, as its-base");
    let both = costs.of(["base-id".to_owned(), "arm-id".to_owned()]);
    assert_eq!(both, Cost::default());
}

#[test]
fn what_is_not_seen_yet_is_said() {
    let cost = costs(true).of(["arm-id".to_owned()]);
    assert_eq!((cost.losses.len(), cost.unseen), (0, vec![7]));
}
