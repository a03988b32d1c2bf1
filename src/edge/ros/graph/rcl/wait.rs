//! Waits until something happens.

use std::rc::Rc;
use std::time::Duration;

use r2r_rcl::*;

use super::{Context, Guard, Node, RclError, Subscription, allocator, check, is};

/// What the end of a wait may be due to, beside a guard and the graph.
pub enum Waitable<'a> {
    /// A message.
    Subscription(&'a Subscription),
    /// An answer.
    Client(*const rcl_client_t, std::marker::PhantomData<&'a ()>),
}

/// A place to wait at.
pub struct WaitSet {
    handle: rcl_wait_set_t,
    /// It has to live longer.
    _context: Rc<Context>,
}

impl WaitSet {
    /// One for things of this context.
    pub fn new(context: &Rc<Context>) -> Result<Self, RclError> {
        // SAFETY: it only returns a value.
        let mut handle = unsafe { rcl_get_zero_initialized_wait_set() };
        // SAFETY: the context is valid and the wait set zero-initialised, as rcl wants it.
        let answer = unsafe {
            rcl_wait_set_init(&mut handle, 0, 2, 0, 0, 0, 0, context.handle(), allocator())
        };
        check("the wait set could not be made", answer)?;
        let _context = Rc::clone(context);
        Ok(Self { handle, _context })
    }

    /// Waits until the graph of `node` changes, `guard` is triggered, something arrives for one of
    /// `others`, or `timeout` is over; whether the graph has changed.
    pub fn wait(
        &mut self,
        node: &Node,
        guard: &Guard,
        others: &[Waitable<'_>],
        timeout: Duration,
    ) -> Result<bool, RclError> {
        const WHAT: &str = "it could not be waited for the graph";
        let subscriptions = others
            .iter()
            .filter(|other| matches!(other, Waitable::Subscription(_)))
            .count();
        let clients = others.len() - subscriptions;
        let nanoseconds = i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX);
        let mut graph = 0;
        // SAFETY: the wait set is valid since `new`. What is added is borrowed, so it is valid during
        // this call; before the next one, the set is cleared (by the change of its size, too).
        unsafe {
            let set = &raw mut self.handle;
            let answer = rcl_wait_set_resize(set, subscriptions, 2, 0, clients, 0, 0);
            check(WHAT, answer)?;
            check(WHAT, rcl_wait_set_clear(set))?;
            let changed = rcl_node_get_graph_guard_condition(node.handle());
            check(
                WHAT,
                rcl_wait_set_add_guard_condition(set, changed, &mut graph),
            )?;
            let none = std::ptr::null_mut();
            check(
                WHAT,
                rcl_wait_set_add_guard_condition(set, guard.handle(), none),
            )?;
            for other in others {
                let answer = match other {
                    Waitable::Subscription(it) => {
                        rcl_wait_set_add_subscription(set, it.handle(), none)
                    }
                    Waitable::Client(it, _) => rcl_wait_set_add_client(set, *it, none),
                };
                check(WHAT, answer)?;
            }
            let answer = rcl_wait(set, nanoseconds);
            if !is(answer, RCL_RET_TIMEOUT) {
                check(WHAT, answer)?;
            }
            // rcl sets to null what has not happened. There are two guard conditions in the set, and
            // `graph` is the place of one of them.
            Ok(!(*self.handle.guard_conditions.add(graph)).is_null())
        }
    }
}

impl Drop for WaitSet {
    fn drop(&mut self) {
        // SAFETY: the wait set is valid since `new`; its context lives still.
        unsafe { rcl_wait_set_fini(&mut self.handle) };
    }
}
