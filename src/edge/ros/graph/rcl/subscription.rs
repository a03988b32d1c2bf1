//! Hears that messages arrive, whatever they say.

use std::rc::Rc;

use r2r_rcl::*;

use super::{MessageType, Node, RclError, allocator, c_text, check, is};

/// How many messages wait for us; more than a few do only while the graph is read.
const DEPTH: usize = 64;

/// Messages of a topic, as they are on the wire.
pub struct Subscription {
    handle: *mut rcl_subscription_t,
    buffer: rcl_serialized_message_t,
    node: Rc<Node>,
}

impl Subscription {
    /// Asks for nothing that a publisher could not offer, and for nothing that would slow one down.
    pub fn new(node: &Rc<Node>, topic: &str, of: &MessageType) -> Result<Self, RclError> {
        const WHAT: &str = "the topic could not be subscribed";
        let topic = c_text(WHAT, topic)?;
        // SAFETY: these only return values.
        let (zero, buffer, mut options) = unsafe {
            (
                rcl_get_zero_initialized_subscription(),
                rcutils_get_zero_initialized_uint8_array(),
                rcl_subscription_get_default_options(),
            )
        };
        options.qos.depth = DEPTH;
        options.qos.reliability =
            rmw_qos_reliability_policy_t::RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT;
        options.qos.durability = rmw_qos_durability_policy_t::RMW_QOS_POLICY_DURABILITY_VOLATILE;
        let handle = Box::into_raw(Box::new(zero));
        // SAFETY: the name ends with a NUL, node and type support are valid, the subscription is
        // zero-initialised; rcl copies name and options.
        let answer = unsafe {
            let answer =
                rcl_subscription_init(handle, node.handle(), of.handle(), topic.as_ptr(), &options);
            rcl_subscription_options_fini(&mut options);
            answer
        };
        if let Err(error) = check(WHAT, answer) {
            // SAFETY: the pointer comes from `Box::into_raw` above; rcl does not keep it.
            drop(unsafe { Box::from_raw(handle) });
            return Err(error);
        }
        let mut subscription = Self {
            handle,
            buffer,
            node: Rc::clone(node),
        };
        subscription.buffer.allocator = allocator();
        Ok(subscription)
    }

    /// Takes the next message that has arrived; what its publisher is known by.
    pub fn take(&mut self) -> Result<Option<[u8; 16]>, RclError> {
        // SAFETY: subscription and buffer are valid since `new`; rcl lets the buffer grow by the
        // allocator in it.
        let (answer, info) = unsafe {
            let mut info = rmw_get_zero_initialized_message_info();
            let none = std::ptr::null_mut();
            let answer =
                rcl_take_serialized_message(self.handle, &mut self.buffer, &mut info, none);
            (answer, info)
        };
        if is(answer, RCL_RET_SUBSCRIPTION_TAKE_FAILED) {
            return Ok(None);
        }
        check("a message could not be taken", answer)?;
        Ok(Some(first_16(&info.publisher_gid.data)))
    }

    pub(super) fn handle(&self) -> *const rcl_subscription_t {
        self.handle
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // SAFETY: both are valid since `new`, and the node lives still. The pointer comes from
        // `Box::into_raw` and is not used again.
        unsafe {
            rcutils_uint8_array_fini(&mut self.buffer);
            rcl_subscription_fini(self.handle, self.node.handle());
            drop(Box::from_raw(self.handle));
        }
    }
}

/// A DDS GID has 16 bytes; before Iron, rmw has room for more.
pub(super) fn first_16(bytes: &[u8]) -> [u8; 16] {
    let mut gid = [0; 16];
    gid.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    gid
}
