//! Reads the graph.

use std::ffi::{CStr, c_char};

use r2r_rcl::*;

use super::subscription::first_16;
use super::{Node, RclError, allocator, c_text, check, is, take_error};
use crate::domain::graph::entities;
use crate::domain::graph::{Durability, History, Liveliness, Reliability, Span};

/// Which endpoints are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Publishers of a topic.
    Publishers,
    /// Subscriptions of a topic.
    Subscriptions,
}

/// What rcl knows of an endpoint.
pub struct EndpointInfo {
    /// What DDS knows it by.
    pub gid: [u8; 16],
    /// The node's name.
    pub node: String,
    /// The node's namespace.
    pub namespace: String,
    /// The type.
    pub type_name: String,
    /// Whether lost messages are sent again.
    pub reliability: Reliability,
    /// Whether those who come later get what was sent before.
    pub durability: Durability,
    /// How many messages are kept.
    pub history: History,
    /// How far messages lie apart at most.
    pub deadline: Span,
    /// How long a message is worth something.
    pub lifespan: Span,
    /// How a publisher shows that it is alive.
    pub liveliness: Liveliness,
    /// After how long without that it counts as gone.
    pub lease: Span,
    /// The hash of the type's definition.
    pub type_hash: Option<String>,
}

impl Node {
    /// The nodes of the domain: namespace and name. Several may have the same.
    pub fn node_names(&self) -> Result<Vec<(String, String)>, RclError> {
        let (mut names, mut namespaces) = (Strings::new(), Strings::new());
        // SAFETY: the node is valid; the lists are zero-initialised, as rcl wants them.
        let answer = unsafe {
            rcl_get_node_names(self.handle(), allocator(), &mut names.0, &mut namespaces.0)
        };
        check("the nodes could not be read", answer)?;
        Ok(namespaces
            .to_vec()
            .into_iter()
            .zip(names.to_vec())
            .collect())
    }

    /// The topics of the domain.
    pub fn topic_names(&self) -> Result<Vec<String>, RclError> {
        let mut found = NamesAndTypes::new();
        // SAFETY: the node is valid; the list is zero-initialised, as rcl wants it.
        let answer = unsafe {
            rcl_get_topic_names_and_types(self.handle(), &mut allocator(), false, &mut found.0)
        };
        check("the topics could not be read", answer)?;
        // SAFETY: rcl has filled the list.
        Ok(unsafe { texts(&found.0.names) })
    }

    /// The services of the domain, also those that only have clients.
    pub fn service_names(&self) -> Result<Vec<String>, RclError> {
        let mut found = NamesAndTypes::new();
        // SAFETY: the node is valid; the list is zero-initialised, as rcl wants it.
        let answer = unsafe {
            rcl_get_service_names_and_types(self.handle(), &mut allocator(), &mut found.0)
        };
        check("the services could not be read", answer)?;
        // SAFETY: rcl has filled the list.
        Ok(unsafe { texts(&found.0.names) })
    }

    /// The topics or services at which a node has an end of this kind; none when there is no such node.
    pub fn names_of(
        &self,
        end: entities::End,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<String>, RclError> {
        use entities::End as E;
        const WHAT: &str = "the ends of a node could not be read";
        let (name, namespace) = (c_text(WHAT, name)?, c_text(WHAT, namespace)?);
        let (name, namespace) = (name.as_ptr(), namespace.as_ptr());
        let mut found = NamesAndTypes::new();
        let (node, allocator, list) = (self.handle(), &mut allocator(), &mut found.0);
        // SAFETY: the node is valid, the names end with a NUL and live beyond the call, the list is
        // zero-initialised, as rcl wants it.
        let answer = unsafe {
            match end {
                E::Publishers => rcl_get_publisher_names_and_types_by_node(
                    node, allocator, false, name, namespace, list,
                ),
                E::Subscriptions => rcl_get_subscriber_names_and_types_by_node(
                    node, allocator, false, name, namespace, list,
                ),
                E::Servers => {
                    rcl_get_service_names_and_types_by_node(node, allocator, name, namespace, list)
                }
                E::Clients => {
                    rcl_get_client_names_and_types_by_node(node, allocator, name, namespace, list)
                }
                E::Listeners => return Ok(Vec::new()),
            }
        };
        if is(answer, RCL_RET_NODE_NAME_NON_EXISTENT) {
            take_error();
            return Ok(Vec::new());
        }
        check(WHAT, answer)?;
        // SAFETY: rcl has filled the list.
        Ok(unsafe { texts(&found.0.names) })
    }

    /// The endpoints of a topic; `as_is` when it is DDS' name for it and not ROS'.
    pub fn endpoints(
        &self,
        end: End,
        topic: &str,
        as_is: bool,
    ) -> Result<Vec<EndpointInfo>, RclError> {
        const WHAT: &str = "the ends of a topic could not be read";
        let topic = c_text(WHAT, topic)?;
        let mut found = Endpoints::new();
        let read = match end {
            End::Publishers => rcl_get_publishers_info_by_topic,
            End::Subscriptions => rcl_get_subscriptions_info_by_topic,
        };
        // SAFETY: the node is valid, the name ends with a NUL, the list is zero-initialised, as rcl
        // wants it.
        let answer = unsafe {
            read(
                self.handle(),
                &mut allocator(),
                topic.as_ptr(),
                as_is,
                &mut found.0,
            )
        };
        check(WHAT, answer)?;
        Ok(found.to_vec())
    }
}

/// A list of texts of rcl's.
struct Strings(rcutils_string_array_t);

impl Strings {
    fn new() -> Self {
        // SAFETY: it only returns a value.
        Self(unsafe { rcutils_get_zero_initialized_string_array() })
    }

    fn to_vec(&self) -> Vec<String> {
        // SAFETY: it is empty, or filled by rcl.
        unsafe { texts(&self.0) }
    }
}

impl Drop for Strings {
    fn drop(&mut self) {
        // SAFETY: it is empty, which rcl takes, or filled by rcl and not used again.
        unsafe { rcutils_string_array_fini(&mut self.0) };
    }
}

struct NamesAndTypes(rcl_names_and_types_t);

impl NamesAndTypes {
    fn new() -> Self {
        // SAFETY: it only returns a value.
        Self(unsafe { rmw_get_zero_initialized_names_and_types() })
    }
}

impl Drop for NamesAndTypes {
    fn drop(&mut self) {
        // SAFETY: it is empty, which rcl takes, or filled by rcl and not used again.
        unsafe { rcl_names_and_types_fini(&mut self.0) };
    }
}

struct Endpoints(rcl_topic_endpoint_info_array_t);

impl Endpoints {
    fn new() -> Self {
        // SAFETY: it only returns a value.
        Self(unsafe { rmw_get_zero_initialized_topic_endpoint_info_array() })
    }

    fn to_vec(&self) -> Vec<EndpointInfo> {
        if self.0.info_array.is_null() {
            return Vec::new();
        }
        // SAFETY: rcl has filled so many entries.
        let entries = unsafe { std::slice::from_raw_parts(self.0.info_array, self.0.size) };
        entries.iter().map(info).collect()
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        // SAFETY: it is empty, which rmw takes, or filled by it with the same allocator and not used
        // again.
        unsafe { rmw_topic_endpoint_info_array_fini(&mut self.0, &mut allocator()) };
    }
}

fn info(entry: &rcl_topic_endpoint_info_t) -> EndpointInfo {
    use rmw_qos_durability_policy_t as D;
    use rmw_qos_history_policy_t as H;
    use rmw_qos_liveliness_policy_t as L;
    use rmw_qos_reliability_policy_t as R;
    let qos = &entry.qos_profile;
    let span = |time: rmw_time_t| Span::from_rmw(time.sec, time.nsec);
    EndpointInfo {
        gid: first_16(&entry.endpoint_gid),
        // SAFETY: rmw gives texts that end with a NUL, and they live as long as the entry.
        node: unsafe { text(entry.node_name) },
        // SAFETY: as above.
        namespace: unsafe { text(entry.node_namespace) },
        // SAFETY: as above.
        type_name: unsafe { text(entry.topic_type) },
        reliability: match qos.reliability {
            R::RMW_QOS_POLICY_RELIABILITY_RELIABLE => Reliability::Reliable,
            R::RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT => Reliability::BestEffort,
            _ => Reliability::Unknown,
        },
        durability: match qos.durability {
            D::RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL => Durability::TransientLocal,
            D::RMW_QOS_POLICY_DURABILITY_VOLATILE => Durability::Volatile,
            _ => Durability::Unknown,
        },
        history: match (qos.history, qos.depth) {
            (H::RMW_QOS_POLICY_HISTORY_KEEP_ALL, _) => History::KeepAll,
            // Some middlewares say so of what they have not been told.
            (H::RMW_QOS_POLICY_HISTORY_KEEP_LAST, depth @ 1..) => History::KeepLast(depth),
            _ => History::Unknown,
        },
        deadline: span(qos.deadline),
        lifespan: span(qos.lifespan),
        liveliness: match qos.liveliness {
            L::RMW_QOS_POLICY_LIVELINESS_AUTOMATIC => Liveliness::Automatic,
            L::RMW_QOS_POLICY_LIVELINESS_MANUAL_BY_TOPIC => Liveliness::ManualByTopic,
            _ => Liveliness::Unknown,
        },
        lease: span(qos.liveliness_lease_duration),
        type_hash: type_hash(entry),
    }
}

#[cfg(type_hashes)]
fn type_hash(entry: &rcl_topic_endpoint_info_t) -> Option<String> {
    let hash = &entry.topic_type_hash;
    crate::domain::graph::type_hash(hash.version, &hash.value)
}

/// Before Iron, ROS has none.
#[cfg(not(type_hashes))]
fn type_hash(_: &rcl_topic_endpoint_info_t) -> Option<String> {
    None
}

/// # Safety
/// The list is empty, or filled by rcl.
unsafe fn texts(list: &rcutils_string_array_t) -> Vec<String> {
    if list.data.is_null() {
        return Vec::new();
    }
    // SAFETY: rcl has filled so many entries; each ends with a NUL.
    unsafe {
        let entries = std::slice::from_raw_parts(list.data, list.size);
        entries.iter().map(|entry| text(*entry)).collect()
    }
}

/// # Safety
/// It is null, or ends with a NUL.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: see above.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}
