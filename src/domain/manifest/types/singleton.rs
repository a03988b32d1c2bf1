//! Whether a package may be deployed only once, and where.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Whether only one deployment of a package may live at a time. After parsing, once for the node is
/// always `Plain(true)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Singleton {
    /// Once for the whole node, or as often as one likes.
    Plain(bool),
    /// Once in each of something.
    Scoped {
        /// Of what.
        #[serde(default)]
        scope: Scope,
    },
}

/// In what there is at most one deployment of a singleton.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// In all that this shipmate deploys.
    #[default]
    Node,
    /// In each group: a deploy goal names one.
    Group,
}

impl Singleton {
    /// In what there is at most one; none when the package is no singleton.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Plain(false) => None,
            Self::Plain(true) => Some(Scope::Node),
            Self::Scoped { scope } => Some(scope),
        }
    }

    /// The one spelling of what can be written in two ways.
    pub fn normal(self) -> Self {
        match self.scope() {
            None => Self::Plain(false),
            Some(Scope::Node) => Self::Plain(true),
            Some(Scope::Group) => self,
        }
    }
}

impl Default for Singleton {
    fn default() -> Self {
        Self::Plain(false)
    }
}

impl Scope {
    /// The word for it in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Group => "group",
        }
    }
}

impl JsonSchema for Singleton {
    fn schema_name() -> Cow<'static, str> {
        "Singleton".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["boolean", "object"],
            "properties": { "scope": generator.subschema_for::<Scope>() },
            "additionalProperties": false,
            "x-allowed": "true, false, {scope: node} or {scope: group}",
        })
    }
}
