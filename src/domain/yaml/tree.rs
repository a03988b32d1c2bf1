//! From text to nodes that know their places, within bounds that no text can talk its way out of.

use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Parser, ScanError, StrInput};

use super::build::{Builder, place_of};
use super::problem::{Place, Problem};
use super::scalar::{Kind, Scalar};

/// The longest text that is read, in bytes.
const MAX_TEXT: usize = 1024 * 1024;
/// The most documents that one text can hold.
const MAX_DOCUMENTS: usize = 64;
/// How deep lists and mappings can nest, aliases followed. A manifest needs 8.
pub(super) const MAX_DEPTH: usize = 32;

/// One document of a text.
pub struct Document {
    /// Its own source, from its `---` (or the text's start) to the next one.
    pub text: String,
    /// What it holds; nothing when it cannot be read at all.
    pub root: Option<Rc<Node>>,
    /// What is wrong with it as YAML.
    pub problems: Vec<Problem>,
}

/// A value with its place.
pub struct Node {
    /// Where it starts. The target of an alias is where the anchor is.
    pub place: Place,
    /// The value.
    pub content: Content,
    /// The text in it and below it, plus something for each value, aliases followed; in bytes.
    pub(super) weight: usize,
    /// How many lists and mappings are nested in it, itself included.
    pub(super) depth: usize,
}

/// What a node holds.
pub enum Content {
    /// A word.
    Scalar(Scalar),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A mapping: key, the key's place, value. No key comes twice.
    Mapping(Vec<(String, Place, Rc<Node>)>),
}

/// Reads all documents of a text. Documents without any content are left out.
///
/// # Errors
/// What is wrong with the text as a whole: too long, characters that no file should hold.
pub fn read(text: &str, file: &str) -> Result<Vec<Document>, Problem> {
    refuse_whole(text, file)?;
    let options = granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents: Vec<(usize, Document)> = Vec::new();
    while let Some((start, document)) = next_document(&mut parser, file) {
        if documents.len() == MAX_DOCUMENTS {
            let message = format!("more than {MAX_DOCUMENTS} documents in one text");
            return Err(Problem::at(file, Place::START, "", message));
        }
        documents.push((start, document));
    }
    Ok(with_sources(text, documents))
}

/// The next document and the byte at which it starts; nothing at the text's end. After an error
/// reading goes on with the document after it.
fn next_document<'a>(
    parser: &mut Parser<'a, StrInput<'a>>,
    file: &str,
) -> Option<(usize, Document)> {
    let mut builder = Builder::new(file);
    let mut start = 0;
    let failure = loop {
        match parser.next_event()? {
            Ok((Event::StreamEnd, _)) => return None,
            Ok((Event::DocumentStart(..), span)) => start = span.start.byte_offset().unwrap_or(0),
            Ok((Event::DocumentEnd, _)) => return Some((start, builder.finish(None))),
            Ok((event, span)) => {
                if let Err(problem) = builder.take(event, &span) {
                    break problem;
                }
            }
            Err(error) => {
                break Problem::at(file, place_of(error.marker()), "", syntax_message(&error));
            }
        }
    };
    // Whether there is another document shows at the next event.
    let _ = parser.proceed_next_document();
    Some((start, builder.finish(Some(failure))))
}

fn syntax_message(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(),
        _ => format!("this is not valid YAML: {}", error.info()),
    }
}

pub(super) fn too_deep() -> String {
    format!("lists and mappings nest deeper than {MAX_DEPTH} levels")
}

/// Gives each document its part of `text`, which reaches up to the next one.
fn with_sources(text: &str, mut documents: Vec<(usize, Document)>) -> Vec<Document> {
    let starts: Vec<usize> = documents.iter().map(|(start, _)| *start).collect();
    for (index, (_, document)) in documents.iter_mut().enumerate() {
        let from = if index == 0 { 0 } else { starts[index] };
        let to = starts.get(index + 1).copied().unwrap_or(text.len());
        document.text = text.get(from..to).unwrap_or_default().to_owned();
    }
    documents
        .into_iter()
        .map(|(_, document)| document)
        .filter(|document| !document.is_empty())
        .collect()
}

impl Document {
    fn is_empty(&self) -> bool {
        let nothing = |root: &Rc<Node>| matches!(&root.content, Content::Scalar(word) if word.kind == Kind::Null);
        self.problems.is_empty() && self.root.as_ref().is_none_or(nothing)
    }
}

fn refuse_whole(text: &str, file: &str) -> Result<(), Problem> {
    if text.len() > MAX_TEXT {
        let message = format!(
            "{} bytes are too long: at most {MAX_TEXT} (1 MiB)",
            text.len()
        );
        return Err(Problem::at(file, Place::START, "", message));
    }
    let (mut line, mut column) = (1, 0);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        column += 1;
        let lone_return = character == '\r' && characters.peek() != Some(&'\n');
        if lone_return || is_forbidden(character) {
            let message = format!(
                "the character U+{:04X} is not allowed in here",
                u32::from(character)
            );
            return Err(Problem::at(file, Place { line, column }, "", message));
        }
        if character == '\n' {
            (line, column) = (line + 1, 0);
        }
    }
    Ok(())
}

/// Control characters, and those that make a text look other than it is.
pub(super) fn is_forbidden(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    control || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
