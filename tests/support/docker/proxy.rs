//! A way to the engine that can be cut, and an engine that never answers.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

const ENGINE: &str = "/var/run/docker.sock";

/// A socket of its own before the engine's.
pub struct Proxy {
    folder: TempDir,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Passes everything on to the engine.
    pub fn open() -> Proxy {
        Proxy::serve(|mut client: UnixStream| async move {
            if let Ok(mut engine) = UnixStream::connect(ENGINE).await {
                tokio::io::copy_bidirectional(&mut client, &mut engine)
                    .await
                    .ok();
            }
        })
    }

    /// Takes every connection and never answers.
    pub fn silent() -> Proxy {
        Proxy::serve(|client: UnixStream| async move {
            let _held = client;
            std::future::pending::<()>().await;
        })
    }

    fn serve<F>(handle: impl Fn(UnixStream) -> F + Send + 'static) -> Proxy
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let folder = TempDir::new().expect("a folder can be made");
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket can be made");
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(handle(client));
            }
        });
        Proxy { folder, server }
    }

    pub fn address(&self) -> String {
        format!("unix://{}", socket(self.folder.path()).display())
    }

    /// Cuts all connections and takes no more.
    pub fn cut(&self) {
        self.server.abort();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("docker.sock")
}
