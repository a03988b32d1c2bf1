//! What an engine's error means for a deployment.

use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::world::StepError;
use crate::edge::docker::EngineError;

/// What an engine's error means for the step that met it.
pub fn step_error(error: &EngineError) -> StepError {
    match error {
        EngineError::Unreachable { .. } | EngineError::NotPermitted { .. } => {
            StepError::Unreachable(error.to_string())
        }
        other => StepError::Failed(failure(other)),
    }
}

/// What an engine's error means, with its code.
pub fn failure(error: &EngineError) -> Failure {
    let code = match error {
        EngineError::Unreachable { .. } | EngineError::NotPermitted { .. } => {
            ErrorCode::DeviceUnreachable
        }
        EngineError::ImageNotFound { .. } => ErrorCode::ImageNotFound,
        EngineError::RegistryUnreachable { .. } => ErrorCode::RegistryUnreachable,
        EngineError::RegistryDenied { .. } => ErrorCode::RegistryDenied,
        EngineError::PullStalled { .. } => ErrorCode::PullStalled,
        EngineError::BuildFailed { .. } => ErrorCode::BuildFailed,
        EngineError::NameTaken { .. } | EngineError::NetworkTaken { .. } => ErrorCode::NameTaken,
        EngineError::PortInUse { .. } => ErrorCode::PortInUse,
        EngineError::DiskFull { .. } => ErrorCode::DiskFull,
        EngineError::CommandNotFound { .. } => ErrorCode::ExecutableFailed,
        EngineError::PathNotFound { .. } | EngineError::DeviceNotFound { .. } => {
            ErrorCode::PathNotFound
        }
        EngineError::Deadline { .. } => ErrorCode::TooSlow,
        EngineError::Refused { .. } | EngineError::NetworksExhausted { .. } => {
            ErrorCode::EngineRefused
        }
    };
    Failure::new(code, error.to_string())
}
