//! The ROS edge's observer, as looks need it.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::looks::RosGraph;
use crate::domain::probe::{Answer, RosCheck, Whereabouts};
use crate::edge::ros::graph::GraphClient;

impl RosGraph for GraphClient {
    fn check<'a>(&'a self, check: &'a RosCheck, at: &'a Whereabouts) -> BoxFuture<'a, Answer> {
        Self::check(self, check, at).boxed()
    }

    fn activate<'a>(
        &'a self,
        node: &'a str,
        at: &'a Whereabouts,
    ) -> BoxFuture<'a, Result<(), String>> {
        Self::activate(self, node, at).boxed()
    }

    fn wait_idle<'a>(
        &'a self,
        action: &'a str,
        at: &'a Whereabouts,
        patience: Duration,
    ) -> BoxFuture<'a, Result<(), String>> {
        Self::wait_idle(self, action, at, patience).boxed()
    }

    fn changes(&self, domain: u8) -> watch::Receiver<u64> {
        Self::changes(self, domain)
    }
}
