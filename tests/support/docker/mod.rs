//! What a test needs of a real Docker engine: an image, containers of its own, and their end.

pub mod dribble;
pub mod image;
pub mod proxy;
pub mod registry;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{ListNetworksOptions, ListVolumesOptions, RemoveVolumeOptions};
use shipmate::domain::container::{ContainerFacts, ContainerSpec, ContainerState, Exit, labels};
use shipmate::edge::docker::{Deadlines, Engine, EngineError};

pub const IMAGE: &str = "shipmate-test/busybox:local";

/// A test's own corner of the engine: whatever it makes there goes when this is dropped, however
/// the test ends.
pub struct World {
    pub engine: Engine,
    pub owner: String,
}

impl World {
    pub async fn new() -> World {
        World::with(Deadlines::default()).await
    }

    pub async fn with(deadlines: Deadlines) -> World {
        image::ensure().await;
        let owner = unique();
        let engine = Engine::connect("", &owner, deadlines).expect("the engine's address is right");
        World { engine, owner }
    }

    /// A container of this test's that runs the command.
    pub fn spec(&self, name: &str, command: &[&str]) -> ContainerSpec {
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        ContainerSpec {
            name: format!("{}-{name}", self.owner),
            image: IMAGE.to_owned(),
            entrypoint: None,
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            environment: BTreeMap::from([label("TINI_KILL_PROCESS_GROUP", "1")]),
            labels: BTreeMap::from([
                label(labels::OWNER, &self.owner),
                label(labels::EXECUTABLE, name),
            ]),
            hostname: None,
            working_directory: None,
            user: None,
            mounts: Vec::new(),
            devices: Vec::new(),
            gpus: None,
            shared_memory: None,
            nano_cpus: None,
            memory: None,
            capabilities: Vec::new(),
            privileged: false,
            network: Default::default(),
            ipc: Default::default(),
            networks: Vec::new(),
            ports: Vec::new(),
            stop_signal: Default::default(),
            stop_grace: 5,
            files: Vec::new(),
        }
    }

    /// A container of this test's that runs a shell script.
    pub fn script(&self, name: &str, script: &str) -> ContainerSpec {
        self.spec(name, &["sh", "-c", script])
    }

    /// Creates and starts a container.
    pub async fn run(&self, spec: &ContainerSpec) -> Result<String, EngineError> {
        let id = self.engine.create(spec).await?;
        self.engine.start(&id).await.map(|()| id)
    }

    pub async fn facts(&self, id: &str) -> ContainerFacts {
        let facts = self.engine.inspect(id).await.expect("the engine answers");
        facts.expect("the container is there")
    }

    /// Waits until the container has ended.
    pub async fn ended(&self, id: &str) -> Exit {
        eventually("the container ends", async || {
            match self.facts(id).await.state {
                ContainerState::Exited(exit) => Some(exit),
                _ => None,
            }
        })
        .await
    }

    /// Waits until the container has written the text.
    pub async fn wrote(&self, id: &str, text: &str) {
        eventually(text, async || {
            let output = self.engine.logs_tail(id, 100).await.ok()?;
            output.contains(text).then_some(())
        })
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let (engine, owner) = (self.engine.clone(), self.owner.clone());
        finish(async move {
            // Not trusting the list: what is tested here may be broken, and others live beside it.
            let ours = |c: &ContainerFacts| c.labels.get(labels::OWNER) == Some(&owner);
            let listed = engine.list().await.unwrap_or_default();
            for container in listed.iter().filter(|container| ours(container)) {
                engine.take_down(&container.id, 0).await.ok();
            }
            remove_volumes(&owner).await;
            remove_networks(&owner).await;
        });
    }
}

async fn remove_volumes(owner: &str) {
    let docker = docker();
    let filter = (
        "label".to_owned(),
        vec![format!("{}={owner}", labels::OWNER)],
    );
    let options = ListVolumesOptions {
        filters: Some([filter].into()),
    };
    let found = docker.list_volumes(Some(options)).await;
    for volume in found
        .ok()
        .and_then(|found| found.volumes)
        .unwrap_or_default()
    {
        let force = RemoveVolumeOptions { force: true };
        docker.remove_volume(&volume.name, Some(force)).await.ok();
    }
}

async fn remove_networks(owner: &str) {
    let docker = docker();
    let filter = (
        "label".to_owned(),
        vec![format!("{}={owner}", labels::OWNER)],
    );
    let options = ListNetworksOptions {
        filters: Some([filter].into()),
    };
    let found = docker.list_networks(Some(options)).await;
    for network in found.unwrap_or_default() {
        let id = network.id.unwrap_or_default();
        docker.remove_network(&id).await.ok();
    }
}

/// The plain engine, for what shipmate does not do itself.
pub fn docker() -> Docker {
    Docker::connect_with_defaults().expect("Docker's socket is there")
}

/// Runs a future to its end where nothing can be awaited: in `drop`, even during a panic.
pub fn finish(work: impl Future<Output = ()> + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build();
        runtime.expect("a runtime starts").block_on(work);
    };
    std::thread::spawn(run).join().ok();
}

/// A name that no other test has, in this process or another.
pub fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("shipmate-test-{}-{count}", std::process::id())
}

/// Asks until there is an answer, for at most 30 seconds.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), asking).await;
    answer.unwrap_or_else(|_| panic!("not within 30 s: {what}"))
}
