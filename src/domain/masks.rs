//! Secrets are taken out of what is shown.

use std::fmt;

use crate::domain::deployment::view::SECRET;

/// Shorter ones would be found everywhere, and what is left would say what they are.
const SHORTEST: usize = 4;

/// Texts that are not shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Masks(Vec<String>);

impl Masks {
    /// Hides these texts, and the lines of those that have several.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = secrets
            .into_iter()
            .flat_map(|text| {
                let lines: Vec<String> = text.lines().map(|l| l.trim().to_owned()).collect();
                lines.into_iter().chain([text])
            })
            .filter(|text| text.len() >= SHORTEST)
            .collect();
        // One may be a part of another one.
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }

    /// Hides these texts too.
    #[must_use]
    pub fn and(self, more: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.0.into_iter().chain(more))
    }

    /// What is hidden.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().cloned()
    }

    /// `text` without the secrets.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in { self.0.iter() }.filter(|secret| text.contains(secret.as_str())) {
            masked = masked.replace(secret.as_str(), SECRET);
        }
        masked
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masks({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_goes_first_and_short_ones_stay() {
        let masks =
            Masks::new(["pass", "password", "abc", "first line\nsecond"].map(str::to_owned));
        let shown = masks.mask("password, pass, abc: first line");
        assert_eq!(shown, "***, ***, abc: ***");
        assert_eq!(format!("{masks:?}"), "Masks(5)");
    }
}
