//! What the node is told by its ROS parameters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::graph::RateSettings;
use crate::domain::deployment::restart::RestartLimits;
use crate::domain::policy::{Policy, parse_policy};
use crate::edge::docker::Deadlines;
use crate::edge::ros::parameters::{Declared, Parameters, Value};

/// What the node is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the state lies.
    pub state_folder: PathBuf,
    /// The first part of each container's name.
    pub container_prefix: String,
    /// The engine's address; empty for Docker's own default.
    pub docker_host: String,
    /// What manifests may ask of the machine.
    pub policy: Policy,
    /// How many deployments that are over are remembered.
    pub history: usize,
    /// The bounds of restarting.
    pub restarts: RestartLimits,
    /// How long an executable may take to be ready.
    pub ready_timeout: Duration,
    /// How long an update waits for actions that it may not interrupt.
    pub guard_timeout: Duration,
    /// How long the engine may be away while something is being deployed.
    pub engine_timeout: Duration,
    /// How long the engine may take.
    pub deadlines: Deadlines,
    /// Whether the ROS graph is looked at, and the dependency graph is published.
    pub graph: bool,
    /// How long lies between two publications of the dependency graph at least.
    pub graph_min_interval: Duration,
    /// What is measured on the ROS graph.
    pub rates: RateSettings,
    /// The frame that RViz shows the dependency graph in; empty for none.
    pub graph_markers_frame: String,
    /// How often everything is published even if nothing changed.
    pub snapshot_period: Duration,
}

/// Why a setting is no good.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A prefix that Docker would refuse.
    #[error(
        "parameter \"container_prefix\" is {0:?}; it may hold lower-case letters, digits, `-` and \
         `_`, and begins with a letter or digit"
    )]
    Prefix(String),
    /// The policy's file cannot be read.
    #[error("the policy {0} cannot be read: {1}")]
    PolicyFile(PathBuf, std::io::Error),
    /// The policy is not valid.
    #[error("the policy is not valid: {0}")]
    Policy(String),
    /// Nowhere to put the state.
    #[error("there is no home folder to keep the state in; set the parameter \"state_folder\"")]
    NoHome,
}

/// Every parameter with its default.
pub fn declared() -> Vec<Declared> {
    let text = |name, description, default: &str| Declared {
        name,
        description,
        value: Value::Text(default.to_owned()),
    };
    let number = |name, description, default, low, high| Declared {
        name,
        description,
        value: Value::Number(default, low, high),
    };
    let count = |name, description, default, low, high| Declared {
        name,
        description,
        value: Value::Integer(default, low, high),
    };
    let usual = Deadlines::default();
    vec![
        text(
            "state_folder",
            "Where shipmate keeps what must outlive it; empty for a folder named after the node \
             below $XDG_STATE_HOME/shipmate or ~/.local/state/shipmate",
            "",
        ),
        text(
            "container_prefix",
            "The first part of each container's name",
            "shipmate",
        ),
        text(
            "docker_host",
            "The Docker engine: unix:///path, tcp://host:port or ssh://host; empty for \
             $DOCKER_HOST, or else the machine's own",
            "",
        ),
        text(
            "policy_file",
            "A file that says what manifests may ask of the machine; empty for the safe default",
            "",
        ),
        count(
            "history",
            "How many deployments that are over are remembered",
            50,
            0,
            10_000,
        ),
        number(
            "restart_first_wait",
            "Seconds until an executable that ended is first started again; doubles each time",
            1.0,
            0.05,
            3600.0,
        ),
        number(
            "restart_longest_wait",
            "The most seconds between two restarts",
            60.0,
            0.05,
            86_400.0,
        ),
        number(
            "restart_stable_after",
            "An executable that ran for so many seconds is stable: earlier failures are forgotten",
            60.0,
            0.1,
            86_400.0,
        ),
        count(
            "restart_most_failures",
            "How many times in a row an executable may fail before it is given up",
            10,
            0,
            1_000_000,
        ),
        number(
            "ready_timeout",
            "Seconds that an executable may take to be ready; after them its deployment has failed",
            300.0,
            0.1,
            86_400.0,
        ),
        number(
            "update_guard_timeout",
            "Seconds that an update waits for goals of actions that it may not interrupt; after \
             them it is given up",
            300.0,
            0.1,
            86_400.0,
        ),
        number(
            "engine_timeout",
            "Seconds that Docker may be away while something is being deployed; after them it has \
             failed",
            120.0,
            0.1,
            86_400.0,
        ),
        number(
            "pull_stall_timeout",
            "Seconds without progress after which a pull is given up",
            usual.pull_stall.as_secs_f64(),
            1.0,
            86_400.0,
        ),
        number(
            "pull_timeout",
            "Seconds after which a pull is given up that is not finished; 0 for no limit",
            usual.pull.as_secs_f64(),
            0.0,
            604_800.0,
        ),
        number(
            "build_stall_timeout",
            "Seconds without a word after which a build is given up; a step may compile for long",
            usual.build_stall.as_secs_f64(),
            1.0,
            86_400.0,
        ),
        number(
            "build_timeout",
            "Seconds after which a build is given up that is not finished; 0 for no limit",
            usual.build.as_secs_f64(),
            0.0,
            604_800.0,
        ),
        number(
            "create_timeout",
            "Seconds that Docker has to create a container, and to fill its new volumes",
            usual.create.as_secs_f64(),
            1.0,
            3600.0,
        ),
        number(
            "start_timeout",
            "Seconds that Docker has to start a container",
            usual.start.as_secs_f64(),
            1.0,
            3600.0,
        ),
        number(
            "stop_timeout",
            "Seconds that Docker has to stop a container, beyond the time that its program has to obey",
            usual.stop.as_secs_f64(),
            1.0,
            3600.0,
        ),
        number(
            "remove_timeout",
            "Seconds that Docker has to remove a container",
            usual.remove.as_secs_f64(),
            1.0,
            3600.0,
        ),
        number(
            "snapshot_period",
            "Seconds between two publications of all deployments when nothing changes",
            1.0,
            0.1,
            3600.0,
        ),
        Declared {
            name: "graph",
            description: "Whether the ROS graph is looked at all the time, and the dependency graph \
                          is published; without it, only dependencies can be asked for",
            value: Value::Flag(true),
        },
        number(
            "graph_min_interval",
            "Seconds between two publications of the dependency graph at least, however much changes",
            0.05,
            0.001,
            60.0,
        ),
        text(
            "graph_markers_frame",
            "The frame in which ~/dependency_graph_markers shows the dependency graph to RViz; empty \
             for no such topic",
            "map",
        ),
        Declared {
            name: "graph_rates",
            description: "The names of deployments on whose topics messages and bytes a second are \
                          always measured; `~/measure_rates` does so for others",
            value: Value::Texts(Vec::new()),
        },
        number(
            "graph_rates_budget",
            "The bytes a second that all of measuring may have publishers send, taken over time; 0 \
             measures nothing",
            1e6,
            0.0,
            1e12,
        ),
        Declared {
            name: "use_sim_time",
            description: "Known to every ROS node; shipmate always goes by the machine's clock",
            value: Value::Flag(false),
        },
    ]
}

/// Reads the settings out of the parameters.
///
/// # Errors
/// When a value is no good.
pub fn read(parameters: &Parameters, node: &str) -> Result<Settings, SettingsError> {
    let seconds = |name| Duration::from_secs_f64(parameters.number(name));
    let failures = parameters.count("restart_most_failures");
    Ok(Settings {
        state_folder: state_folder(&parameters.text("state_folder"), node)?,
        container_prefix: prefix(parameters.text("container_prefix"))?,
        docker_host: parameters.text("docker_host"),
        policy: policy(&parameters.text("policy_file"))?,
        history: parameters.count("history"),
        restarts: RestartLimits {
            first_wait: seconds("restart_first_wait"),
            longest_wait: seconds("restart_longest_wait"),
            stable_after: seconds("restart_stable_after"),
            most_failures: u32::try_from(failures).unwrap_or(u32::MAX),
        },
        ready_timeout: seconds("ready_timeout"),
        guard_timeout: seconds("update_guard_timeout"),
        engine_timeout: seconds("engine_timeout"),
        deadlines: Deadlines {
            create: seconds("create_timeout"),
            start: seconds("start_timeout"),
            stop: seconds("stop_timeout"),
            remove: seconds("remove_timeout"),
            pull_stall: seconds("pull_stall_timeout"),
            pull: seconds("pull_timeout"),
            build_stall: seconds("build_stall_timeout"),
            build: seconds("build_timeout"),
            ..Deadlines::default()
        },
        graph: parameters.flag("graph"),
        graph_min_interval: seconds("graph_min_interval"),
        rates: RateSettings {
            always: parameters.texts("graph_rates").into_iter().collect(),
            budget: parameters.number("graph_rates_budget"),
        },
        graph_markers_frame: parameters.text("graph_markers_frame"),
        snapshot_period: seconds("snapshot_period"),
    })
}

fn prefix(prefix: String) -> Result<String, SettingsError> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let valid = prefix.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && prefix.chars().all(inner)
        && prefix.len() <= 40;
    if valid {
        Ok(prefix)
    } else {
        Err(SettingsError::Prefix(prefix))
    }
}

fn policy(file: &str) -> Result<Policy, SettingsError> {
    if file.is_empty() {
        return Ok(Policy::default());
    }
    let text = std::fs::read_to_string(file)
        .map_err(|e| SettingsError::PolicyFile(PathBuf::from(file), e))?;
    parse_policy(&text, file).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        SettingsError::Policy(lines.join("; "))
    })
}

/// The folder of this node's state: two nodes on one machine have two.
fn state_folder(given: &str, node: &str) -> Result<PathBuf, SettingsError> {
    if !given.is_empty() {
        return Ok(PathBuf::from(given));
    }
    let set = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .ok_or(SettingsError::NoHome)?;
    let name = node.trim_start_matches('/').replace('/', ".");
    Ok(base.join(Path::new("shipmate")).join(name))
}
