//! Registry credentials, as `docker login` keeps them.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use bollard::auth::DockerCredentials;
use docker_credential::{CredentialRetrievalError, DockerCredential};

use super::{Engine, EngineError, reference};

impl Engine {
    /// What the user's Docker configuration holds for the image's registry, if anything. A
    /// credential helper is a program, so this runs beside the others.
    pub(super) async fn credentials(
        &self,
        image: &str,
    ) -> Result<Option<DockerCredentials>, EngineError> {
        let file = self.shared.docker_config.clone().or_else(default_file);
        let registry = reference::registry(image).to_owned();
        let asked = tokio::task::spawn_blocking(move || look_up(file, &registry));
        let found = self
            .within("give the credentials", self.deadlines().question, asked)
            .await?;
        match found {
            Ok(Ok(credentials)) => Ok(credentials),
            Ok(Err(cause)) => Err(denied(image, cause)),
            Err(error) => Err(denied(image, error.to_string())),
        }
    }

    /// The credentials of several registries, for a build from their images. A registry whose
    /// credentials cannot be had is left out: the build may not need them, and says if it does.
    pub(super) async fn credentials_of_all(
        &self,
        images: &[String],
    ) -> HashMap<String, DockerCredentials> {
        let mut all = HashMap::new();
        for image in images {
            if let Ok(Some(credentials)) = self.credentials(image).await {
                all.insert(reference::registry(image).to_owned(), credentials);
            }
        }
        all
    }
}

fn denied(image: &str, cause: String) -> EngineError {
    EngineError::RegistryDenied {
        image: image.to_owned(),
        cause,
    }
}

fn default_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json"))
}

fn look_up(file: Option<PathBuf>, registry: &str) -> Result<Option<DockerCredentials>, String> {
    let Some(file) = file.and_then(|path| File::open(path).ok()) else {
        return Ok(None);
    };
    match docker_credential::get_credential_from_reader(file, registry) {
        Ok(credential) => Ok(Some(for_bollard(credential, registry))),
        Err(error) if means_none(&error) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A store that has nothing for this registry answers with an error, too.
fn means_none(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            stdout.contains("credentials not found") || stderr.contains("credentials not found")
        }
        _ => false,
    }
}

fn for_bollard(credential: DockerCredential, registry: &str) -> DockerCredentials {
    let serveraddress = Some(registry.to_owned());
    match credential {
        DockerCredential::IdentityToken(token) => DockerCredentials {
            identitytoken: Some(token),
            serveraddress,
            ..Default::default()
        },
        DockerCredential::UsernamePassword(username, password) => DockerCredentials {
            username: Some(username),
            password: Some(password),
            serveraddress,
            ..Default::default()
        },
    }
}
