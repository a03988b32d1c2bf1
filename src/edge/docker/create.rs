//! Creates a container from its specification.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use bollard::query_parameters::{CreateContainerOptions, InspectContainerOptions};

use super::body::body_of;
use super::classify::{self, Asked};
use super::{Engine, EngineError, Failure};
use crate::domain::container::ContainerSpec;

/// How often a name that frees itself in the very moment is tried again.
const TRIES: u32 = 3;

impl Engine {
    /// Creates a container, and answers with its id. When its name is taken by a container with
    /// all of its labels that does not run, this is the one of an earlier try, and its id is the
    /// answer. It comes with its files and is on its networks, or it is not left behind.
    pub async fn create(&self, spec: &ContainerSpec) -> Result<String, EngineError> {
        self.ensure_networks(&spec.networks).await?;
        let id = self.create_alone(spec).await?;
        self.put_files_or_remove(&id, &spec.files).await?;
        if let Err(error) = self.join(&id, &spec.networks).await {
            // It has not been started. Should this fail too, its start puts it on them.
            self.remove(&id).await.ok();
            return Err(error);
        }
        Ok(id)
    }

    async fn create_alone(&self, spec: &ContainerSpec) -> Result<String, EngineError> {
        let body = body_of(spec, &self.shared.owner);
        for _ in 0..TRIES {
            match self.try_create(spec, body.clone()).await? {
                Ok(id) => return Ok(id),
                Err(failure) if classify::status(&failure) == Some(409) => {
                    if let Some(id) = self.holder_of(spec).await? {
                        return Ok(id);
                    }
                }
                Err(failure) => return Err(self.cannot_create(&failure, spec)),
            }
        }
        Err(EngineError::NameTaken {
            name: spec.name.clone(),
            holder: spec.name.clone(),
        })
    }

    async fn try_create(
        &self,
        spec: &ContainerSpec,
        body: ContainerCreateBody,
    ) -> Result<Result<String, Failure>, EngineError> {
        let client = self.client()?;
        let options = CreateContainerOptions {
            name: Some(spec.name.clone()),
            ..Default::default()
        };
        let answer = client.create_container(Some(options), body);
        let answer = self
            .within("create the container", self.deadlines().create, answer)
            .await?;
        Ok(answer.map(|created| created.id))
    }

    /// The id of the container that has the name, if it is the same one; None when it is gone.
    async fn holder_of(&self, spec: &ContainerSpec) -> Result<Option<String>, EngineError> {
        let Some(holder) = self.find(&spec.name).await? else {
            return Ok(None);
        };
        let id = holder.id.clone().unwrap_or_default();
        match is_same(&holder, spec) {
            true => Ok(Some(id)),
            false => Err(EngineError::NameTaken {
                name: spec.name.clone(),
                holder: id,
            }),
        }
    }

    /// What the engine knows of a container, by name or id.
    pub(super) async fn find(
        &self,
        name: &str,
    ) -> Result<Option<ContainerInspectResponse>, EngineError> {
        let what = "inspect a container";
        let client = self.client()?;
        let asked = client.inspect_container(name, None::<InspectContainerOptions>);
        match self.within(what, self.deadlines().question, asked).await? {
            Ok(found) => Ok(Some(found)),
            Err(failure) if classify::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }

    fn cannot_create(&self, failure: &Failure, spec: &ContainerSpec) -> EngineError {
        let asked = Asked {
            what: "create the container",
            image: Some(&spec.image),
        };
        classify::explain(&self.shared.address, failure, asked)
    }
}

/// Whether a container that has the name is an earlier try of this very one: all labels are
/// there, and it does not run.
fn is_same(found: &ContainerInspectResponse, spec: &ContainerSpec) -> bool {
    let theirs = found.config.as_ref().and_then(|c| c.labels.as_ref());
    let ours = theirs.is_some_and(|theirs| {
        !spec.labels.is_empty()
            && spec
                .labels
                .iter()
                .all(|(name, value)| theirs.get(name) == Some(value))
    });
    let runs = found.state.as_ref().and_then(|state| state.running);
    ours && runs != Some(true)
}
