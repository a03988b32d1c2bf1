//! A registry that falters in the middle of a layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::image::{Unwanted, remove};
use super::registry::Registry;
use super::{World, eventually};

/// More than every answer of a registry but a layer.
const ENOUGH: u64 = 1 << 20;

const DROP: u64 = 1 << 10;
const BETWEEN_DROPS: Duration = Duration::from_millis(20);

/// What comes after the first megabyte of an answer.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    Silence,
    Drops,
    /// The end, and whoever connects again is not heard.
    Cuts,
}

/// Stands before a registry, of whose answers it lets the first megabyte through.
pub struct Dribble {
    /// An image with a layer that is too large to come through.
    pub image: String,
    server: JoinHandle<()>,
    stuck: Arc<AtomicU32>,
    _pulled: Unwanted,
}

impl Dribble {
    pub async fn before(registry: &Registry, world: &World, then: Then) -> Dribble {
        let local = format!("{}:large", world.owner);
        let _built = Unwanted(local.clone());
        crate::build::with_layers(world, &local, &[4 << 20]).await;
        let pushed = registry.push(&local, "large:1").await;
        remove(&local).await;
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it has a number").to_string();
        let image = pushed.replace(&registry.host, &address);
        let stuck = Arc::new(AtomicU32::new(0));
        let server = tokio::spawn(serve(listener, registry.host.clone(), stuck.clone(), then));
        let _pulled = Unwanted(image.clone());
        Dribble {
            image,
            server,
            stuck,
            _pulled,
        }
    }

    /// Waits until the engine waits for the rest.
    pub async fn stuck(&self) {
        eventually("the engine wants more", async || self.waits().then_some(())).await;
    }

    /// Waits until the engine has given up.
    pub async fn let_go(&self) {
        eventually("the engine lets go", async || (!self.waits()).then_some(())).await;
    }

    fn waits(&self) -> bool {
        self.stuck.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Dribble {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, registry: String, stuck: Arc<AtomicU32>, then: Then) {
    let mut connections = JoinSet::new();
    while let Ok((engine, _)) = listener.accept().await {
        let (registry, stuck) = (registry.clone(), stuck.clone());
        connections.spawn(async move {
            let cut = then == Then::Cuts && stuck.load(Ordering::SeqCst) > 0;
            if !cut && let Ok(server) = TcpStream::connect(registry).await {
                pass_on(engine, server, &stuck, then).await;
            }
        });
    }
}

async fn pass_on(engine: TcpStream, server: TcpStream, stuck: &AtomicU32, then: Then) {
    let (mut asked, mut told) = engine.into_split();
    let (mut answer, mut question) = server.into_split();
    let answers = async {
        let passed = copy(&mut (&mut answer).take(ENOUGH), &mut told).await;
        let large = passed.is_ok_and(|n| n == ENOUGH);
        let held = large.then(|| Stuck::on(stuck));
        match then {
            // It stays stuck, whatever comes.
            Then::Cuts => std::mem::forget(held),
            Then::Silence => std::future::pending().await,
            Then::Drops => drip(answer, told).await,
        }
    };
    tokio::select! {
        _ = copy(&mut asked, &mut question) => {}
        () = answers => {}
    }
}

async fn drip(mut answer: OwnedReadHalf, mut told: OwnedWriteHalf) {
    while copy(&mut (&mut answer).take(DROP), &mut told)
        .await
        .is_ok_and(|n| n > 0)
    {
        tokio::time::sleep(BETWEEN_DROPS).await;
    }
}

/// A connection whose other end waits for more.
struct Stuck<'a>(&'a AtomicU32);

impl Stuck<'_> {
    fn on(count: &AtomicU32) -> Stuck<'_> {
        count.fetch_add(1, Ordering::SeqCst);
        Stuck(count)
    }
}

impl Drop for Stuck<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
