//! Where paths really lead. The domain compares paths as they are written; a symbolic link below
//! an allowed folder could lead anywhere, so the policy is asked again about the real path, and
//! the engine is given that one.

use std::io::ErrorKind;
use std::time::Duration;

use crate::domain::container::{BuildSpec, ContainerSpec, MountSource};
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::policy::Policy;

/// How long a path may take to be looked up.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A policy that knows where the folders that it allows really are.
#[derive(Clone, Debug)]
pub struct RealPolicy {
    policy: Policy,
    local: bool,
}

impl RealPolicy {
    /// Looks up where a policy's folders really are. One that does not exist stays as written.
    /// Without `local` the engine is another machine's, whose paths cannot be looked up here.
    pub fn new(mut policy: Policy, local: bool) -> Self {
        for list in [&mut policy.host_paths, &mut policy.read_only_host_paths] {
            let real: Vec<String> = list
                .iter()
                .filter_map(|path| std::fs::canonicalize(path).ok())
                .map(|path| path.display().to_string())
                .collect();
            list.extend(real);
        }
        Self { policy, local }
    }

    /// Puts real paths into a container's mounts.
    ///
    /// # Errors
    /// When a path leads to where the policy does not allow.
    pub async fn resolve_mounts(
        &self,
        spec: &mut ContainerSpec,
        folder: Option<&str>,
    ) -> Result<(), Failure> {
        for mount in &mut spec.mounts {
            if let MountSource::Path(path) = &mut mount.source {
                self.resolve(path, !mount.read_only, folder).await?;
            }
        }
        Ok(())
    }

    /// Puts the real path into a build.
    ///
    /// # Errors
    /// When the context leads to where the policy does not allow.
    pub async fn resolve_context(
        &self,
        spec: &mut BuildSpec,
        folder: Option<&str>,
    ) -> Result<(), Failure> {
        self.resolve(&mut spec.context, false, folder).await
    }

    async fn resolve(
        &self,
        path: &mut String,
        write: bool,
        folder: Option<&str>,
    ) -> Result<(), Failure> {
        if !self.local {
            return Ok(());
        }
        // A share whose server is away answers only after minutes, if at all.
        let asked = tokio::time::timeout(ANSWER_WITHIN, tokio::fs::canonicalize(&*path));
        let real = match asked.await {
            Err(_) => {
                let reason = format!(
                    "{path} does not answer within {} s; is it on a share that is away?",
                    ANSWER_WITHIN.as_secs()
                );
                return Err(Failure::new(ErrorCode::PathNotFound, reason));
            }
            Ok(answer) => answer,
        };
        let real = match real {
            Ok(real) => real.display().to_string(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let reason = format!("{path} is not on this machine; make it, or correct the path");
                return Err(Failure::new(ErrorCode::PathNotFound, reason));
            }
            Err(error) => {
                let reason = format!("{path} cannot be used: {error}");
                return Err(Failure::new(ErrorCode::PathNotFound, reason));
            }
        };
        if real != *path {
            self.policy
                .check_path(&real, write, folder)
                .map_err(|why| {
                    let reason = format!("{path} leads to {real}, and {why}");
                    Failure::new(ErrorCode::NotAllowed, reason)
                })?;
            *path = real;
        }
        Ok(())
    }
}
