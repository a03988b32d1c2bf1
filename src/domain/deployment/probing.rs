//! What is asked of an executable while it runs, and what the answers come to: whether it is
//! ready, and whether it is alive.

use std::time::Duration;

use super::steps::StepKey;
use crate::domain::probe::{Answer, Check};
use crate::domain::time::Monotonic;

/// How long after a lifecycle node could not be activated it is tried again.
const ACTIVATE_AGAIN: Duration = Duration::from_secs(1);

/// What a look is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// To configure and activate its lifecycle nodes.
    Lifecycle,
    /// To know whether it is ready.
    Readiness,
    /// To know whether it is alive.
    Liveness,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Lifecycle, Self::Readiness, Self::Liveness];
}

/// Which look of which run of an executable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookKey {
    /// The executable.
    pub step: StepKey,
    /// What it is for.
    pub role: Role,
    /// The run of its container that it is about.
    pub run: u64,
}

/// What has to be done for a look.
#[derive(Clone, Debug, PartialEq)]
pub enum LookAt {
    /// Find out whether this holds.
    Check(Check),
    /// Configure and activate these lifecycle nodes.
    Activate(Vec<String>),
}

/// What the manifest says of one kind of look at an executable.
#[derive(Clone, Debug, PartialEq)]
pub struct LookRules {
    /// What has to be done.
    pub at: LookAt,
    /// How often.
    pub period: Duration,
    /// How long one waits for a change of what does not hold yet; zero for not at all.
    pub patience: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// How many times in a row it must fail to count, for liveness.
    pub failures: u32,
    /// How long after the start failures do not count, for liveness.
    pub start_period: Duration,
}

impl LookRules {
    /// Whether something is on the ROS graph is told by the graph itself, so that the look can
    /// wait for it instead of being repeated.
    #[must_use]
    pub fn patient(mut self) -> Self {
        if matches!(self.at, LookAt::Check(Check::Ros(_))) {
            self.patience = self.period;
        }
        self
    }

    /// The rules for activating lifecycle nodes.
    pub fn activate(nodes: Vec<String>) -> Self {
        Self {
            at: LookAt::Activate(nodes),
            period: ACTIVATE_AGAIN,
            patience: Duration::ZERO,
            timeout: Duration::from_secs(30),
            failures: 1,
            start_period: Duration::ZERO,
        }
    }
}

/// What is known from the looks of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look {
    asked: bool,
    due: Option<Monotonic>,
    passed: bool,
    missing: Option<String>,
    failures: u32,
}

/// What is known from looking at one run of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    run: u64,
    lifecycle: Look,
    readiness: Look,
    liveness: Look,
}

impl Looks {
    /// The container was started anew, or has ended: what was known is void.
    pub fn new_run(&mut self) {
        *self = Self {
            run: self.run.wrapping_add(1),
            ..Self::default()
        };
    }

    /// What was asked will not be answered.
    pub fn forget_asked(&mut self) {
        for role in Role::ALL {
            self.of_mut(role).asked = false;
        }
    }

    /// Which run it is about.
    pub fn run(&self) -> u64 {
        self.run
    }

    fn of(&self, role: Role) -> &Look {
        match role {
            Role::Lifecycle => &self.lifecycle,
            Role::Readiness => &self.readiness,
            Role::Liveness => &self.liveness,
        }
    }

    fn of_mut(&mut self, role: Role) -> &mut Look {
        match role {
            Role::Lifecycle => &mut self.lifecycle,
            Role::Readiness => &mut self.readiness,
            Role::Liveness => &mut self.liveness,
        }
    }

    /// Whether a look is to be begun now. What was activated once stays as it is: somebody may
    /// deactivate it on purpose.
    pub fn is_due(&self, role: Role, now: Monotonic) -> bool {
        let look = self.of(role);
        let done = role == Role::Lifecycle && look.passed;
        !look.asked && !done && look.due.is_none_or(|due| due <= now)
    }

    /// When the next look is due, if one waits for its time.
    pub fn next_due(&self, now: Monotonic) -> Option<Monotonic> {
        Role::ALL
            .into_iter()
            .map(|role| self.of(role))
            .filter(|look| !look.asked)
            .filter_map(|look| look.due)
            .filter(|due| *due > now)
            .min()
    }

    /// Notes that a look was begun.
    pub fn begin(&mut self, role: Role) {
        self.of_mut(role).asked = true;
    }

    /// Takes an answer. Gives the reason when the executable is not alive. `ran` is how long the
    /// container has been running.
    pub fn answer(
        &mut self,
        role: Role,
        answer: Answer,
        rules: &LookRules,
        ran: Duration,
        now: Monotonic,
    ) -> Option<String> {
        let look = self.of_mut(role);
        look.asked = false;
        look.due = Some(now + rules.period);
        match answer {
            Answer::Yes => {
                look.passed = true;
                look.missing = None;
                look.failures = 0;
                if role == Role::Lifecycle {
                    look.due = None;
                }
                None
            }
            Answer::NotAsked => None,
            Answer::No(missing) => {
                look.passed = false;
                look.missing = Some(missing.clone());
                if !rules.patience.is_zero() {
                    // It has waited already.
                    look.due = Some(now);
                }
                if role != Role::Liveness || ran < rules.start_period {
                    return None;
                }
                look.failures = look.failures.saturating_add(1);
                (look.failures >= rules.failures).then_some(missing)
            }
        }
    }

    /// Whether the last look of a kind found what it looked for.
    pub fn passed(&self, role: Role) -> bool {
        self.of(role).passed
    }

    /// What the last look of a kind did not find.
    pub fn missing(&self, role: Role) -> Option<&str> {
        self.of(role).missing.as_deref()
    }
}

/// What has to be done for a look, in words: what is waited for before the first answer.
pub fn waits_for(at: &LookAt) -> String {
    use crate::domain::probe::RosCheck;
    match at {
        LookAt::Activate(nodes) => format!("lifecycle node {} to be active", nodes.join(", ")),
        LookAt::Check(Check::Command(command)) => {
            format!("`{}` to end with 0", command.join(" "))
        }
        LookAt::Check(Check::Tcp(port)) => format!("TCP port {port}"),
        LookAt::Check(Check::Http(http)) => format!("HTTP on port {}, {}", http.port, http.path),
        LookAt::Check(Check::Ros(ros)) => match ros {
            RosCheck::Node(name) => format!("node {name}"),
            RosCheck::Topic {
                name,
                min_rate: None,
            } => format!("a publisher of topic {name}"),
            RosCheck::Topic {
                name,
                min_rate: Some(rate),
            } => format!("{rate} messages a second on topic {name}"),
            RosCheck::Service(name) => format!("service {name}"),
            RosCheck::Action(name) => format!("action {name}"),
            RosCheck::Active(name) => format!("lifecycle node {name} to be active"),
        },
    }
}
