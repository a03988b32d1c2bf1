//! Gathers the facts, beside each other. What is not there in time is said to be so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::doctor::facts::{
    Disk, EngineFacts, EngineTrouble, Environment, Facts, Firewall, Interface, Looked,
};
use crate::domain::doctor::variables::{self, is_about_ros, said};
use crate::edge::docker::{Engine, EngineError};
use crate::edge::machine;

/// How long each look may take.
const WITHIN: Duration = Duration::from_secs(4);
/// On how many interfaces multicast is tried: a machine may have one for each of its networks.
const INTERFACES: usize = 16;

/// Everything; `state_folder` is where shipmate keeps its state.
pub async fn facts(engine: &Engine, state_folder: &Path) -> Facts {
    let environment = environment();
    let (engine, interfaces, firewall, files, rest) = futures::join!(
        of_engine(engine),
        interfaces(),
        firewall(),
        files(&environment),
        of_kernel(&environment),
    );
    let disks = disks(&engine, state_folder).await;
    let (middleware, socket_buffers, shared_memory, multicast_route) = rest;
    Facts {
        engine,
        disks,
        interfaces,
        multicast_route,
        firewall,
        files,
        middleware,
        socket_buffers,
        shared_memory,
        user: machine::user(),
        environment,
    }
}

/// The variables of this process that are about ROS.
fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|it| is_about_ros(it))?;
            Some((name, value.to_string_lossy().into_owned()))
        })
        .collect()
}

async fn of_engine(engine: &Engine) -> Result<EngineFacts, EngineTrouble> {
    let about = match tokio::time::timeout(WITHIN, engine.about()).await {
        Ok(Ok(about)) => about,
        Ok(Err(error)) => return Err(trouble(error)),
        Err(_) => {
            return Err(EngineTrouble::Away {
                address: engine.address(),
                cause: late(),
            });
        }
    };
    let (networks, nameless_images, bridge, containers) = futures::join!(
        asked(engine.count_networks()),
        asked(engine.count_nameless_images()),
        asked(engine.bridge_interface()),
        asked(engine.running()),
    );
    Ok(EngineFacts {
        address: engine.address(),
        is_local: engine.is_local(),
        about,
        networks,
        nameless_images,
        bridge,
        containers,
    })
}

fn trouble(error: EngineError) -> EngineTrouble {
    match error {
        EngineError::Unreachable { address, cause } => EngineTrouble::Away { address, cause },
        EngineError::NotPermitted { address } => EngineTrouble::NotPermitted { address },
        other => EngineTrouble::Other(other.to_string()),
    }
}

async fn asked<T>(question: impl Future<Output = Result<T, EngineError>>) -> Looked<T> {
    match tokio::time::timeout(WITHIN, question).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(late()),
    }
}

fn late() -> String {
    format!("no answer within {} s", WITHIN.as_secs())
}

/// Looks where a look may hang, as on a disk that is on another machine. The thread is let go then;
/// it ends with its look.
async fn looked<T: Send + 'static>(look: impl FnOnce() -> Looked<T> + Send + 'static) -> Looked<T> {
    match tokio::time::timeout(WITHIN, tokio::task::spawn_blocking(look)).await {
        Ok(done) => done.unwrap_or_else(|error| Err(format!("the look failed: {error}"))),
        Err(_) => Err(late()),
    }
}

async fn disks(engine: &Result<EngineFacts, EngineTrouble>, state_folder: &Path) -> Vec<Disk> {
    let mut folders = vec![("shipmate's state", state_folder.to_owned())];
    let local = engine.as_ref().ok().filter(|engine| engine.is_local);
    if let Some(engine) = local.filter(|engine| !engine.about.root_dir.is_empty()) {
        folders.push(("Docker's images", PathBuf::from(&engine.about.root_dir)));
    }
    let looks = folders.into_iter().map(|(holds, folder)| async move {
        Disk {
            holds: holds.to_owned(),
            path: folder.display().to_string(),
            space: looked(move || machine::space(&folder)).await,
        }
    });
    futures::future::join_all(looks).await
}

async fn interfaces() -> Looked<Vec<Interface>> {
    let mut interfaces = looked(machine::interfaces).await?;
    let mut tried = 0;
    let tries = interfaces
        .iter_mut()
        .filter(|it| it.is_up && it.can_multicast);
    let tries = tries.map(|interface| {
        tried += 1;
        let address = (tried <= INTERFACES).then_some(interface.address);
        async move {
            interface.multicast_heard = Some(match address {
                Some(address) => looked(move || machine::multicast_heard(address)).await,
                None => Err(format!("it was tried on {INTERFACES} interfaces only")),
            });
        }
    });
    futures::future::join_all(tries).await;
    Ok(interfaces)
}

async fn firewall() -> Firewall {
    let printed = |program, arguments: &'static [&'static str]| async move {
        let printed = machine::printed(program, arguments);
        { tokio::time::timeout(WITHIN, printed).await }.unwrap_or_else(|_| Some(Err(late())))
    };
    // `-w`: somebody else may be changing rules at the moment.
    let (iptables, nft) = futures::join!(
        printed("iptables", &["-w", "2", "-S"]),
        printed("nft", &["list", "ruleset"]),
    );
    Firewall { iptables, nft }
}

async fn files(environment: &Environment) -> BTreeMap<String, Looked<bool>> {
    let looks = variables::files(environment).into_iter().map(|path| async {
        let file = path.clone();
        (path, looked(move || machine::is_there(&file)).await)
    });
    { futures::future::join_all(looks).await }
        .into_iter()
        .collect()
}

async fn of_kernel(
    environment: &Environment,
) -> (
    Looked<crate::domain::doctor::facts::Middleware>,
    Looked<(u64, u64)>,
    Looked<crate::domain::doctor::facts::SharedMemory>,
    Looked<bool>,
) {
    let prefixes = said(environment, "AMENT_PREFIX_PATH")
        .unwrap_or_default()
        .to_owned();
    let libraries = std::env::var("LD_LIBRARY_PATH").unwrap_or_default();
    futures::join!(
        looked(move || Ok(machine::middleware(&prefixes, &libraries))),
        looked(machine::socket_buffers),
        looked(machine::shared_memory),
        looked(machine::multicast_route),
    )
}
