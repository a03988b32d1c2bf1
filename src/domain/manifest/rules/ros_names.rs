//! The names of ROS 2, as its design has them.

use crate::domain::yaml::excerpt;

/// The longest name that rmw takes: 255 characters without what it puts before a topic.
const LONGEST: usize = 247;

/// What is wrong with an absolute name of a node, topic, service or action, if anything.
pub fn problem(name: &str) -> Option<String> {
    let shown = excerpt(name);
    let Some(relative) = name.strip_prefix('/') else {
        return Some(format!(
            "`{shown}` is not absolute: expected a name such as /turtle/pose, with its namespace"
        ));
    };
    if relative.is_empty() {
        return Some("`/` names nothing: expected a name such as /turtle/pose".to_owned());
    }
    if name.ends_with('/') {
        return Some(format!(
            "`{shown}` ends with a slash: take the slash away, or write the name that is missing"
        ));
    }
    if name.contains("//") {
        return Some(format!("`{shown}` has two slashes in a row: write one"));
    }
    if let Some(other) = relative
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '/'))
    {
        return Some(format!(
            "`{shown}` holds `{}`: expected letters, digits, `_` and single slashes only",
            other.escape_debug()
        ));
    }
    let digit_first = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    if let Some(part) = relative.split('/').find(digit_first) {
        return Some(format!(
            "`{}` in `{shown}` begins with a digit: expected a letter or `_`",
            excerpt(part)
        ));
    }
    if name.contains("__") {
        return Some(format!(
            "`{shown}` has two `_` in a row, which ROS keeps for itself: write one"
        ));
    }
    (name.len() > LONGEST).then(|| {
        format!(
            "{} characters are too long for a name of ROS: at most {LONGEST}",
            name.len()
        )
    })
}
