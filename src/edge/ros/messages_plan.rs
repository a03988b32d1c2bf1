//! From what a deploy goal would do to shipmate's messages.

use r2r::shipmate::msg;

use super::messages::dependency;
use crate::domain::manifest::Protocol;
use crate::domain::world::{PlannedContainer, PlannedDeployment};

/// A deployment that would be made.
pub fn deployment(planned: &PlannedDeployment) -> msg::PlannedDeployment {
    msg::PlannedDeployment {
        name: planned.name.clone(),
        package: planned.package.clone(),
        version: planned.version.clone(),
        dependencies: planned.dependencies.iter().map(dependency).collect(),
        containers: planned.containers.iter().map(container).collect(),
    }
}

fn container(planned: &PlannedContainer) -> msg::PlannedContainer {
    msg::PlannedContainer {
        component: planned.component.clone(),
        executable: planned.executable.clone(),
        target: planned.target.clone(),
        container_name: planned.name.clone(),
        image: planned.image.clone(),
        fetch: planned.fetch.name().to_owned(),
        change: planned.change.name().to_owned(),
        ports: planned.ports.iter().map(|port| shown(*port)).collect(),
    }
}

fn shown((port, protocol): (Option<u16>, Protocol)) -> String {
    let port = port.map_or_else(|| "any".to_owned(), |port| port.to_string());
    let protocol = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{port}/{protocol}")
}
