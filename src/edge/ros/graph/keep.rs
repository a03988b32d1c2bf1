//! Domains that are looked at always, whether anybody asks or not.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::life::Life;
use super::{GraphClient, Shared};
use crate::domain::graph::GraphView;

/// How long it takes until an observer that has failed is started again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A domain is looked at as long as this is there.
#[must_use = "nothing is kept without it"]
pub struct Keep {
    shared: Arc<Shared>,
    domain: u8,
    views: watch::Receiver<Option<Arc<GraphView>>>,
}

impl Keep {
    /// The graph, always as it is now; None while it cannot be seen. It is told anew only when
    /// something has changed, and not more often than the least pause between two looks.
    pub fn views(&self) -> watch::Receiver<Option<Arc<GraphView>>> {
        self.views.clone()
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        self.shared
            .count(self.domain, |keepers| keepers.saturating_sub(1));
    }
}

impl GraphClient {
    /// Looks at a domain as long as what is returned is there. An observer that fails is started again.
    pub fn keep(&self, domain: u8) -> Keep {
        let shared = Arc::clone(&self.0);
        shared.count(domain, |keepers| keepers + 1);
        let views = {
            let mut domains = shared.lock();
            domains.entry(domain).or_default().views.subscribe()
        };
        // One that cannot be started is tried again by the next question.
        if self.link(domain).is_err() {
            tracing::debug!("the ROS graph of domain {domain} cannot be looked at now");
        }
        Keep {
            shared,
            domain,
            views,
        }
    }
}

impl Shared {
    fn count(&self, domain: u8, change: impl Fn(usize) -> usize) {
        let mut domains = self.lock();
        let known = domains.entry(domain).or_default();
        known.keepers = change(known.keepers);
        if let Some(link) = &known.observer {
            link.life.keep(known.keepers, (self.clock)());
        }
    }

    /// An observer has ended. What it has seen is not so any more; where it is wanted, another one
    /// takes its place.
    pub(super) async fn has_ended(self: Arc<Self>, domain: u8, life: &Arc<Life>) {
        if !self.is_wanted_again(domain, life) {
            return;
        }
        let again = tokio::time::sleep(AGAIN_AFTER);
        if self.stop.run_until_cancelled(again).await.is_none() {
            return;
        }
        let mut domains = self.lock();
        let known = domains.entry(domain).or_default();
        if known.keepers > 0 && self.link(domain, known).is_err() {
            tracing::error!("the ROS graph of domain {domain} is not looked at any more");
        }
    }

    fn is_wanted_again(&self, domain: u8, life: &Arc<Life>) -> bool {
        let mut domains = self.lock();
        let known = domains.entry(domain).or_default();
        let observer = known.observer.as_ref();
        // Another one may have been started in the meantime.
        if observer.is_some_and(|link| Arc::ptr_eq(&link.life, life)) {
            known.observer = None;
            known.views.send_replace(None);
        }
        known.keepers > 0 && known.observer.is_none() && !self.stop.is_cancelled()
    }
}
