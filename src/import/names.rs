//! Names as a manifest wants them.

use std::collections::HashSet;

/// The longest name of a manifest.
const LONGEST: usize = 40;

/// `text` made a name: lower-case letters and digits with single `-` or `_` between them.
pub fn valid(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        let separator = name.is_empty() || name.ends_with(['-', '_']);
        match character {
            'a'..='z' | '0'..='9' => name.push(character),
            '_' if !separator => name.push('_'),
            _ if !separator => name.push('-'),
            _ => {}
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches(['-', '_']);
    if name.is_empty() { "unnamed" } else { name }.to_owned()
}

/// `name`, with a number behind it if it is taken.
pub fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2_u32..).map(|number| {
        let suffix = format!("-{number}");
        let stem: String = name.chars().take(LONGEST - suffix.len()).collect();
        format!("{}{suffix}", stem.trim_end_matches(['-', '_']))
    });
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    taken.insert(free.clone());
    free
}
