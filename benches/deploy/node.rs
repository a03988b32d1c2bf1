//! A shipmate of the benchmark's own, as a process.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{PREFIX, Place};

/// How long a node may take to end after it was asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// A node; it ends at the latest when this is dropped, and its deployments keep running.
pub struct Node {
    process: Child,
    /// Its name on the ROS graph, without the slash.
    pub name: String,
}

impl Node {
    /// Starts a node with a name, a state folder and settings of its own.
    ///
    /// Must be called on a thread that lives as long as this process: with it the kernel ends the node.
    pub fn start(place: &Place, name: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let program = std::env::var("SHIPMATE_BIN")
            .unwrap_or_else(|_| env!("CARGO_BIN_EXE_shipmate").to_owned());
        let log = File::create(log_of(place, name))?;
        let state = place.folder().join(name).display().to_string();
        let own = [
            ("state_folder", state.as_str()),
            ("container_prefix", PREFIX),
        ];
        let mut command = Command::new("setpriv");
        command
            .args([
                "--pdeathsig",
                "KILL",
                &program,
                "--ros-args",
                "-r",
                &format!("__node:={name}"),
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        for (setting, value) in own.iter().chain(settings) {
            command.args(["-p", &format!("{setting}:={value}")]);
        }
        Ok(Self {
            process: command.spawn()?,
            name: name.to_owned(),
        })
    }

    /// The process' number.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end, so that it takes its leave of the ROS graph; waits a moment.
    fn ask_to_end(&mut self) {
        let pid = self.pid().to_string();
        if Command::new("kill").args(["-INT", &pid]).status().is_err() {
            return;
        }
        let began = Instant::now();
        while began.elapsed() < ENDS_WITHIN && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where a node's log goes.
pub fn log_of(place: &Place, name: &str) -> std::path::PathBuf {
    place.folder().join(format!("{name}.log"))
}

impl Drop for Node {
    fn drop(&mut self) {
        self.ask_to_end();
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
