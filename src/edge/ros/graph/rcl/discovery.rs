//! Takes what participants tell of their nodes, as it is on the wire.

use std::ffi::c_void;
use std::rc::Rc;

use r2r_rcl::*;

use super::subscription::first_16;
use super::{MessageType, Node, RclError, Waker, allocator, c_text, check, take_error};
use crate::domain::graph::Gid;
use crate::domain::graph::discovery_info::{TOPIC, TYPE};

/// What participants tell of their nodes. rcl cannot subscribe it, as its names begin with a slash, so
/// this is a subscription of rmw's.
pub struct DiscoveryInfos {
    handle: *mut rmw_subscription_t,
    buffer: rcl_serialized_message_t,
    waker: *mut Waker,
    node: Rc<Node>,
}

impl DiscoveryInfos {
    /// Those of all participants in the node's domain; `waker` is woken when there are new ones.
    pub fn new(node: &Rc<Node>, waker: &Waker) -> Result<Self, RclError> {
        use rmw_qos_durability_policy_t as D;
        use rmw_qos_history_policy_t as H;
        use rmw_qos_reliability_policy_t as R;
        const WHAT: &str = "what participants tell of their nodes cannot be heard";
        let topic = c_text(WHAT, TOPIC)?;
        let of = MessageType::load(TYPE).map_err(|why| RclError::new(WHAT, why.to_string()))?;
        // SAFETY: these only return values.
        let (defaults, options, buffer) = unsafe {
            (
                rcl_subscription_get_default_options(),
                rmw_get_default_subscription_options(),
                rcutils_get_zero_initialized_uint8_array(),
            )
        };
        // As the middleware's own.
        let qos = rmw_qos_profile_t {
            history: H::RMW_QOS_POLICY_HISTORY_KEEP_ALL,
            reliability: R::RMW_QOS_POLICY_RELIABILITY_RELIABLE,
            durability: D::RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL,
            avoid_ros_namespace_conventions: true,
            ..defaults.qos
        };
        // SAFETY: the node is valid, and so is its rmw handle; the name ends with a NUL; the type
        // support stays loaded; rmw copies the name and its options.
        let handle = unsafe {
            let node = rcl_node_get_rmw_handle(node.handle());
            rmw_create_subscription(node, of.handle(), topic.as_ptr(), &qos, &options)
        };
        if handle.is_null() {
            return Err(RclError::new(WHAT, take_error()));
        }
        let mut infos = Self {
            handle,
            buffer,
            waker: Box::into_raw(Box::new(waker.clone())),
            node: Rc::clone(node),
        };
        infos.buffer.allocator = allocator();
        // SAFETY: the subscription is valid, and `waker` lives until `drop` has taken it away again.
        let answer = unsafe {
            let waker = infos.waker.cast_const().cast();
            rmw_subscription_set_on_new_message_callback(infos.handle, Some(wake), waker)
        };
        check(WHAT, answer)?;
        Ok(infos)
    }

    /// Takes the next one that has arrived: what it is from, and what it says.
    pub fn take(&mut self) -> Result<Option<(Gid, &[u8])>, RclError> {
        let mut taken = false;
        // SAFETY: subscription and buffer are valid since `new`; rmw lets the buffer grow by the
        // allocator in it.
        let (answer, info) = unsafe {
            let mut info = rmw_get_zero_initialized_message_info();
            let answer = rmw_take_serialized_message_with_info(
                self.handle,
                &mut self.buffer,
                &mut taken,
                &mut info,
                std::ptr::null_mut(),
            );
            (answer, info)
        };
        check("what a participant tells could not be taken", answer)?;
        if !taken || self.buffer.buffer.is_null() {
            return Ok(None);
        }
        // SAFETY: rmw has filled so many bytes, and they stay until the next message is taken, which
        // the borrow prevents.
        let bytes =
            unsafe { std::slice::from_raw_parts(self.buffer.buffer, self.buffer.buffer_length) };
        Ok(Some((Gid(first_16(&info.publisher_gid.data)), bytes)))
    }
}

/// Called by a thread of the middleware when messages have arrived.
///
/// # Safety
/// `waker` is that of `DiscoveryInfos`.
unsafe extern "C" fn wake(waker: *const c_void, _number: usize) {
    // SAFETY: `DiscoveryInfos` keeps it as long as this can be called. It is only read, and `Waker`
    // may be used by several threads.
    let waker = unsafe { &*waker.cast::<Waker>() };
    waker.wake();
}

impl Drop for DiscoveryInfos {
    fn drop(&mut self) {
        // SAFETY: all are valid since `new`, and the node lives still. After the callback is taken
        // away (rmw waits for one that runs), nobody uses the waker, whose pointer comes from
        // `Box::into_raw`; none of them is used again.
        unsafe {
            rmw_subscription_set_on_new_message_callback(self.handle, None, std::ptr::null());
            rcutils_uint8_array_fini(&mut self.buffer);
            rmw_destroy_subscription(rcl_node_get_rmw_handle(self.node.handle()), self.handle);
            drop(Box::from_raw(self.waker));
        }
    }
}
