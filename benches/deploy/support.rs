//! What the tests have that the benchmark needs too: the tiny image.

use std::future::Future;

use bollard::Docker;

/// A static busybox and nothing else.
pub const IMAGE: &str = "shipmate-test/busybox:local";

#[path = "../../tests/support/docker/image.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "written for the tests"
)]
pub mod image;

/// The plain engine.
#[allow(clippy::expect_used, reason = "as in the tests")]
pub fn docker() -> Docker {
    Docker::connect_with_defaults().expect("Docker's socket is there")
}

/// Runs a future to its end where nothing can be awaited: in `drop`.
pub fn finish(work: impl Future<Output = ()> + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(work);
        }
    };
    std::thread::spawn(run).join().ok();
}
