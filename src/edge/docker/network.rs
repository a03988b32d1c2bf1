//! Where the engine's own network meets the machine.

use super::{Engine, EngineError};

/// The network of containers that ask for no other.
const BRIDGE: &str = "bridge";
/// The network's option that names its interface.
const INTERFACE: &str = "com.docker.network.bridge.name";

impl Engine {
    /// The machine's interface on the network that containers are on by default, for example
    /// docker0; None when the engine has no such network.
    pub async fn bridge_interface(&self) -> Result<Option<String>, EngineError> {
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
        Ok(found.options.unwrap_or_default().remove(INTERFACE))
    }

    /// Whether the engine is this machine's own, so that its paths, ports and networks are ours.
    pub fn is_local(&self) -> bool {
        self.address().starts_with("unix:")
    }
}
