//! Asks services.

use std::marker::PhantomData;
use std::rc::Rc;

use r2r::{WrappedServiceTypeSupport, WrappedTypesupport};
use r2r_rcl::*;

use super::{Node, RclError, Waitable, c_text, check, is};

/// A client of a service.
pub struct Client<S> {
    handle: *mut rcl_client_t,
    node: Rc<Node>,
    service: PhantomData<S>,
}

impl<S: WrappedServiceTypeSupport> Client<S> {
    /// A client of the service with this name.
    pub fn new(node: &Rc<Node>, name: &str) -> Result<Self, RclError> {
        const WHAT: &str = "the client could not be made";
        let name = c_text(WHAT, name)?;
        // SAFETY: both only return values.
        let (zero, options) = unsafe {
            (
                rcl_get_zero_initialized_client(),
                rcl_client_get_default_options(),
            )
        };
        let handle = Box::into_raw(Box::new(zero));
        // SAFETY: the name ends with a NUL, node and type support are valid, the client is
        // zero-initialised; rcl copies name and options.
        let answer =
            unsafe { rcl_client_init(handle, node.handle(), S::get_ts(), name.as_ptr(), &options) };
        if let Err(error) = check(WHAT, answer) {
            // SAFETY: the pointer comes from `Box::into_raw` above; rcl does not keep it.
            drop(unsafe { Box::from_raw(handle) });
            return Err(error);
        }
        Ok(Self {
            handle,
            node: Rc::clone(node),
            service: PhantomData,
        })
    }

    /// Whether a server is there that will get a request.
    pub fn has_server(&self) -> Result<bool, RclError> {
        let mut there = false;
        // SAFETY: node and client are valid since `new`.
        let answer =
            unsafe { rcl_service_server_is_available(self.node.handle(), self.handle, &mut there) };
        check("the server could not be looked for", answer)?;
        Ok(there)
    }

    /// Sends a request; the number that its answer will have.
    pub fn send(&mut self, request: &S::Request) -> Result<i64, RclError> {
        let native: Native<S::Request> =
            Native::new().ok_or_else(|| RclError::new("a request", "out of memory"))?;
        let mut number = 0;
        // SAFETY: the message is valid since `Native::new`, and of the type that the client was made
        // for; rcl does not keep it.
        let answer = unsafe {
            request.copy_to_native(&mut *native.0);
            rcl_send_request(self.handle, native.0.cast(), &mut number)
        };
        check("the request could not be sent", answer)?;
        Ok(number)
    }

    /// Takes the next answer that has arrived, with its number.
    pub fn take(&mut self) -> Result<Option<(i64, S::Response)>, RclError> {
        let native: Native<S::Response> =
            Native::new().ok_or_else(|| RclError::new("an answer", "out of memory"))?;
        // SAFETY: a header is numbers alone, for which zero is a value; the message is valid since
        // `Native::new` and of the type that the client was made for.
        let (answer, header) = unsafe {
            let mut header: rmw_request_id_t = std::mem::zeroed();
            let answer = rcl_take_response(self.handle, &mut header, native.0.cast());
            (answer, header)
        };
        if is(answer, RCL_RET_CLIENT_TAKE_FAILED) {
            return Ok(None);
        }
        check("the answer could not be taken", answer)?;
        // SAFETY: rcl has filled the message.
        let response = S::Response::from_native(unsafe { &*native.0 });
        Ok(Some((header.sequence_number, response)))
    }

    /// For the wait set.
    pub fn waitable(&self) -> Waitable<'_> {
        Waitable::Client(self.handle, PhantomData)
    }
}

impl<S> Drop for Client<S> {
    fn drop(&mut self) {
        // SAFETY: the client is valid since `new`, and the node lives still. The pointer comes from
        // `Box::into_raw` and is not used again.
        unsafe {
            rcl_client_fini(self.handle, self.node.handle());
            drop(Box::from_raw(self.handle));
        }
    }
}

/// A message as rcl has it.
struct Native<T: WrappedTypesupport>(*mut T::CStruct);

impl<T: WrappedTypesupport> Native<T> {
    /// An empty one; None when there is no memory.
    fn new() -> Option<Self> {
        let message = T::create_msg();
        (!message.is_null()).then_some(Self(message))
    }
}

impl<T: WrappedTypesupport> Drop for Native<T> {
    fn drop(&mut self) {
        T::destroy_msg(self.0);
    }
}
