//! The next view, while it is made of the one before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entities::{End, Place};
use super::remember::carry_over;
use super::{Endpoint, Ends, Gid, GraphView};
use crate::domain::time::Monotonic;

/// A view that is copied only when something of it changes.
pub struct Draft<'a> {
    before: &'a GraphView,
    now: Monotonic,
    changed: Option<GraphView>,
}

impl<'a> Draft<'a> {
    /// As it was before.
    pub fn new(before: &'a GraphView, now: Monotonic) -> Self {
        Self {
            before,
            now,
            changed: None,
        }
    }

    /// The view, if it is another one.
    pub fn into_view(self) -> Option<GraphView> {
        self.changed
    }

    /// What is at a place.
    pub fn gids(&self, place: &Place) -> impl Iterator<Item = Gid> {
        self.list(place).iter().map(|endpoint| endpoint.gid)
    }

    /// The nodes are these.
    pub fn set_nodes(&mut self, nodes: &BTreeMap<String, Vec<Monotonic>>) {
        let before = &self.before.nodes;
        let numbers = nodes.iter().map(|(name, moments)| (name, moments.len()));
        if numbers.eq(before.iter().map(|(name, moments)| (name, moments.len()))) {
            return;
        }
        let mut nodes = nodes.clone();
        carry_over(&mut nodes, before);
        self.view().nodes = nodes;
    }

    /// These endpoints are at a place, and no others.
    pub fn set(&mut self, place: &Place, mut endpoints: Vec<Endpoint>) {
        endpoints.sort_unstable_by_key(|endpoint| endpoint.gid);
        let before = self.list(place);
        for endpoint in &mut endpoints {
            let known = before.binary_search_by_key(&endpoint.gid, |known| known.gid);
            endpoint.first_seen = known
                .ok()
                .and_then(|at| before.get(at))
                .map_or(self.now, |known| known.first_seen);
        }
        if before != endpoints {
            self.change(place, |list| *list = endpoints);
        }
    }

    /// An endpoint belongs to a node of this name.
    pub fn rename(&mut self, place: &Place, gid: Gid, node: Option<&Arc<str>>) {
        let other = |endpoint: &Endpoint| endpoint.gid == gid && endpoint.node.as_ref() != node;
        if self.list(place).iter().any(other) {
            self.change(place, |list| {
                for endpoint in list.iter_mut().filter(|endpoint| endpoint.gid == gid) {
                    endpoint.node = node.cloned();
                }
            });
        }
    }

    /// An endpoint is not there any more.
    pub fn remove(&mut self, place: &Place, gid: Gid) {
        if self.list(place).iter().any(|endpoint| endpoint.gid == gid) {
            self.change(place, |list| list.retain(|endpoint| endpoint.gid != gid));
        }
    }

    fn list(&self, (end, name): &Place) -> &[Endpoint] {
        let view = self.changed.as_ref().unwrap_or(self.before);
        let ends = match end.is_a_topics() {
            true => view.topics.get(&**name),
            false => view.services.get(&**name),
        };
        let Some(ends) = ends else { return &[] };
        match end {
            End::Publishers | End::Servers => &ends.offering,
            End::Subscriptions | End::Clients => &ends.using,
            End::Listeners => &[],
        }
    }

    fn change(&mut self, (end, name): &Place, change: impl FnOnce(&mut Vec<Endpoint>)) {
        let view = self.view();
        let all = match end {
            End::Publishers | End::Subscriptions => &mut view.topics,
            End::Servers | End::Clients => &mut view.services,
            End::Listeners => return,
        };
        let ends = Arc::make_mut(all.entry(Arc::clone(name)).or_default());
        change(match end {
            End::Publishers | End::Servers => &mut ends.offering,
            _ => &mut ends.using,
        });
        if *ends == Ends::default() {
            all.remove(&**name);
        }
    }

    fn view(&mut self) -> &mut GraphView {
        self.changed.get_or_insert_with(|| self.before.clone())
    }
}
