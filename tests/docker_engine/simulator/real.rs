//! The hands of a user on the real engine, and its programs' own will.

use bollard::errors::Error;
use bollard::exec::StartExecOptions;
use bollard::models::ExecConfig;
use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, RenameContainerOptions, StopContainerOptions,
};
use shipmate::edge::docker::EngineError;

use crate::simulated_engine::Refusal;
use crate::support::docker;

/// The simulated engine's word for an error of shipmate's edge. `holder` is the id that the
/// simulated engine has for a real one.
pub fn refusal(error: &EngineError, holder: impl Fn(&str) -> String) -> Refusal {
    match error {
        EngineError::ImageNotFound { .. } => Refusal::NoSuchImage,
        EngineError::NameTaken { holder: id, .. } => Refusal::NameTaken(holder(id)),
        EngineError::PortInUse { port, .. } => Refusal::PortInUse(*port),
        EngineError::Refused { cause, .. } if cause.contains("No such container") => {
            Refusal::NoSuchContainer
        }
        EngineError::Refused { .. } => Refusal::Conflict,
        other => panic!("nothing of the kind was asked for: {other}"),
    }
}

/// The same for an answer to the user's own tool.
fn by_hand(answer: Result<(), Error>, holder: impl Fn(&str) -> String) -> Result<(), Refusal> {
    match answer {
        Ok(()) => Ok(()),
        Err(Error::DockerResponseServerError {
            status_code,
            message,
        }) => match status_code {
            404 => Err(Refusal::NoSuchContainer),
            409 if message.contains("already in use by container") => {
                let id = message.split('"').find(|word| word.len() == 64);
                Err(Refusal::NameTaken(holder(id.unwrap_or_default())))
            }
            _ => Err(Refusal::Conflict),
        },
        Err(other) => panic!("the engine answers: {other}"),
    }
}

pub async fn stop(id: &str, grace: u32) -> Result<(), Refusal> {
    let options = StopContainerOptions {
        t: i32::try_from(grace).ok(),
        ..Default::default()
    };
    by_hand(
        docker().stop_container(id, Some(options)).await,
        str::to_owned,
    )
}

pub async fn kill(id: &str, signal: i32) -> Result<(), Refusal> {
    let options = KillContainerOptions {
        signal: signal.to_string(),
    };
    by_hand(
        docker().kill_container(id, Some(options)).await,
        str::to_owned,
    )
}

pub async fn pause(id: &str) -> Result<(), Refusal> {
    by_hand(docker().pause_container(id).await, str::to_owned)
}

pub async fn unpause(id: &str) -> Result<(), Refusal> {
    by_hand(docker().unpause_container(id).await, str::to_owned)
}

pub async fn rename(id: &str, name: &str, holder: impl Fn(&str) -> String) -> Result<(), Refusal> {
    let options = RenameContainerOptions {
        name: name.to_owned(),
    };
    by_hand(docker().rename_container(id, options).await, holder)
}

pub async fn remove(id: &str, force: bool) -> Result<(), Refusal> {
    let options = RemoveContainerOptions {
        force,
        v: true,
        ..Default::default()
    };
    by_hand(
        docker().remove_container(id, Some(options)).await,
        str::to_owned,
    )
}

/// Lets the program end with a code. No signal of the engine's tells of it.
pub async fn end(id: &str, code: i32) {
    inside(id, &format!("echo {code} > /code; kill -USR1 1")).await;
}

/// Lets the program use up its memory.
pub async fn run_out_of_memory(id: &str) {
    inside(id, "kill -USR2 1").await;
}

async fn inside(id: &str, script: &str) {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    let config = ExecConfig {
        cmd: Some(command),
        ..Default::default()
    };
    let exec = docker().create_exec(id, config).await.expect("it runs");
    let detached = StartExecOptions {
        detach: true,
        ..Default::default()
    };
    // It may be over before the engine has seen it begin; whether it did its work shows anyhow.
    docker().start_exec(&exec.id, Some(detached)).await.ok();
}
