//! Where the engine's own network meets the machine.

use std::net::Ipv4Addr;

use super::{Engine, EngineError};

/// The network of containers that ask for no other.
const BRIDGE: &str = "bridge";

impl Engine {
    /// The machine's address on the network that containers are on by default; None when the
    /// engine has no such network.
    pub async fn bridge_gateway(&self) -> Result<Option<Ipv4Addr>, EngineError> {
        let what = "inspect its network";
        let client = self.client()?;
        let found = self
            .within(
                what,
                self.deadlines().question,
                client.inspect_network(BRIDGE, None),
            )
            .await?
            .map_err(|failure| self.explain(&failure, what))?;
        let ipam = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateways = ipam.into_iter().filter_map(|config| config.gateway);
        Ok(gateways.filter_map(|gateway| gateway.parse().ok()).next())
    }

    /// Whether the engine is this machine's own, so that its paths, ports and networks are ours.
    pub fn is_local(&self) -> bool {
        self.address().starts_with("unix:")
    }
}
