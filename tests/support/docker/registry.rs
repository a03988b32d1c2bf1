//! A real registry on a loopback port, with a password if wanted.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use bollard::auth::DockerCredentials;
use bollard::query_parameters::{PushImageOptions, TagImageOptions};
use futures::TryStreamExt;
use tempfile::TempDir;

use super::{docker, eventually};

pub const USER: &str = "robot";
pub const PASSWORD: &str = "open sesame";

/// The password above, in the only form that the registry takes.
const HTPASSWD: &str = "robot:$2b$05$OMeoCry4ub4.zrSheWiWLOvTbB8gw19GXGpiRYtdLeTNB5MlP1mt6\n";

/// Debian's docker-registry; it ends when this is dropped.
pub struct Registry {
    pub host: String,
    folder: TempDir,
    server: Child,
}

impl Registry {
    /// Starts a registry that anyone may use.
    pub async fn open() -> Registry {
        Registry::start("").await
    }

    /// Starts a registry that wants [`USER`] and [`PASSWORD`].
    pub async fn locked() -> Registry {
        Registry::start("auth:\n  htpasswd:\n    realm: test\n    path: FOLDER/htpasswd\n").await
    }

    async fn start(auth: &str) -> Registry {
        let folder = TempDir::new().expect("a folder can be made");
        let host = format!("127.0.0.1:{}", free_port());
        let path = folder.path().display().to_string();
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: \
             FOLDER/data\nhttp:\n  addr: {host}\n{auth}"
        );
        let file = folder.path().join("config.yml");
        std::fs::write(&file, config.replace("FOLDER", &path)).expect("the settings are written");
        std::fs::write(folder.path().join("htpasswd"), HTPASSWD).expect("so is the password");
        let server = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's docker-registry is installed");
        let registry = Registry {
            host,
            folder,
            server,
        };
        eventually("the registry answers", async || {
            tokio::net::TcpStream::connect(&registry.host).await.ok()
        })
        .await;
        registry
    }

    /// The name of an image in this registry.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// Puts a local image into the registry, under this name.
    pub async fn push(&self, local: &str, name: &str) -> String {
        let image = self.image(name);
        let (repo, tag) = image.rsplit_once(':').expect("the name has a tag");
        let options = TagImageOptions {
            repo: Some(repo.to_owned()),
            tag: Some(tag.to_owned()),
        };
        let docker = docker();
        let tagged = docker.tag_image(local, Some(options)).await;
        tagged.expect("the image gets its name");
        let options = PushImageOptions {
            tag: Some(tag.to_owned()),
            ..Default::default()
        };
        let credentials = DockerCredentials {
            username: Some(USER.to_owned()),
            password: Some(PASSWORD.to_owned()),
            ..Default::default()
        };
        let messages = docker.push_image(repo, Some(options), Some(credentials));
        let done: Result<Vec<_>, _> = messages.try_collect().await;
        done.expect("the image is pushed");
        super::image::remove(&image).await;
        image
    }

    /// A Docker configuration that holds this password for the registry.
    pub fn login(&self, password: &str) -> PathBuf {
        let auths = serde_json::json!({
            "auths": { &self.host: { "username": USER, "password": password } }
        });
        let file = self.folder.path().join("config.json");
        std::fs::write(&file, auths.to_string()).expect("the login is written");
        file
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has a number").port()
}
