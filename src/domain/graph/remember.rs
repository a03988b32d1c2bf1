//! Carries over from one look to the next since when each thing is there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Gid, GraphView};
use crate::domain::time::Monotonic;

impl GraphView {
    /// This look, in which everything was seen just now, with what was known before it.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        let known: HashMap<Gid, Monotonic> = before
            .endpoints()
            .map(|endpoint| (endpoint.gid, endpoint.first_seen))
            .collect();
        let topics = { self.topics.iter_mut() }.map(|it| (&before.topics, it));
        let services = { self.services.iter_mut() }.map(|it| (&before.services, it));
        for (before, (name, ends)) in topics.chain(services) {
            let now = Arc::make_mut(ends);
            for endpoint in now.offering.iter_mut().chain(&mut now.using) {
                if let Some(first_seen) = known.get(&endpoint.gid) {
                    endpoint.first_seen = *first_seen;
                }
            }
            // What is as it was is shared, so that nobody has to compare it again.
            if let Some(same) = before.get(name).filter(|was| *was == ends) {
                *ends = Arc::clone(same);
            }
        }
        carry_over(&mut self.nodes, &before.nodes);
        self.begun = before.begun;
        self
    }
}

/// Nodes of one name cannot be told apart: when one more is there, it came just now; when one is
/// gone, it is taken for the oldest, as the trace of a killed process goes later than its successor
/// comes.
pub(super) fn carry_over(
    now: &mut BTreeMap<String, Vec<Monotonic>>,
    before: &BTreeMap<String, Vec<Monotonic>>,
) {
    for (name, moments) in now {
        let known = before.get(name).map_or(&[][..], Vec::as_slice);
        let gone = known.len().saturating_sub(moments.len());
        for (moment, earlier) in moments.iter_mut().zip(known.iter().skip(gone)) {
            *moment = *earlier;
        }
        moments.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{at, endpoint, publishing};
    use super::*;

    #[test]
    fn what_was_there_keeps_its_moment() {
        let before = publishing("/scan", vec![endpoint(1, "/a", 3)]);
        let now = publishing("/scan", vec![endpoint(2, "/b", 9), endpoint(1, "/a", 9)]);
        let view = now.after(&before);
        let publishers = &view.topics["/scan"].offering;
        assert_eq!(publishers[0].first_seen, at(9));
        assert_eq!(publishers[1].first_seen, at(3));
        assert_eq!(view.nodes["/a"], [at(3)]);
        assert_eq!(view.nodes["/b"], [at(9)]);
    }

    #[test]
    fn what_came_back_under_another_gid_is_new() {
        let before = publishing("/scan", vec![endpoint(1, "/a", 3)]);
        let now = publishing("/scan", vec![endpoint(11, "/a", 9)]);
        assert_eq!(
            now.after(&before).topics["/scan"].offering[0].first_seen,
            at(9)
        );
    }

    #[test]
    fn nodes_of_one_name_come_last_and_go_first() {
        let one = publishing("/scan", vec![endpoint(1, "/a", 3)]);
        let two = publishing("/scan", vec![endpoint(1, "/a", 9), endpoint(11, "/a", 9)]);
        let two = two.after(&one);
        assert_eq!(two.nodes["/a"], [at(3), at(9)]);
        let left = publishing("/scan", vec![endpoint(11, "/a", 20)]);
        assert_eq!(left.after(&two).nodes["/a"], [at(9)]);
    }

    #[test]
    fn the_beginning_stays() {
        let before = GraphView {
            begun: at(5),
            ..GraphView::default()
        };
        assert_eq!(GraphView::default().after(&before).begun, at(5));
    }
}
