//! Takes messages as they are on the wire.

use std::rc::Rc;

use r2r_rcl::*;

use super::{MessageType, Node, RclError, allocator, c_text, check, is};

/// How many messages wait for us; more than a few do only while the graph is read.
const DEPTH: usize = 64;

/// Which messages are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that are published from now on. Asks for nothing that a publisher could not offer, and
    /// for nothing that would slow one down.
    New,
    /// The last one as well, from publishers that keep it for those who come later; none gets lost.
    Kept,
}

/// A message as it is on the wire.
pub struct Message<'a> {
    /// What its publisher is known by.
    pub from: [u8; 16],
    /// Its number among those of its publisher, where the middleware tells it.
    pub number: Option<u64>,
    /// What it says.
    pub bytes: &'a [u8],
}

/// Messages of a topic, as they are on the wire.
pub struct Subscription {
    handle: *mut rcl_subscription_t,
    buffer: rcl_serialized_message_t,
    node: Rc<Node>,
}

impl Subscription {
    /// Those of a topic that are wanted.
    pub fn new(
        node: &Rc<Node>,
        topic: &str,
        of: &MessageType,
        wanted: Wanted,
    ) -> Result<Self, RclError> {
        use rmw_qos_durability_policy_t as D;
        use rmw_qos_reliability_policy_t as R;
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
        (options.qos.reliability, options.qos.durability) = match wanted {
            Wanted::New => (
                R::RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT,
                D::RMW_QOS_POLICY_DURABILITY_VOLATILE,
            ),
            Wanted::Kept => (
                R::RMW_QOS_POLICY_RELIABILITY_RELIABLE,
                D::RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL,
            ),
        };
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

    /// Takes the next message that has arrived.
    pub fn take(&mut self) -> Result<Option<Message<'_>>, RclError> {
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
        let from = first_16(&info.publisher_gid.data);
        let number = info.publication_sequence_number;
        // The largest one stands for none.
        let number = (number != u64::MAX).then_some(number);
        let bytes = if self.buffer.buffer.is_null() {
            &[]
        } else {
            // SAFETY: rcl has filled so many bytes, and they stay until the next message is taken,
            // which the borrow prevents.
            unsafe { std::slice::from_raw_parts(self.buffer.buffer, self.buffer.buffer_length) }
        };
        Ok(Some(Message {
            from,
            number,
            bytes,
        }))
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
