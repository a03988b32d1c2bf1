//! What a deployment may be called: it becomes part of its containers' names.

/// The longest name.
const LONGEST: usize = 40;

/// Says what is wrong with a deployment's name, and gives one that would do.
///
/// # Errors
/// When it holds anything but lower-case letters, digits, `-` and `_`, begins or ends with one of
/// the latter two, is empty or too long.
pub fn check(name: &str) -> Result<(), String> {
    if is_valid(name) {
        return Ok(());
    }
    let suggestion = suggest(name);
    let hint = if suggestion.is_empty() {
        String::new()
    } else {
        format!("; {suggestion:?} would do")
    };
    Err(format!(
        "is not valid: it may hold lower-case letters, digits, `-` and `_`, begins and ends with a \
         letter or digit, and has at most {LONGEST} characters{hint}"
    ))
}

fn is_valid(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= LONGEST
        && name.chars().all(inner)
        && name.starts_with(outer)
        && name.ends_with(outer)
}

fn suggest(name: &str) -> String {
    let words: Vec<String> = name
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let joined: String = words.join("-").chars().take(LONGEST).collect();
    joined.trim_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_with_a_space_gets_a_proposal() {
        assert!(check("My robot").is_err_and(|why| why.contains("\"my-robot\" would do")));
        assert!(check("").is_err() && check("a/b").is_err() && check("-a").is_err());
        assert!(check("arm_1-left").is_ok());
    }

    proptest! {
        #[test]
        fn what_is_proposed_is_valid(name in ".{0,60}") {
            let proposal = suggest(&name);
            prop_assert!(proposal.is_empty() || check(&proposal).is_ok(), "{proposal:?}");
        }
    }
}
