//! Engines that cannot be reached, and those that can.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use shipmate::edge::docker::{Deadlines, Engine, EngineError};
use tempfile::TempDir;

use crate::support::World;
use crate::support::proxy::Proxy;

fn engine(address: &str) -> Engine {
    let deadlines = Deadlines {
        ping: Duration::from_secs(1),
        question: Duration::from_secs(1),
        ..Default::default()
    };
    Engine::connect(address, "nobody", deadlines).unwrap()
}

#[tokio::test]
async fn it_says_who_it_is() {
    let world = World::new().await;
    let info = world.engine.ping().await.unwrap();
    assert_eq!(world.engine.ping().await.as_ref(), Ok(&info));
    assert!(
        info.version.contains('.') && info.api_version.starts_with("1."),
        "{info:?}"
    );
    assert!(
        info.root_dir.starts_with('/') && !info.host_name.is_empty(),
        "{info:?}"
    );
}

#[tokio::test]
async fn no_socket() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("docker.sock");
    let address = format!("unix://{}", path.display());
    let engine = engine(&address);
    let cause = "there is no such socket".to_owned();
    let expected = EngineError::Unreachable {
        address: address.clone(),
        cause,
    };
    assert_eq!(engine.ping().await, Err(expected.clone()));
    assert_eq!(engine.list().await, Err(expected));
}

#[tokio::test]
async fn a_socket_that_nobody_serves() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("docker.sock");
    drop(UnixListener::bind(&path).unwrap());
    let error = engine(path.to_str().unwrap()).ping().await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Unreachable { cause, .. } if cause == "connection refused")
    );
    assert!(
        error.to_string().contains("systemctl start docker"),
        "{error}"
    );
}

#[tokio::test]
async fn a_port_that_nobody_serves() {
    let port = crate::support::registry::free_port();
    let error = engine(&format!("tcp://127.0.0.1:{port}"))
        .ping()
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn an_engine_that_never_answers() {
    let proxy = Proxy::silent();
    let engine = engine(&proxy.address());
    let begin = Instant::now();
    let error = engine.ping().await.unwrap_err();
    assert!(
        matches!(error, EngineError::Deadline { seconds: 1, .. }),
        "{error}"
    );
    let error = engine.list().await.unwrap_err();
    assert!(
        matches!(error, EngineError::Deadline { seconds: 1, .. }),
        "{error}"
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn an_engine_that_comes_later() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("docker.sock");
    let engine = engine(path.to_str().unwrap());
    engine.ping().await.expect_err("it is not there yet");
    std::os::unix::fs::symlink("/var/run/docker.sock", &path).unwrap();
    engine.ping().await.expect("it is there now");
}

#[test]
fn a_socket_that_is_not_permitted() {
    let folder = TempDir::new().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let socket = folder.path().join("docker.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&socket, closed).unwrap();
    // Root may open every socket, so another user has to try; the program must lie where that
    // one can read it.
    let program = folder.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let tried = command
        .args(["--exact", "reach::as_another_user", "--ignored"])
        .env("SHIPMATE_TEST_SOCKET", &socket)
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tried.stdout);
    assert!(
        tried.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "run by a_socket_that_is_not_permitted, as another user"]
async fn as_another_user() {
    let Ok(socket) = std::env::var("SHIPMATE_TEST_SOCKET") else {
        return;
    };
    let error = engine(&socket).ping().await.unwrap_err();
    let address = format!("unix://{socket}");
    assert_eq!(error, EngineError::NotPermitted { address });
    assert!(error.to_string().contains("group docker"));
}
