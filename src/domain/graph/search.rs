//! Looks for what participants have told of, and for what is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::discovery_info;
use super::super::draft::Draft;
use super::super::entities::{End, NodeId, Place};
use super::super::{Endpoint, Gid, ParticipantId};
use super::{Changes, Graph};
use crate::domain::time::Monotonic;

/// Reads a few places.
pub(super) struct Reader<'a, G> {
    pub(super) graph: &'a G,
    /// How many more.
    pub(super) left: usize,
}

impl<G: Graph> Reader<'_, G> {
    /// What is at a place; None when too much has been read.
    fn read(&mut self, place: &Place) -> Result<Option<Vec<Endpoint>>, G::Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.graph.endpoints(place.0, &place.1).map(Some)
    }
}

impl Changes {
    /// Whether the nodes are those that participants tell of. Participants that are gone are forgotten.
    pub(super) fn compare_nodes<G: Graph>(
        &mut self,
        graph: &G,
        nodes: &BTreeMap<String, Vec<Monotonic>>,
        draft: &mut Draft<'_>,
    ) -> Result<bool, G::Error> {
        if !self.entities.are(nodes) {
            let tellers = graph.tellers()?;
            let told: Vec<_> = self.entities.participants().collect();
            for id in told {
                if tellers.contains(&id) {
                    self.seen.insert(id);
                } else if self.seen.remove(&id) {
                    self.forget(id, draft);
                }
            }
        } else if self.seen.len() < self.entities.number_of_participants() {
            self.seen.extend(self.entities.participants());
        }
        Ok(self.entities.are(nodes))
    }

    /// A participant is gone, and all that is its own.
    fn forget(&mut self, id: ParticipantId, draft: &mut Draft<'_>) {
        self.past.insert(id);
        let difference = self.entities.forget(id);
        for node in &difference.nodes {
            self.open.remove(node);
        }
        let is_its = |gid: &Gid| gid.participant() == id;
        let its: Vec<_> = self.found.keys().copied().filter(is_its).collect();
        for gid in its {
            if let Some(place) = self.found.remove(&gid) {
                draft.remove(&place, gid);
            }
        }
        self.untold.retain(|gid| !is_its(gid));
        self.renamed.retain(|gid| !is_its(gid));
    }

    /// Reads what is at a place; whether it may be read.
    pub(super) fn read<G: Graph>(
        &mut self,
        reader: &mut Reader<'_, G>,
        place: &Place,
        draft: &mut Draft<'_>,
    ) -> Result<bool, G::Error> {
        let Some(mut endpoints) = reader.read(place)? else {
            return Ok(false);
        };
        let is_shown = place.0 != End::Listeners;
        let before: Vec<_> = match is_shown {
            true => draft.gids(place).collect(),
            false => {
                let here = self.found.iter().filter(|(_, at)| *at == place);
                here.map(|(gid, _)| *gid).collect()
            }
        };
        let mut gone: BTreeSet<Gid> = before.into_iter().collect();
        for endpoint in &mut endpoints {
            let gid = endpoint.gid;
            gone.remove(&gid);
            self.found.insert(gid, place.clone());
            match self.entities.owner(gid) {
                // All ends of a node share its name.
                Some(owner) => endpoint.node = owner.cloned(),
                None if is_shown => {
                    self.untold.insert(gid);
                }
                None => {}
            }
        }
        for gid in gone {
            self.found.remove(&gid);
            self.untold.remove(&gid);
            // It may still be told of.
            if let Some(owner) = self.entities.owner(gid) {
                let node = (gid.participant(), owner.map(|name| (**name).to_owned()));
                self.open.insert(node);
            }
        }
        if is_shown {
            draft.set(place, endpoints);
        }
        Ok(true)
    }

    /// Looks for what a node has told of; whether that can be found.
    pub(super) fn find<G: Graph>(
        &mut self,
        reader: &mut Reader<'_, G>,
        node: &NodeId,
        draft: &mut Draft<'_>,
    ) -> Result<bool, G::Error> {
        let missing = self.entities.missing(node, &self.found);
        if missing.is_nothing() {
            return Ok(true);
        }
        let name = node
            .1
            .as_ref()
            .filter(|_| missing.readers || missing.writers);
        if let Some(name) = name {
            let listeners: Place = (End::Listeners, Arc::from(discovery_info::TOPIC));
            // Of several, the middleware tells of one alone.
            if self
                .entities
                .names()
                .get(name)
                .is_some_and(|number| *number > 1)
            {
                let is_read = missing.readers && self.read(reader, &listeners, draft)?;
                return Ok(is_read && self.entities.missing(node, &self.found).is_nothing());
            }
            let known: BTreeSet<Place> = self.entities.places(node, &self.found).cloned().collect();
            let places = reader.graph.places(name)?.into_iter();
            let mut places: Vec<Place> = places.map(|(end, name)| (end, name.into())).collect();
            places.push(listeners);
            // It is most likely where nothing of the node is known yet.
            places.sort_by_key(|place| known.contains(place));
            for place in places {
                let missing = self.entities.missing(node, &self.found);
                let may_be_there = match place.0.reads() {
                    true => missing.readers,
                    false => missing.writers,
                };
                if may_be_there && !self.read(reader, &place, draft)? {
                    return Ok(false);
                }
            }
        }
        if !self.entities.missing(node, &self.found).is_nothing() {
            self.open.insert(node.clone());
        }
        Ok(true)
    }
}
