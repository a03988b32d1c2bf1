//! Draws the dependency graph for RViz while somebody looks, beside what watches it: a picture of many
//! nodes takes longer than the graph itself, which must not wait for it.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::domain::dependency_graph::DependencyGraph;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::{QosProfile, RosError};

/// Where graphs go that are to be drawn, and who draws them.
pub struct Drawing {
    /// The latest graph; who draws ends with it.
    pub graphs: watch::Sender<Arc<DependencyGraph>>,
    /// Nothing when nothing is to be drawn.
    pub draw: Option<BoxFuture<'static, ()>>,
}

impl Drawing {
    /// Puts the topic up, unless there is no frame, or ROS has no messages for it.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(node: &mut RosNode, frame: &str, latched: QosProfile) -> Result<Self, RosError> {
        let (graphs, latest) = watch::channel(Arc::default());
        let draw = match frame {
            "" => None,
            _ => in_rviz::draw(node, frame, latched, latest)?,
        };
        Ok(Self { graphs, draw })
    }
}

#[cfg(visualization_msgs)]
mod in_rviz {
    use std::pin::pin;

    use futures::FutureExt;
    use tokio::time::{Instant, sleep};

    use super::{Arc, BoxFuture, DependencyGraph, QosProfile, RosError, RosNode, watch};
    use crate::edge::ros::Publisher;
    use crate::edge::ros::messages_markers::{MarkerArray, markers};
    use crate::picture::{Flat, flat};

    /// At most one part of so many of a processor's time goes into drawing.
    const SHARE: u32 = 10;

    pub fn draw(
        node: &mut RosNode,
        frame: &str,
        latched: QosProfile,
        graphs: watch::Receiver<Arc<DependencyGraph>>,
    ) -> Result<Option<BoxFuture<'static, ()>>, RosError> {
        let publisher = node.publisher("~/dependency_graph_markers", latched)?;
        Ok(Some(follow(publisher, frame.to_owned(), graphs).boxed()))
    }

    /// Publishes the picture whenever it has become another one, until there will be no graph any more.
    async fn follow(
        publisher: Publisher<MarkerArray>,
        frame: String,
        mut graphs: watch::Receiver<Arc<DependencyGraph>>,
    ) {
        let mut drawn: Option<Flat> = None;
        while graphs.changed().await.is_ok() && somebody_looks(publisher.clone(), &mut graphs).await
        {
            let graph = graphs.borrow_and_update().clone();
            let began = Instant::now();
            let Ok(picture) = tokio::task::spawn_blocking(move || flat(&graph)).await else {
                tracing::error!("the dependency graph could not be drawn for RViz");
                continue;
            };
            let took = began.elapsed();
            if drawn.as_ref() != Some(&picture) {
                match publisher.publish(&markers(&picture, &frame)) {
                    Ok(()) => drawn = Some(picture),
                    Err(error) => tracing::warn!("the markers could not be published: {error}"),
                }
            }
            // What becomes of the graph meanwhile is drawn as one.
            sleep(took * (SHARE - 1)).await;
        }
    }

    /// Waits for a subscription; false when there will be no graph any more.
    async fn somebody_looks(
        publisher: Publisher<MarkerArray>,
        graphs: &mut watch::Receiver<Arc<DependencyGraph>>,
    ) -> bool {
        if !matches!(publisher.get_inter_process_subscription_count(), Ok(0)) {
            return true;
        }
        let Ok(comes) = publisher.wait_for_inter_process_subscribers() else {
            return false;
        };
        let mut comes = pin!(comes);
        loop {
            tokio::select! {
                came = &mut comes => return came.is_ok(),
                changed = graphs.changed() => if changed.is_err() {
                    return false;
                },
            }
        }
    }
}

#[cfg(not(visualization_msgs))]
mod in_rviz {
    use super::{Arc, BoxFuture, DependencyGraph, QosProfile, RosError, RosNode, watch};

    pub fn draw(
        _: &mut RosNode,
        _: &str,
        _: QosProfile,
        _: watch::Receiver<Arc<DependencyGraph>>,
    ) -> Result<Option<BoxFuture<'static, ()>>, RosError> {
        tracing::info!("without visualization_msgs there are no markers of the dependency graph");
        Ok(None)
    }
}
