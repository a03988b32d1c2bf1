//! What a request to deploy says.

use std::fmt;

/// A request to deploy.
#[derive(Clone, Default)]
pub struct DeployRequest {
    /// A registered package's name; empty when `manifest` is set.
    pub package: String,
    /// A version or a range of versions; empty for the newest.
    pub version: String,
    /// A manifest in full; empty when `package` is set.
    pub manifest: String,
    /// The deployment's name; empty for the package's.
    pub name: String,
    /// Values of parameters, as YAML.
    pub parameters: Vec<(String, String)>,
    /// Component and device.
    pub targets: Vec<(String, String)>,
    /// Alias and deployment, by id or name.
    pub dependencies: Vec<(String, String)>,
    /// The same id joins the deployment that it made before; empty for none.
    pub request_id: String,
    /// Whether it changes the deployment of this name, if there is one.
    pub replace: bool,
    /// The group that it is in; empty for the one without a name.
    pub group: String,
}

/// Without the values of parameters: which of them are secrets is known to the package only.
impl fmt::Debug for DeployRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<&String> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("DeployRequest")
            .field("package", &self.package)
            .field("version", &self.version)
            .field("name", &self.name)
            .field("parameters", &parameters)
            .finish_non_exhaustive()
    }
}

/// The same request, with the name that the deployment gets.
pub(super) fn named(request: &DeployRequest, name: &str) -> DeployRequest {
    DeployRequest {
        name: name.to_owned(),
        ..request.clone()
    }
}
