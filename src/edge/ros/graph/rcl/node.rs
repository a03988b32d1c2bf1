//! A context with one node in a domain.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use r2r_rcl::*;

use super::{RclError, allocator, c_text, check};

/// rcl does not say that contexts may begin and end on several threads at once.
static BEGIN_AND_END: Mutex<()> = Mutex::new(());

/// What everything of one domain belongs to. There is one to a thread.
pub struct Context {
    handle: *mut rcl_context_t,
}

impl Context {
    /// A context in a domain; the command line of the process has no say in it.
    pub fn new(domain: u8) -> Result<Rc<Self>, RclError> {
        let _alone = BEGIN_AND_END.lock().unwrap_or_else(PoisonError::into_inner);
        let options = InitOptions::new(domain)?;
        // SAFETY: it only returns a value.
        let zero = unsafe { rcl_get_zero_initialized_context() };
        let context = Self {
            handle: Box::into_raw(Box::new(zero)),
        };
        // SAFETY: there are no arguments to be read; options and context live beyond the call, and
        // the context is zero-initialised, as rcl wants it.
        let answer = unsafe { rcl_init(0, std::ptr::null(), &options.0, context.handle) };
        if let Err(error) = check("the ROS context could not be made", answer) {
            // It never began, so there is nothing for `drop` to end.
            // SAFETY: the pointer comes from `Box::into_raw` above, and is forgotten here.
            drop(unsafe { Box::from_raw(context.handle) });
            std::mem::forget(context);
            return Err(error);
        }
        Ok(Rc::new(context))
    }

    pub(super) fn handle(&self) -> *mut rcl_context_t {
        self.handle
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let _alone = BEGIN_AND_END.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the context is valid since `new`; everything made from it holds it, so all of that
        // has ended. The pointer comes from `Box::into_raw` and is not used again.
        unsafe {
            rcl_shutdown(self.handle);
            rcl_context_fini(self.handle);
            drop(Box::from_raw(self.handle));
        }
    }
}

struct InitOptions(rcl_init_options_t);

impl InitOptions {
    fn new(domain: u8) -> Result<Self, RclError> {
        const WHAT: &str = "the options of ROS could not be made";
        // SAFETY: it only returns a value.
        let mut options = Self(unsafe { rcl_get_zero_initialized_init_options() });
        // SAFETY: the options are zero-initialised, as rcl wants them. When this fails, ending them
        // in `drop` is refused by rcl and does no harm.
        check(WHAT, unsafe {
            rcl_init_options_init(&mut options.0, allocator())
        })?;
        // SAFETY: the options are valid now.
        check(WHAT, unsafe {
            rcl_init_options_set_domain_id(&mut options.0, usize::from(domain))
        })?;
        Ok(options)
    }
}

impl Drop for InitOptions {
    fn drop(&mut self) {
        // SAFETY: rcl has copied what it needs; options that were not made are refused.
        unsafe { rcl_init_options_fini(&mut self.0) };
    }
}

/// A node, through which the graph is seen.
pub struct Node {
    handle: *mut rcl_node_t,
    /// It has to live longer.
    _context: Rc<Context>,
}

impl Node {
    /// A node of this name without topics and services of its own.
    pub fn new(context: &Rc<Context>, name: &str) -> Result<Rc<Self>, RclError> {
        const WHAT: &str = "the observing node could not be made";
        let name = c_text(WHAT, name)?;
        // SAFETY: both only return values.
        let (zero, mut options) = unsafe {
            (
                rcl_get_zero_initialized_node(),
                rcl_node_get_default_options(),
            )
        };
        options.enable_rosout = false;
        let handle = Box::into_raw(Box::new(zero));
        // SAFETY: the names end with a NUL, the context is valid, the node is zero-initialised; rcl
        // copies names and options.
        let answer = unsafe {
            rcl_node_init(
                handle,
                name.as_ptr(),
                c"".as_ptr(),
                context.handle(),
                &options,
            )
        };
        // SAFETY: the node has its own copy of the options.
        unsafe { rcl_node_options_fini(&mut options) };
        if let Err(error) = check(WHAT, answer) {
            // SAFETY: the pointer comes from `Box::into_raw` above; rcl does not keep it.
            drop(unsafe { Box::from_raw(handle) });
            return Err(error);
        }
        let _context = Rc::clone(context);
        Ok(Rc::new(Self { handle, _context }))
    }

    pub(super) fn handle(&self) -> *mut rcl_node_t {
        self.handle
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: the node is valid since `new`; subscriptions and clients hold it, so they have
        // ended; its context lives still. The pointer comes from `Box::into_raw` and is not used again.
        unsafe {
            rcl_node_fini(self.handle);
            drop(Box::from_raw(self.handle));
        }
    }
}
