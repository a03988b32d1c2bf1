//! Wakes the thread that waits.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use r2r_rcl::*;

use super::{Context, RclError, check};

/// Wakes the thread of a guard from any other thread, as long as the guard lives.
#[derive(Clone, Default)]
pub struct Waker(Arc<Mutex<Option<Trigger>>>);

struct Trigger(*mut rcl_guard_condition_t);

// SAFETY: «a guard condition can be triggered from any thread» (rcl/guard_condition.h). Nothing else is
// done through the pointer, and only under the lock, under which `Guard::drop` takes it away first.
unsafe impl Send for Trigger {}

impl Waker {
    /// Ends the wait of the guard's thread: the one it is in, or else its next. Before there is a
    /// guard, or after its end, this does nothing.
    pub fn wake(&self) {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Trigger(handle)) = *slot {
            // SAFETY: the guard lives, as its end waits for this lock; see `Trigger`.
            unsafe { rcl_trigger_guard_condition(handle) };
        }
    }
}

/// What is triggered to wake its thread.
pub struct Guard {
    handle: *mut rcl_guard_condition_t,
    waker: Waker,
    /// It has to live longer.
    _context: Rc<Context>,
}

impl Guard {
    /// One that `waker` triggers from now on.
    pub fn new(context: &Rc<Context>, waker: &Waker) -> Result<Self, RclError> {
        // SAFETY: it only returns a value.
        let zero = unsafe { rcl_get_zero_initialized_guard_condition() };
        let handle = Box::into_raw(Box::new(zero));
        // SAFETY: the context is valid and the guard condition zero-initialised, as rcl wants it.
        let answer = unsafe {
            let options = rcl_guard_condition_get_default_options();
            rcl_guard_condition_init(handle, context.handle(), options)
        };
        if let Err(error) = check("the guard condition could not be made", answer) {
            // SAFETY: the pointer comes from `Box::into_raw` above; rcl does not keep it.
            drop(unsafe { Box::from_raw(handle) });
            return Err(error);
        }
        let mut slot = waker.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Trigger(handle));
        drop(slot);
        Ok(Self {
            handle,
            waker: waker.clone(),
            _context: Rc::clone(context),
        })
    }

    pub(super) fn handle(&self) -> *const rcl_guard_condition_t {
        self.handle
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut slot = self.waker.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = None;
        drop(slot);
        // SAFETY: the guard is valid since `new`, nobody waits for it (a wait borrows it), and nobody
        // can trigger it any more. The pointer comes from `Box::into_raw` and is not used again.
        unsafe {
            rcl_guard_condition_fini(self.handle);
            drop(Box::from_raw(self.handle));
        }
    }
}
