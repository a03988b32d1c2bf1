//! `.dockerignore` by Docker's own rules.
//!
//! They are not those of `.gitignore`, so a matcher for that one cannot be used: patterns hold from
//! the context's root, a pattern that fits a folder fits all that is in it, and an exception brings
//! back files even of a folder that is left out. The translation to a regular expression follows
//! the engine's own (github.com/moby/patternmatcher).

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// Which paths of a build context are left out.
#[derive(Default)]
pub(super) struct Rules(Vec<Rule>);

struct Rule {
    text: String,
    pattern: Regex,
    /// An exception, written with a leading `!`.
    keeps: bool,
}

impl Rules {
    /// Reads the text of a `.dockerignore`; the error names the line that cannot be read.
    pub(super) fn parse(text: &str) -> Result<Rules, String> {
        let text = text.trim_start_matches('\u{feff}');
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let rules = lines
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Rule::parse);
        rules.collect::<Result<_, _>>().map(Rules)
    }

    /// Keeps a file that the build needs, whatever the rules before say.
    pub(super) fn keep(&mut self, path: &str) -> Result<(), String> {
        self.0.push(Rule::new(path, true)?);
        Ok(())
    }

    /// Whether the path, relative to the context, is left out. The last rule that fits decides.
    pub(super) fn leave_out(&self, path: &str) -> bool {
        let fits = |rule: &&Rule| ways_up(path).any(|part| rule.pattern.is_match(part));
        self.0.iter().rfind(fits).is_some_and(|rule| !rule.keeps)
    }

    /// Whether an exception may name something in this folder. As in Docker, only one that spells
    /// the folder out does: `!**/x` finds nothing in a folder that is left out.
    pub(super) fn may_keep_in(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        self.0
            .iter()
            .any(|rule| rule.keeps && format!("{}/", rule.text).starts_with(&inside))
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Rule, String> {
        match line.strip_prefix('!') {
            Some("") => Err("`!` alone is no pattern".to_owned()),
            Some(rest) => Rule::new(rest.trim(), true),
            None => Rule::new(line, false),
        }
    }

    fn new(pattern: &str, keeps: bool) -> Result<Rule, String> {
        let text = clean(pattern);
        let expression = expression_of(&text);
        match Regex::new(&expression) {
            Ok(pattern) => Ok(Rule {
                text,
                pattern,
                keeps,
            }),
            Err(_) => Err(format!("`{pattern}` is no pattern")),
        }
    }
}

/// The path itself, then each folder that it is in.
fn ways_up(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(up, _)| up))
}

/// A path without empty, `.` and `..` parts and without slashes at its ends.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn expression_of(pattern: &str) -> String {
    let mut expression = String::from("(?s)^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => expression.push_str(star(&mut rest)),
            '?' => expression.push_str("[^/]"),
            '[' | ']' | '-' | '^' => expression.push(c),
            '\\' => expression.push_str(&regex::escape(&rest.next().unwrap_or(c).to_string())),
            c => expression.push_str(&regex::escape(&c.to_string())),
        }
    }
    expression.push('$');
    expression
}

/// One star stops at a slash, two do not; two and a slash may stand for nothing.
fn star(rest: &mut Peekable<Chars<'_>>) -> &'static str {
    if rest.next_if_eq(&'*').is_none() {
        return "[^/]*";
    }
    rest.next_if_eq(&'/');
    match rest.peek() {
        None => ".*",
        Some(_) => "(.*/)?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules, then paths that are left out, then paths that are sent.
    type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

    const CASES: &[Case<'_>] = &[
        ("build", &["build", "build/a/b"], &["src/build", "builds"]),
        ("/build/", &["build/a"], &["src/build"]),
        ("*.o", &["a.o"], &["src/a.o", "a.oo"]),
        ("**/*.o", &["a.o", "src/a.o", "src/x/a.o"], &["o"]),
        ("*/tmp", &["a/tmp", "a/tmp/x"], &["tmp", "a/b/tmp"]),
        ("a?c", &["abc"], &["ac", "a/c"]),
        ("[a-c].txt", &["b.txt"], &["d.txt"]),
        ("[^a].txt", &["b.txt"], &["a.txt"]),
        ("a.b", &["a.b"], &["aXb"]),
        ("x+(1){2}", &["x+(1){2}"], &["xx11"]),
        ("*\n!keep", &["a", "b/keep"], &["keep", "keep/x"]),
        ("docs\n!docs/a.md", &["docs/b.md"], &["docs/a.md"]),
        ("!a\na", &["a"], &[]),
        ("# a\n\n  b  ", &["b"], &["a", "# a"]),
        ("\u{feff}a", &["a"], &[]),
        ("log/**", &["log/a", "log/a/b"], &["log"]),
        ("\\*", &["*"], &["a"]),
        ("./a/../b", &["b"], &["a"]),
        ("**", &["a", "a/b"], &[]),
    ];

    #[test]
    fn patterns_fit_as_docker_says() {
        for (text, out, sent) in CASES {
            let rules = Rules::parse(text).unwrap_or_default();
            for path in *out {
                assert!(rules.leave_out(path), "{text:?} leaves out {path}");
            }
            for path in *sent {
                assert!(!rules.leave_out(path), "{text:?} sends {path}");
            }
        }
    }

    #[test]
    fn a_folder_is_entered_when_an_exception_spells_it_out() {
        let rules = Rules::parse("*\n!docs/a/x.md\n!**/y.md").unwrap_or_default();
        assert!(rules.may_keep_in("docs") && rules.may_keep_in("docs/a"));
        assert!(!rules.may_keep_in("doc") && !rules.may_keep_in("src"));
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for text in ["!", "[", "ok\n[z-a]"] {
            assert!(Rules::parse(text).is_err(), "{text}");
        }
    }
}
