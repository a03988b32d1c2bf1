//! Gives containers other names.

use bollard::query_parameters::RenameContainerOptions;

use super::{Engine, EngineError, Failure, classify};

const WHAT: &str = "rename the container";

impl Engine {
    /// Gives a container another name; one that has it already is as good.
    ///
    /// # Errors
    /// `NameTaken` when another container has the name, `Refused` when the container is gone or
    /// the name is none.
    pub async fn rename(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let client = self.client()?;
        let options = RenameContainerOptions {
            name: name.to_owned(),
        };
        let asked = client.rename_container(id, options);
        match self.within(WHAT, self.deadlines().rename, asked).await? {
            Ok(()) => Ok(()),
            Err(failure) => self.not_renamed(id, name, &failure).await,
        }
    }

    /// Why it was not renamed. The engine says the same of a container that has the name already,
    /// which happens when an earlier answer was lost, and of another that has it.
    async fn not_renamed(
        &self,
        id: &str,
        name: &str,
        failure: &Failure,
    ) -> Result<(), EngineError> {
        let refused = Err(self.explain(failure, WHAT));
        if classify::status(failure).is_none_or(|status| status == 404) {
            return refused;
        }
        let Some(holder) = self.named(name).await? else {
            return refused;
        };
        match self.find(id).await? {
            Some(ours) if ours.id.as_ref() == Some(&holder) => Ok(()),
            Some(_) => Err(EngineError::NameTaken {
                name: name.to_owned(),
                holder,
            }),
            None => refused,
        }
    }

    /// The id of the container that has this very name; the engine would also take it for the
    /// beginning of an id.
    async fn named(&self, name: &str) -> Result<Option<String>, EngineError> {
        let Some(found) = self.find(name).await? else {
            return Ok(None);
        };
        let same = found.name.as_deref().map(|n| n.trim_start_matches('/')) == Some(name);
        Ok(found.id.filter(|_| same))
    }
}
