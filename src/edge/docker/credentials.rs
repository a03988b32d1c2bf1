//! Registry credentials, as `docker login` keeps them.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use bollard::auth::DockerCredentials;
use docker_credential::{CredentialRetrievalError, DockerCredential};

use super::{Engine, EngineError, reference};

/// What is known of the user's login at a registry.
#[derive(Default)]
pub(super) struct Login {
    /// None: ask as nobody in particular.
    pub credentials: Option<DockerCredentials>,
    problem: Option<String>,
}

impl Login {
    /// Adds to a registry's refusal why there were no credentials.
    pub(super) fn explain(&self, error: EngineError) -> EngineError {
        match (error, &self.problem) {
            (EngineError::RegistryDenied { image, cause }, Some(problem)) => {
                let cause = format!("{cause}; the login could not be read: {problem}");
                EngineError::RegistryDenied { image, cause }
            }
            (error, _) => error,
        }
    }
}

impl Engine {
    /// What the user's Docker configuration holds for the image's registry. As in Docker, a login
    /// that cannot be read is no error yet: the image may be there for everyone. A credential
    /// helper is a program, so this runs beside the others.
    pub(super) async fn login(&self, image: &str) -> Login {
        let file = self.shared.docker_config.clone().or_else(default_file);
        let registry = reference::registry(image).to_owned();
        let asked = tokio::task::spawn_blocking(move || look_up(file, &registry));
        let found = self
            .within("give the credentials", self.deadlines().question, asked)
            .await;
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("its helper does not answer".to_owned()),
        };
        match found {
            Ok(credentials) => Login {
                credentials,
                problem: None,
            },
            Err(problem) => Login {
                credentials: None,
                problem: Some(problem),
            },
        }
    }

    /// The credentials of several registries, for a build from their images.
    pub(super) async fn credentials_of_all(
        &self,
        images: &[String],
    ) -> HashMap<String, DockerCredentials> {
        let mut all = HashMap::new();
        for image in images {
            if let Some(credentials) = self.login(image).await.credentials {
                all.insert(reference::registry(image).to_owned(), credentials);
            }
        }
        all
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
