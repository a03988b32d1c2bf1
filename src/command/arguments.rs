//! The arguments of a subcommand, one after the other.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};

/// Why no more arguments are read, and nothing is done with those that were.
#[derive(Debug, PartialEq, Eq)]
pub enum Exit {
    /// The help is wanted.
    Help,
    /// The version is wanted.
    Version,
    /// They cannot be understood; this is what is wrong.
    Misuse(String),
}

/// One argument.
#[derive(Debug, PartialEq, Eq)]
pub enum Argument {
    /// An option by its long name, with both dashes.
    Option(String),
    /// A word that is no option.
    Value(OsString),
}

/// The arguments that were not read yet.
pub struct Arguments {
    parser: Parser,
    short: &'static [(char, &'static str)],
    /// The options that were read; the last one last.
    seen: BTreeSet<String>,
    last: String,
}

impl Arguments {
    /// Those behind the name of the command. `short` are short forms of its options.
    pub fn new(arguments: Vec<OsString>, short: &'static [(char, &'static str)]) -> Self {
        Self {
            parser: Parser::from_args(arguments),
            short,
            seen: BTreeSet::new(),
            last: String::new(),
        }
    }

    /// The next one. No option may be there twice: which of them counts is not to be guessed.
    pub fn read(&mut self) -> Result<Option<Argument>, Exit> {
        let option = match self.parser.next() {
            Ok(None) => return Ok(None),
            Ok(Some(Arg::Value(value))) => return Ok(Some(Argument::Value(value))),
            Ok(Some(Arg::Long(name))) => format!("--{name}"),
            Ok(Some(Arg::Short('h'))) => "--help".to_owned(),
            Ok(Some(Arg::Short('V'))) => "--version".to_owned(),
            Ok(Some(Arg::Short(letter))) => match self.short.iter().find(|it| it.0 == letter) {
                Some((_, long)) => (*long).to_owned(),
                None => format!("-{letter}"),
            },
            Err(lexopt::Error::UnexpectedValue { .. }) => {
                return Err(Exit::Misuse(format!("{} takes no value", self.last)));
            }
            Err(error) => return Err(Exit::Misuse(error.to_string())),
        };
        match option.as_str() {
            "--help" => return Err(Exit::Help),
            "--version" => return Err(Exit::Version),
            _ if !self.seen.insert(option.clone()) => {
                let what = format!("{option} is given twice; once is enough");
                return Err(Exit::Misuse(what));
            }
            _ => self.last.clone_from(&option),
        }
        Ok(Some(Argument::Option(option)))
    }

    /// The value of the option that was read last: behind a `=`, or the next word if that is no option.
    fn value(&mut self) -> Result<OsString, Exit> {
        let option = self.last.clone();
        let attached = self.parser.optional_value();
        let value = attached.or_else(|| self.parser.values().ok()?.next());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            return Ok(value);
        }
        let next = self.parser.try_raw_args();
        let next = next.and_then(|next| next.peek().map(|it| it.display().to_string()));
        let advice = match next.filter(|next| next.starts_with('-')) {
            Some(next) => format!("; if `{next}` is meant, write `{option}={next}`"),
            None => String::new(),
        };
        Err(Exit::Misuse(format!("{option} needs a value{advice}")))
    }

    /// The value of the option that was read last, as text.
    pub fn text(&mut self) -> Result<String, Exit> {
        self.value()?.into_string().map_err(|value| {
            let value = value.display();
            Exit::Misuse(format!("{} needs text, which `{value}` is not", self.last))
        })
    }

    /// The value of the option that was read last, as a path.
    pub fn path(&mut self) -> Result<PathBuf, Exit> {
        self.value().map(PathBuf::from)
    }
}

impl Exit {
    /// An option that the command does not have.
    pub fn unknown(option: &str) -> Self {
        Self::Misuse(format!("there is no option {option}"))
    }
}
