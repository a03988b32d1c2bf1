//! How things are, in the words of ROS diagnostics: a level, a sentence, and values by key.

use super::deployment::phase::Phase;
use super::deployment::status::Status;
use super::deployment::view::DeploymentView;

/// How bad it is, with the numbers of `diagnostic_msgs/msg/DiagnosticStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// As it should be.
    Ok = 0,
    /// On the way, or worth a look.
    Warn = 1,
    /// Something failed.
    Error = 2,
    /// Not known at the moment.
    Stale = 3,
}

/// How one thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it is about; for example `deployment turtle`.
    pub name: String,
    /// How bad it is.
    pub level: Level,
    /// A sentence.
    pub message: String,
    /// Values by key.
    pub values: Vec<(&'static str, String)>,
}

/// How a deployment is; none when it is over.
pub fn of_deployment(view: &DeploymentView) -> Option<Health> {
    if view.ended() {
        return None;
    }
    let condition = &view.condition;
    let level = match condition.status {
        Some(Status::Running) | None => Level::Ok,
        Some(Status::Pending) => Level::Warn,
        Some(Status::Error) => Level::Error,
        Some(Status::Unknown) => Level::Stale,
    };
    let level = match view.phase {
        Phase::PartiallyDeprovisioned => level.max(Level::Warn),
        _ => level,
    };
    let message = if condition.reason.is_empty() {
        condition.status.map_or("", Status::name).to_owned()
    } else {
        condition.reason.clone()
    };
    Some(Health {
        name: format!("deployment {}", view.name),
        level,
        message,
        values: values(view),
    })
}

fn values(view: &DeploymentView) -> Vec<(&'static str, String)> {
    let executables = || view.components.iter().flat_map(|c| &c.executables);
    let running = executables()
        .filter(|e| e.condition.status == Some(Status::Running))
        .count();
    let restarts: u32 = executables().map(|e| e.restarts).sum();
    let mut values = vec![
        ("id", view.id.clone()),
        ("package", format!("{} {}", view.package, view.version)),
        ("phase", view.phase.name().to_owned()),
        (
            "status",
            view.condition.status.map_or("", Status::name).to_owned(),
        ),
        ("running", format!("{running} of {}", executables().count())),
        ("restarts", restarts.to_string()),
    ];
    for code in &view.error_codes {
        values.push(("error_code", code.as_str().to_owned()));
        values.push(("description", code.description().to_owned()));
        values.push(("recommended_action", code.recommended_action().to_owned()));
    }
    values
}

/// What shipmate knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnState {
    /// The engine's address.
    pub engine: String,
    /// Why the engine cannot be asked, when it cannot.
    pub unreachable: Option<String>,
    /// How many inputs wait for the loop, and how many may.
    pub waiting_inputs: (usize, usize),
    /// How many events wait to be published, and how many may.
    pub waiting_events: (usize, usize),
    /// The longest time since the last look that ROS' thread took to hand on what it had heard,
    /// in microseconds.
    pub spin_latency_us: u64,
}

/// How shipmate itself is.
pub fn of_shipmate(own: &OwnState, deployments: usize) -> Health {
    let crowded = [own.waiting_inputs, own.waiting_events]
        .iter()
        .any(|(waiting, most)| *waiting * 2 > *most);
    let (level, message) = match &own.unreachable {
        Some(why) => (Level::Error, why.clone()),
        None if crowded => (Level::Warn, "it has more to do than it can".to_owned()),
        None => (Level::Ok, "the engine answers".to_owned()),
    };
    let of = |(waiting, most): (usize, usize)| format!("{waiting} of {most}");
    Health {
        name: "shipmate".to_owned(),
        level,
        message,
        values: vec![
            ("engine", own.engine.clone()),
            ("engine_reachable", own.unreachable.is_none().to_string()),
            ("deployments", deployments.to_string()),
            ("waiting_inputs", of(own.waiting_inputs)),
            ("waiting_events", of(own.waiting_events)),
            ("spin_latency_us", own.spin_latency_us.to_string()),
        ],
    }
}
