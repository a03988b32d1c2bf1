//! What of the graph is a container's own.
//!
//! An endpoint is the container's when it was seen first after the container's start (a killed
//! process stays on the graph for some twenty seconds, and its successor must not be taken for ready
//! because of it), and when its participant announces itself with the container's host name or one of
//! its addresses. Whoever is not heard within a few seconds is judged by the time alone.

use std::sync::Arc;
use std::time::Duration;

use super::{Endpoint, Ends, GraphView, send_goal};
use crate::domain::probe::Whereabouts;
use crate::domain::time::Monotonic;

/// How long an announcement may take; participants repeat theirs every three seconds.
const HEARD_WITHIN: Duration = Duration::from_secs(4);
/// How alike two names are, from 0 to 1, for one to be mentioned when the other is missing.
const ALIKE: f64 = 0.9;

/// The graph with the eyes of one who looks for a container's own.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// The graph.
    pub view: &'a GraphView,
    /// The container.
    pub at: &'a Whereabouts,
    /// The present.
    pub now: Monotonic,
}

/// Why something is not the container's own; of several reasons, the last one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Foreign {
    Elsewhere,
    Earlier,
    NotHeardYet,
}

/// Whose an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The container's.
    Own,
    /// Not the container's.
    Foreign,
    /// It is known at this moment at the latest.
    NotKnownBefore(Monotonic),
}

impl<'a> Own<'a> {
    /// Whether a node of the container has this name.
    ///
    /// # Errors
    /// In words, when none has.
    pub fn node(self, name: &str) -> Result<(), String> {
        let what = format!("node {name}");
        let Some(moments) = self.view.nodes.get(name) else {
            let known = self.view.nodes.keys().map(String::as_str);
            return Err(missing(&what, name, "is not on the graph", known));
        };
        let endpoints = self.view.endpoints();
        let mut its = endpoints
            .filter(|endpoint| endpoint.node.as_deref() == Some(name))
            .peekable();
        if its.peek().is_some() {
            return self.of(&what, its).map(|_| ());
        }
        // A node without any endpoint, or whose endpoints are not known yet: there are only moments.
        let mut came_since = moments.iter().filter(|moment| **moment >= self.at.since);
        match came_since.next() {
            Some(first) if self.is_fresh(*first) => Err(not_own(&what, Foreign::NotHeardYet)),
            Some(_) => Ok(()),
            None => Err(not_own(&what, Foreign::Earlier)),
        }
    }

    /// The container's publishers of a topic.
    ///
    /// # Errors
    /// In words, when there are none.
    pub fn publishers(self, topic: &str) -> Result<Vec<&'a Endpoint>, String> {
        let what = format!("topic {topic}");
        match offering(self.view.topics.get(topic)) {
            [] => {
                let published = offered(self.view.topics.iter());
                Err(missing(&what, topic, "is not published", published))
            }
            publishers => self.of(&what, publishers),
        }
    }

    /// The container's servers of a service.
    ///
    /// # Errors
    /// In words, when there are none.
    pub fn servers(self, service: &str) -> Result<Vec<&'a Endpoint>, String> {
        self.serving(&format!("service {service}"), service, service)
    }

    /// The container's servers of an action.
    ///
    /// # Errors
    /// In words, when there are none.
    pub fn action_servers(self, action: &str) -> Result<Vec<&'a Endpoint>, String> {
        self.serving(&format!("action {action}"), action, &send_goal(action))
    }

    /// Whether a lifecycle node of the container has this name: one that can be told to change its
    /// state.
    ///
    /// # Errors
    /// In words, when there is none.
    pub fn lifecycle(self, name: &str) -> Result<(), String> {
        self.node(name)?;
        let service = format!("{name}/change_state");
        self.servers(&service).map(|_| ()).map_err(|_| {
            format!("node {name} is not a lifecycle node: it does not serve {service}")
        })
    }

    /// Whether an endpoint is the container's own.
    pub fn is_own(self, endpoint: &Endpoint) -> bool {
        self.foreign(endpoint).is_none()
    }

    /// Whose an endpoint is.
    pub fn whose(self, endpoint: &Endpoint) -> Whose {
        match self.foreign(endpoint) {
            None => Whose::Own,
            Some(Foreign::NotHeardYet) => Whose::NotKnownBefore(endpoint.first_seen + HEARD_WITHIN),
            Some(Foreign::Elsewhere | Foreign::Earlier) => Whose::Foreign,
        }
    }

    fn serving(self, what: &str, name: &str, service: &str) -> Result<Vec<&'a Endpoint>, String> {
        match offering(self.view.services.get(service)) {
            [] => {
                let ending = service.strip_prefix(name).unwrap_or_default();
                let served = offered(self.view.services.iter());
                let alike = served.filter_map(|other| other.strip_suffix(ending));
                Err(missing(what, name, "is not served", alike))
            }
            servers => self.of(what, servers),
        }
    }

    /// Those endpoints that are the container's own; an error when none is.
    fn of(
        self,
        what: &str,
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
    ) -> Result<Vec<&'a Endpoint>, String> {
        let mut own = Vec::new();
        let mut why = Foreign::Elsewhere;
        for endpoint in endpoints {
            match self.foreign(endpoint) {
                None => own.push(endpoint),
                Some(reason) => why = why.max(reason),
            }
        }
        if own.is_empty() {
            return Err(not_own(what, why));
        }
        Ok(own)
    }

    fn is_fresh(self, first_seen: Monotonic) -> bool {
        self.now.since(first_seen) < HEARD_WITHIN
    }

    fn foreign(self, endpoint: &Endpoint) -> Option<Foreign> {
        let heard = self.view.participants.get(&endpoint.gid.participant());
        match heard {
            Some(participant) if !participant.may_be(self.at) => Some(Foreign::Elsewhere),
            _ if endpoint.first_seen < self.at.since => Some(Foreign::Earlier),
            None if self.is_fresh(endpoint.first_seen) => Some(Foreign::NotHeardYet),
            Some(_) | None => None,
        }
    }
}

impl super::Participant {
    /// Whether nothing that it says of itself speaks against its being this container's.
    fn may_be(&self, at: &Whereabouts) -> bool {
        let nothing_is_known = at.hostname.is_empty() && at.addresses.is_empty();
        let hostname = self.hostname.as_ref();
        nothing_is_known
            || hostname.is_none_or(|hostname| *hostname == at.hostname)
            || self.addresses.iter().any(|it| at.addresses.contains(it))
    }
}

fn offering(ends: Option<&Arc<Ends>>) -> &[Endpoint] {
    ends.map_or(&[], |ends| &ends.offering)
}

fn offered<'a>(
    all: impl Iterator<Item = (&'a Arc<str>, &'a Arc<Ends>)>,
) -> impl Iterator<Item = &'a str> {
    all.filter(|(_, ends)| !ends.offering.is_empty())
        .map(|(name, _)| &**name)
}

fn not_own(what: &str, why: Foreign) -> String {
    match why {
        Foreign::Elsewhere => format!("{what} is on the graph, but not from this container"),
        Foreign::Earlier => {
            format!("{what} is only what was on the graph before the container was started")
        }
        Foreign::NotHeardYet => {
            format!("{what} is on the graph, but it is not known yet from where")
        }
    }
}

fn missing<'a>(what: &str, name: &str, how: &str, known: impl Iterator<Item = &'a str>) -> String {
    let closest = known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(likeness, other)| *likeness >= ALIKE && *other != name)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match closest {
        Some((_, other)) => format!("{what} {how} (there is {other})"),
        None => format!("{what} {how}"),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
