//! The values of a package's parameters, of which some are secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize, Serializer};

use super::types::{Package, Scalar};

/// Values by parameter. Secrets are neither printed nor serialised: whoever reads the rest again
/// has to know them from elsewhere.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(from = "BTreeMap<String, Scalar>")]
pub struct Values {
    all: BTreeMap<String, Scalar>,
    secret: BTreeSet<String>,
}

impl Values {
    /// The values of the parameters of `package`, which says what is a secret.
    pub fn new(all: BTreeMap<String, Scalar>, package: &Package) -> Self {
        let secret = all.keys().filter(|name| is_secret(package, name)).cloned();
        Self {
            secret: secret.collect(),
            all,
        }
    }

    /// What everybody may see among them.
    pub fn open(&self) -> impl Iterator<Item = (&String, &Scalar)> {
        { self.all.iter() }.filter(|(name, _)| !self.secret.contains(*name))
    }

    /// The secrets among them.
    pub fn secrets(&self) -> Secrets {
        let secrets = { self.all.iter() }.filter(|(name, _)| self.secret.contains(*name));
        Secrets(secrets.map(|(n, v)| (n.clone(), v.clone())).collect())
    }

    /// Takes secrets that were kept elsewhere, as far as they are still secrets of `package`.
    pub fn take_secrets(&mut self, secrets: Secrets, package: &Package) {
        for (name, value) in secrets.0 {
            if is_secret(package, &name) {
                self.secret.insert(name.clone());
                self.all.insert(name, value);
            }
        }
    }
}

fn is_secret(package: &Package, name: &str) -> bool {
    package.parameters.get(name).is_some_and(|p| p.secret)
}

impl From<BTreeMap<String, Scalar>> for Values {
    fn from(all: BTreeMap<String, Scalar>) -> Self {
        Self {
            all,
            secret: BTreeSet::new(),
        }
    }
}

impl<const N: usize> From<[(String, Scalar); N]> for Values {
    fn from(all: [(String, Scalar); N]) -> Self {
        BTreeMap::from(all).into()
    }
}

impl Deref for Values {
    type Target = BTreeMap<String, Scalar>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.open())
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.all.iter().map(|(name, value)| {
            let open = (!self.secret.contains(name)).then(|| value.to_string());
            (name, open.unwrap_or_else(|| "a secret".to_owned()))
        });
        f.debug_map().entries(shown).finish()
    }
}

/// Follows the names of an update's secrets; in no name of a parameter.
const OF_OTHER: &str = "@other";

/// Secret values by parameter. Only who writes them where they are kept serialises them.
#[derive(Clone, Default, PartialEq)]
pub struct Secrets(BTreeMap<String, Scalar>);

impl Secrets {
    /// Each value, as it is given to containers.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.values().map(Scalar::to_string)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, and those of an order that an update is about to bring or to take back.
    #[must_use]
    pub fn with_others(mut self, others: Self) -> Self {
        let others = others.0.into_iter();
        self.0.extend(others.map(|(n, v)| (n + OF_OTHER, v)));
        self
    }

    /// Those of the other order.
    pub fn others(&self) -> Self {
        let others = self.0.iter();
        let others = others.filter_map(|(name, value)| {
            let name = name.strip_suffix(OF_OTHER)?;
            Some((name.to_owned(), value.clone()))
        });
        Self(others.collect())
    }

    /// As they are kept.
    ///
    /// # Errors
    /// When they cannot be put into JSON, which would be a mistake of shipmate's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }

    /// As they were kept.
    ///
    /// # Errors
    /// When this is not what was kept.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
