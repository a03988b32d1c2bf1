//! The types of messages, from the libraries that ROS installs with them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use libloading::Library;
use r2r_rcl::rosidl_message_type_support_t;

/// Libraries that were loaded. They stay: the middleware keeps what it got from them.
static LOADED: Mutex<Option<HashMap<String, Library>>> = Mutex::new(None);

/// Where a type is to be had.
type Get = unsafe extern "C" fn() -> *const rosidl_message_type_support_t;

/// The type is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum NoType {
    /// It is no name of a type.
    #[error("{0} is not the name of a message's type")]
    Name(String),
    /// Its package is not installed, or has no such type.
    #[error("the type {0} is not installed where shipmate runs")]
    NotInstalled(String),
}

/// What the middleware has to know of a type.
pub struct MessageType(*const rosidl_message_type_support_t);

impl MessageType {
    /// The type of this name, such as std_msgs/msg/String.
    pub fn load(name: &str) -> Result<Self, NoType> {
        // The name comes from the network: nothing else than a library of this kind may be loaded.
        let (package, message) = parts(name).ok_or_else(|| NoType::Name(name.to_owned()))?;
        let missing = || NoType::NotInstalled(name.to_owned());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded.get_or_insert_default();
        if !loaded.contains_key(package) {
            let library = load(package).ok_or_else(missing)?;
            loaded.insert(package.to_owned(), library);
        }
        let library = loaded.get(package).ok_or_else(missing)?;
        let symbol = format!(
            "rosidl_typesupport_c__get_message_type_support_handle__{package}__msg__{message}"
        );
        // SAFETY: rosidl defines symbols of this name as functions of this kind, which return the
        // address of a constant. The library stays loaded.
        let handle = unsafe {
            let get = library
                .get::<Get>(symbol.as_bytes())
                .map_err(|_| missing())?;
            get()
        };
        (!handle.is_null())
            .then_some(Self(handle))
            .ok_or_else(missing)
    }

    pub(super) fn handle(&self) -> *const rosidl_message_type_support_t {
        self.0
    }
}

/// Package and name of a type.
fn parts(name: &str) -> Option<(&str, &str)> {
    let is_word = |word: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !word.is_empty() && word.chars().all(fits)
    };
    let (package, rest) = name.split_once('/')?;
    let message = rest.strip_prefix("msg/")?;
    (is_word(package) && is_word(message)).then_some((package, message))
}

/// The package's library: where the user has sourced it, or else where the linker finds it.
fn load(package: &str) -> Option<Library> {
    let file = format!("lib{package}__rosidl_typesupport_c.so");
    let prefixes = std::env::var_os("AMENT_PREFIX_PATH").unwrap_or_default();
    let sourced = std::env::split_paths(&prefixes).map(|prefix| prefix.join("lib").join(&file));
    let found = sourced.filter(|path| path.is_file());
    found
        .chain([PathBuf::from(&file)])
        // SAFETY: loading such a library runs nothing but what rosidl generates, which registers
        // nothing; it is as much to be trusted as the ROS that this program is linked to.
        .find_map(|path| unsafe { Library::new(path) }.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_installed_or_not() {
        assert!(MessageType::load("lifecycle_msgs/msg/State").is_ok());
        for missing in ["lifecycle_msgs/msg/Nothing", "nowhere_msgs/msg/State"] {
            let error = MessageType::load(missing).err().map(|e| e.to_string());
            let said = format!("the type {missing} is not installed where shipmate runs");
            assert_eq!(error, Some(said));
        }
    }

    #[test]
    fn only_names_of_types_are_taken() {
        assert_eq!(parts("std_msgs/msg/String"), Some(("std_msgs", "String")));
        for wrong in [
            "",
            "std_msgs",
            "std_msgs/String",
            "../x/msg/String",
            "a/msg/b/c",
            "a/msg/",
            "/msg/B",
            "a/srv/B",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
