//! The node, and the one thread that spins it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream};
use futures::{FutureExt, StreamExt};
use r2r::{Context, Node, Publisher, PublisherUntyped, QosProfile, ServiceRequest};
use r2r::{WrappedServiceTypeSupport, WrappedTypesupport};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::RosError;

/// How long the thread sleeps when nothing arrives; so long the end of the node may be delayed.
const SPIN: Duration = Duration::from_millis(200);
/// How many requests to one service may wait for an answer.
const WAITING_REQUESTS: usize = 256;

/// The longest time that the spinning thread was kept from spinning.
#[derive(Clone, Debug, Default)]
pub struct SpinLatency(Arc<AtomicU64>);

impl SpinLatency {
    fn note(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_max(microseconds, Ordering::Relaxed);
    }

    /// The longest since the last call, in microseconds.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// r2r panics on arguments that rcl does not understand. That is the user's mistake and not ours, so
/// what is printed is the reason, and no backtrace.
fn create_context() -> Result<r2r::Result<Context>, RosError> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let created = std::panic::catch_unwind(Context::create);
    std::panic::set_hook(hook);
    created.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
        // What follows are places in rcl's source.
        let why = said.split(". Error: ").next().unwrap_or_default();
        RosError::Arguments(why.to_owned())
    })
}

/// A node that is being put together; it hears nothing before it spins.
pub struct RosNode {
    node: Node,
    forwarders: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl RosNode {
    /// A node with this name, unless the command line gives it another one.
    ///
    /// # Errors
    /// When the command line or the name is not valid, or the middleware does not work.
    pub fn create(name: &str) -> Result<Self, RosError> {
        let refused = |cause| RosError::Refused {
            what: "the node".to_owned(),
            cause,
        };
        let context = create_context()?.map_err(refused)?;
        let node = Node::create(context, name, "").map_err(refused)?;
        Ok(Self {
            node,
            forwarders: FuturesUnordered::new(),
        })
    }

    /// The node, for what r2r does itself.
    pub(super) fn inner(&mut self) -> &mut Node {
        &mut self.node
    }

    /// The node's name with its namespace, for example /robot/shipmate.
    pub fn full_name(&self) -> String {
        self.node
            .fully_qualified_name()
            .unwrap_or_else(|_| "/shipmate".to_owned())
    }

    /// Whether the node publishes a topic already, which it may do by itself.
    pub(super) fn publishes(&self, topic: &str) -> bool {
        let publishers = self.node.get_publishers_info_by_topic(topic, false);
        let full_name = self.full_name();
        publishers.unwrap_or_default().iter().any(|p| {
            let namespace = p.node_namespace.trim_end_matches('/');
            format!("{namespace}/{}", p.node_name) == full_name
        })
    }

    /// A publisher of a topic; a name that begins with `~/` is below the node's own.
    ///
    /// # Errors
    /// When rcl refuses.
    pub fn publisher<T: WrappedTypesupport>(
        &mut self,
        topic: &str,
        qos: QosProfile,
    ) -> Result<Publisher<T>, RosError> {
        self.node
            .create_publisher(topic, qos)
            .map_err(|cause| RosError::Refused {
                what: format!("topic {topic}"),
                cause,
            })
    }

    /// As `publisher`, of messages of this type that are encoded already.
    ///
    /// # Errors
    /// When rcl refuses.
    pub fn publisher_of_encoded(
        &mut self,
        topic: &str,
        message_type: &str,
        qos: QosProfile,
    ) -> Result<PublisherUntyped, RosError> {
        self.node
            .create_publisher_untyped(topic, message_type, qos)
            .map_err(|cause| RosError::Refused {
                what: format!("topic {topic}"),
                cause,
            })
    }

    /// The requests to a service. When too many wait, `busy` makes the answer to one more.
    ///
    /// # Errors
    /// When rcl refuses.
    pub fn service<T>(
        &mut self,
        name: &str,
        busy: fn() -> T::Response,
    ) -> Result<mpsc::Receiver<ServiceRequest<T>>, RosError>
    where
        T: WrappedServiceTypeSupport + 'static,
    {
        let refused = |cause| RosError::Refused {
            what: format!("service {name}"),
            cause,
        };
        // The default keeps ten requests; when many clients ask at once, more arrive before they
        // are taken, and those that fall out would never be answered.
        let qos = QosProfile::services_default().keep_last(WAITING_REQUESTS);
        let requests = self.node.create_service::<T>(name, qos).map_err(refused)?;
        let (sender, receiver) = mpsc::channel(WAITING_REQUESTS);
        self.forward(requests, sender, busy);
        Ok(receiver)
    }

    /// Takes requests out of r2r's queue, which holds ten and drops what does not fit. This runs
    /// on the thread that fills that queue, after each filling, so that it never overflows.
    fn forward<T>(
        &self,
        requests: impl Stream<Item = ServiceRequest<T>> + Send + 'static,
        sender: mpsc::Sender<ServiceRequest<T>>,
        busy: fn() -> T::Response,
    ) where
        T: WrappedServiceTypeSupport + 'static,
    {
        let forwarding = requests.for_each(move |request| {
            if let Err(full) = sender.try_send(request) {
                let answered = full.into_inner().respond(busy());
                tracing::warn!("too many requests at once; one was answered «busy»: {answered:?}");
            }
            futures::future::ready(())
        });
        self.forwarders.push(forwarding.boxed());
    }

    /// Spins on a thread of its own until `stop`; how long it was kept from spinning goes to
    /// `latency`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spin(
        self,
        stop: CancellationToken,
        latency: SpinLatency,
    ) -> Result<JoinHandle<()>, RosError> {
        let Self {
            mut node,
            mut forwarders,
        } = self;
        std::thread::Builder::new()
            .name("ros-spin".to_owned())
            .spawn(move || {
                while !stop.is_cancelled() {
                    node.spin_once(SPIN);
                    let heard = Instant::now();
                    // Each forwarder takes all that waits for it; none of them ever ends.
                    forwarders.next().now_or_never();
                    latency.note(heard.elapsed());
                }
            })
            .map_err(RosError::Thread)
    }
}
