//! What is wrong with a text, and what to write instead.

use serde_json::Value;

use super::scalar::{Kind, Scalar};
use super::schema::Schema;
use super::words::{self, Type};

impl Schema {
    /// What to write instead of a word of the wrong type, where that is plain.
    pub fn hint(&self, word: &Scalar, types: &[Type], part: &Value) -> String {
        let lacks_quotes = types == [Type::Text] && !matches!(word.kind, Kind::Text | Kind::Null);
        if lacks_quotes && self.text_problem(&word.text, part).is_none() {
            return format!(": put it in quotes, \"{}\"", word.text);
        }
        words::hint(word, types)
    }

    /// What is wrong with a text, if anything.
    pub fn text_problem(&self, text: &str, part: &Value) -> Option<String> {
        let choices = words::choices(part);
        if !choices.is_empty() {
            return (!choices.contains(&text)).then(|| words::no_choice(text, &choices));
        }
        let length = text.chars().count();
        match part["maxLength"].as_u64() {
            Some(most) if length as u64 > most => {
                return Some(format!("{length} characters are too long: at most {most}"));
            }
            _ => {}
        }
        if !self.matches(part, text) {
            return Some(words::not_allowed(text, part));
        }
        let format = part["format"].as_str()?;
        self.check_format(format, text).err()
    }
}
