use super::*;
use crate::domain::dependency_graph::{ObservedContainer, ObservedDeployment};

fn in_domain(domain_id: u8, over: bool) -> Arc<ObservedDeployment> {
    let container = ObservedContainer {
        domain_id,
        ..ObservedContainer::default()
    };
    Arc::new(ObservedDeployment {
        over,
        containers: vec![container],
        ..ObservedDeployment::default()
    })
}

#[test]
fn the_domains_of_what_lives_are_looked_at() {
    let all = Observed::from([in_domain(3, false), in_domain(3, false), in_domain(5, true)]);
    assert_eq!(needed(&all, 0), BTreeSet::from([0, 3]));
    assert_eq!(needed(&Observed::from([]), 7), BTreeSet::from([7]));
}
