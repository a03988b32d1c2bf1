//! A way to the engine that can be cut, and engines that never answer or only repeat themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

    /// Answers every question with the same few messages, again and again.
    pub fn babbling(messages: &[&str]) -> Proxy {
        let chunk = |m: &&str| format!("{:x}\r\n{m}\n\r\n", m.len() + 1);
        let chunks: String = messages.iter().map(chunk).collect();
        Proxy::serve(move |mut client: UnixStream| {
            let chunks = chunks.clone();
            async move {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                            Transfer-Encoding: chunked\r\n\r\n";
                let mut question = Vec::new();
                while !question.ends_with(b"\r\n\r\n")
                    && client.read_buf(&mut question).await.is_ok_and(|n| n > 0)
                {}
                let mut said = client.write_all(head.as_bytes()).await;
                while said.is_ok() {
                    said = client.write_all(chunks.as_bytes()).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
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
