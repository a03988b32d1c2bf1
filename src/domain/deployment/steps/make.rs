//! One step, made of what was asked for.

use super::{ImageSource, Step, StepKey};
use crate::domain::deployment::containers::{Identity, container_name};
use crate::domain::deployment::executable::Operation;
use crate::domain::deployment::{Deployment, ExecutableKey};

impl Deployment {
    pub(super) fn step(
        &self,
        key: &ExecutableKey,
        operation: Operation,
        identity: &Identity,
    ) -> Option<Step> {
        let step_key = self.step_key(key);
        let state = self.state(key)?;
        let executable = self.executable_of(key)?;
        Some(match operation {
            Operation::Fetch => Step::Fetch {
                key: step_key,
                image: self.image_source(key)?,
                folder: self.order.folder.clone(),
            },
            Operation::CancelFetch => Step::CancelFetch { key: step_key },
            Operation::Create => match self.not_makeable(key) {
                Some(failure) => Step::Refuse {
                    key: step_key,
                    failure,
                },
                None => Step::Create {
                    key: step_key,
                    spec: Box::new(self.container_spec(key, identity)?),
                    folder: self.order.folder.clone(),
                },
            },
            Operation::Start => Step::Start {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                networks: self.networks(key, identity),
            },
            Operation::Stop => Step::Stop {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                grace: executable.stop_grace_period.0,
            },
            Operation::Resume => Step::Resume {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
            },
            Operation::Rename => Step::Rename {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                name: self.own_name(key, identity)?,
            },
            Operation::TakeDown => Step::TakeDown {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                grace: executable.stop_grace_period.0,
                networks: { self.networks(key, identity).into_iter() }
                    .map(|network| network.name)
                    .collect(),
            },
        })
    }

    /// Where an executable's image comes from.
    pub(super) fn image_source(&self, key: &ExecutableKey) -> Option<ImageSource> {
        let (_, executable) = self.manifest_of(key)?;
        Some(match self.build_of(key) {
            Some(build) => ImageSource::Build(build),
            None => ImageSource::Pull {
                image: self.image_of(key),
                policy: executable.pull,
            },
        })
    }

    /// What the container of an executable is called.
    pub fn own_name(&self, key: &ExecutableKey, identity: &Identity) -> Option<String> {
        let (component, executable) = self.names_of(key)?;
        let name = &self.order.name;
        Some(container_name(
            &identity.prefix,
            name,
            component,
            executable,
        ))
    }

    /// Where a step for an executable belongs.
    pub fn step_key(&self, key: &ExecutableKey) -> StepKey {
        StepKey {
            deployment: self.order.id.clone(),
            revision: self.order.revision,
            executable: key.clone(),
        }
    }
}
