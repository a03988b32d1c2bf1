//! Whether what one end offers is enough for the other, by the rules of DDS, and whether both mean the
//! same type.

use super::qos_words::seconds;
use super::{EdgeKind, Flow, Problem};
use crate::domain::graph::{Durability, Endpoint, Liveliness, Reliability, Span};

/// Whether two ends match, and why not.
pub struct Match {
    /// Yes, No or Unknown.
    pub flow: Flow,
    /// Why not.
    pub problems: Vec<Problem>,
}

/// The words for what both sides of a relationship do.
struct Words {
    offers: &'static str,
    asks: &'static str,
    be_asking: &'static str,
}

/// Whether what the first end sends suits the second.
pub fn ends(kind: EdgeKind, offer: &Endpoint, ask: &Endpoint) -> Match {
    let words = if kind == EdgeKind::Topic {
        Words {
            offers: "publishes",
            asks: "asks for",
            be_asking: "subscribe",
        }
    } else {
        Words {
            offers: "sends its requests",
            asks: "takes them",
            be_asking: "serve",
        }
    };
    let mut result = Match {
        flow: Flow::Yes,
        problems: Vec::new(),
    };
    let (from, to) = (called(offer), called(ask));
    result.types(offer, ask, from, to);
    result.reliability(offer, ask, from, to, &words);
    result.durability(offer, ask, from, to, &words);
    result.deadline(offer, ask, from, to);
    result.liveliness(offer, ask, from, to);
    result
}

fn called(end: &Endpoint) -> &str {
    end.node.as_deref().unwrap_or("a node without a known name")
}

impl Match {
    fn no(&mut self, text: String, remedy: String) {
        self.flow = Flow::No;
        self.problems.push(Problem { text, remedy });
    }

    /// One that does not match stays so, whatever else is unknown.
    fn unknown(&mut self) {
        if self.flow == Flow::Yes {
            self.flow = Flow::Unknown;
        }
    }

    fn types(&mut self, offer: &Endpoint, ask: &Endpoint, from: &str, to: &str) {
        let (one, other) = (&offer.type_name, &ask.type_name);
        if one != other {
            self.no(
                format!("{from} has the type {one}, {to} has {other}"),
                "let both use one type, or give one of the two another name".to_owned(),
            );
        } else if offer.type_hash != ask.type_hash
            && offer.type_hash.is_some()
            && ask.type_hash.is_some()
        {
            self.no(
                format!("{from} and {to} were built with different definitions of {one}"),
                format!("build both with the same version of the package that defines {one}"),
            );
        }
    }

    fn reliability(
        &mut self,
        offer: &Endpoint,
        ask: &Endpoint,
        from: &str,
        to: &str,
        words: &Words,
    ) {
        match (offer.reliability, ask.reliability) {
            (Reliability::Reliable, _) | (_, Reliability::BestEffort) => {}
            (Reliability::BestEffort, Reliability::Reliable) => self.no(
                format!("{from} {} best_effort, {to} {} reliable", words.offers, words.asks),
                format!(
                    "let {to} {} with best_effort (as the sensor data QoS does), or {from} use reliable",
                    words.be_asking
                ),
            ),
            _ => self.unknown(),
        }
    }

    fn durability(
        &mut self,
        offer: &Endpoint,
        ask: &Endpoint,
        from: &str,
        to: &str,
        words: &Words,
    ) {
        match (offer.durability, ask.durability) {
            (Durability::TransientLocal, _) | (_, Durability::Volatile) => {}
            (Durability::Volatile, Durability::TransientLocal) => self.no(
                format!(
                    "{from} {} volatile, {to} {} transient_local",
                    words.offers, words.asks
                ),
                format!(
                    "let {from} use transient_local, or {to} {} with volatile",
                    words.be_asking
                ),
            ),
            _ => self.unknown(),
        }
    }

    fn deadline(&mut self, offer: &Endpoint, ask: &Endpoint, from: &str, to: &str) {
        let deadline = seconds(ask.deadline);
        if let Some(asked) = deadline.filter(|asked| !is_within(offer.deadline, *asked)) {
            let offered = promised(offer.deadline);
            self.no(
                format!("{to} asks for a deadline of {asked} s, {from} promises {offered}"),
                format!("let {from} promise a deadline of at most {asked} s, or {to} ask for a longer one or none"),
            );
        }
    }

    fn liveliness(&mut self, offer: &Endpoint, ask: &Endpoint, from: &str, to: &str) {
        match (offer.liveliness, ask.liveliness) {
            (Liveliness::ManualByTopic, _) | (_, Liveliness::Automatic) => {}
            (Liveliness::Automatic, Liveliness::ManualByTopic) => self.no(
                format!("{to} asks for the liveliness manual_by_topic, {from} has automatic"),
                format!("let {to} ask for automatic, or {from} use manual_by_topic and assert it"),
            ),
            _ => self.unknown(),
        }
        let lease = seconds(ask.lease);
        if let Some(asked) = lease.filter(|asked| !is_within(offer.lease, *asked)) {
            let offered = promised(offer.lease);
            self.no(
                format!("{to} asks for a sign of life every {asked} s, {from} promises {offered}"),
                format!("let {from} have a liveliness lease of at most {asked} s, or {to} ask for a longer one or none"),
            );
        }
    }
}

fn is_within(offered: Span, asked: f64) -> bool {
    seconds(offered).is_some_and(|offered| offered <= asked)
}

fn promised(time: Span) -> String {
    seconds(time).map_or_else(|| "none".to_owned(), |time| format!("{time} s"))
}
