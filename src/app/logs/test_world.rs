//! A snapshot for the tests: the deployment `arm` with three executables.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::app::snapshot::Snapshot;
use crate::domain::catalogue::Catalogue;
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::restart::RestartLimits;
use crate::domain::deployment::view::{DeploymentView, ExecutableView};
use crate::domain::policy::Policy;
use crate::domain::time::Now;
use crate::domain::world::{DeployRequest, World, WorldSettings};

const MANIFEST: &str = "
manifest: 1
name: robot
version: 1.0.0
components:
  - name: left
    executables:
      - {name: driver, image: 'driver:1', command: [drive]}
      - {name: logger, image: 'logger:1', command: [log]}
  - name: right
    executables:
      - {name: driver, image: 'driver:1', command: [drive]}
";

pub fn snapshot() -> Snapshot {
    let settings = WorldSettings {
        identity: Identity {
            prefix: "t".to_owned(),
            owner: "me".to_owned(),
            domain_id: 0,
        },
        policy: Policy::default(),
        restarts: RestartLimits::default(),
        history: 5,
        guard_timeout: std::time::Duration::from_secs(300),
        ready_timeout: std::time::Duration::from_secs(300),
        engine_timeout: std::time::Duration::from_secs(120),
    };
    let mut world = World::new(settings, Catalogue::default(), []);
    let request = DeployRequest {
        manifest: MANIFEST.to_owned(),
        name: "arm".to_owned(),
        ..DeployRequest::default()
    };
    let id = "id-of-arm".to_owned();
    world.deploy(&request, id.clone(), Now::default()).unwrap();
    Snapshot {
        deployments: vec![Arc::new(world.view(&id).unwrap())],
        unreachable: None,
    }
}

/// Changes the deployment in a snapshot.
pub fn change(snapshot: &mut Snapshot, change_it: impl FnOnce(&mut DeploymentView)) {
    change_it(Arc::make_mut(&mut snapshot.deployments[0]));
}

/// Changes the first executable in a snapshot.
pub fn change_driver(snapshot: &mut Snapshot, change_it: impl FnOnce(&mut ExecutableView)) {
    change(snapshot, |view| {
        change_it(&mut view.components[0].executables[0])
    });
}
