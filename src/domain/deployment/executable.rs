//! One executable of a deployment: what is known of its container, and what is being done to it.

mod revision;
mod words;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error_code::{ErrorCode, Failure};
use super::probing::Looks;
use super::restart::{AfterExit, Failures, RestartLimits, after_exit, signal_of};
use crate::domain::container::{
    ContainerFacts, ContainerState, Exit, ImageProgress, PublishedPort,
};
use crate::domain::manifest::Restart;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::Monotonic;

/// Counts what is learnt of containers, in the order in which it happened; a higher one is newer.
pub type Sequence = u64;

/// How long a signal that somebody sent explains the end of a container, beyond its grace.
const SIGNAL_EXPLAINS: Duration = Duration::from_secs(10);
/// An engine that is shut down stops its containers first, which looks like a hand. Only when it
/// still answers after so long was it one.
const HAND_IS_SURE: Duration = Duration::from_secs(15);
/// How long to wait after something that was to undo a hand's work did not go well.
const RESTORE_AGAIN: Duration = Duration::from_secs(5);

/// Something that is being done for an executable and has not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Its image is looked for, pulled or built.
    Fetch,
    /// Its image's fetch was told to end.
    CancelFetch,
    /// Its container is created.
    Create,
    /// Its container is started.
    Start,
    /// Its container is stopped, to be started again.
    Stop,
    /// Its container was paused by hand and is resumed.
    Resume,
    /// Its container was renamed by hand and gets its name back.
    Rename,
    /// Its container is stopped and removed.
    TakeDown,
}

/// A container of an executable, as the engine last said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Its name; empty until the engine was asked.
    pub name: String,
    /// What it does.
    pub state: ContainerState,
    /// The ports that it publishes.
    pub ports: Vec<PublishedPort>,
    /// Its host name, as its processes see it.
    pub hostname: String,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Its addresses on networks of containers.
    pub addresses: Vec<IpAddr>,
    /// When it was last started, in the engine's words; empty until the engine was asked.
    pub started_at: String,
    /// The revision of the order that it was made for; 0 when that is not known.
    pub revision: u32,
    /// The id of its image; empty when that is not known.
    pub image_id: String,
}

impl Container {
    fn of(facts: &ContainerFacts) -> Self {
        Self {
            id: facts.id.clone(),
            name: facts.name.clone(),
            state: facts.state.clone(),
            ports: facts.ports.clone(),
            hostname: facts.hostname.clone(),
            host_network: facts.host_network,
            addresses: facts.addresses.clone(),
            started_at: facts.started_at.clone(),
            revision: facts.revision(),
            image_id: facts.image_id.clone(),
        }
    }
}

/// A signal that somebody sent to a container, or what somebody did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hand {
    what: String,
    at: Monotonic,
}

/// What is known of an executable. The part that is serialised outlives the node; the rest is
/// learnt again from the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutableState {
    /// Whether it was ever started.
    pub started: bool,
    /// Whether it was ever ready; running is enough where nothing else is asked for.
    #[serde(default)]
    pub ready_once: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// How its container last ended.
    pub last_exit: Option<Exit>,
    /// Its first failure, with what it wrote before.
    #[serde(default)]
    pub first_failure: Option<Exit>,
    /// Why it was given up.
    pub failure: Option<Failure>,
    /// What somebody did to it by hand, when the policy leaves it so.
    #[serde(default)]
    pub left: Option<String>,
    /// Why its container could not be removed, at the last try.
    pub removal_error: Option<String>,
    /// The id of its container, as last known: a container that was renamed by hand is found
    /// again by it.
    pub container_id: Option<String>,
    /// Containers of an earlier revision than this are outdated.
    #[serde(default)]
    pub least_revision: u32,
    /// The id of the image that it ran before an update.
    #[serde(default)]
    image_before: Option<String>,
    /// The id of the image that it is to run, whatever its name means now: an update that failed may
    /// have built or pulled another one of that name.
    #[serde(default)]
    pub pinned_image: Option<String>,

    /// Its container.
    #[serde(skip)]
    pub container: Option<Container>,
    /// Whether its image is on the engine.
    #[serde(skip)]
    pub image_ready: bool,
    /// What is being done.
    #[serde(skip)]
    pub operation: Option<Operation>,
    /// Nothing is begun before this moment.
    #[serde(skip)]
    pub not_before: Option<Monotonic>,
    /// How far its image is.
    #[serde(skip)]
    pub progress: Option<ImageProgress>,
    /// What is known from looking at it while it runs.
    #[serde(skip)]
    pub looks: Looks,
    /// Whether its container is known to have all that it gets before it is first started. Whoever
    /// was killed after creating it may not have put its files into it.
    #[serde(skip)]
    pub complete: bool,
    /// Why it is not alive, from the look that said so until it has been stopped.
    #[serde(skip)]
    pub ailing: Option<String>,
    /// Why it is restarted although nothing is wrong with it.
    #[serde(skip)]
    renewal: Option<String>,
    /// When it first ran since the node knows it.
    #[serde(skip)]
    pub first_ran: Option<Monotonic>,
    /// What somebody renamed its container to, as far as that was said.
    #[serde(skip)]
    pub renamed_to: Option<String>,
    #[serde(skip)]
    newest: Sequence,
    /// When it was last seen to do anything else than before.
    #[serde(skip)]
    changed: Sequence,
    #[serde(skip)]
    operation_began: Sequence,
    #[serde(skip)]
    start_began: Option<Monotonic>,
    #[serde(skip)]
    running_since: Option<Monotonic>,
    #[serde(skip)]
    failures_in_a_row: u32,
    /// Who may have ended it.
    #[serde(skip)]
    hand: Option<Hand>,
    /// What somebody did to it, as long as that may have been the engine being shut down.
    #[serde(skip)]
    left_lately: Option<Hand>,
    /// Why it is started again, when it did not fail.
    #[serde(skip)]
    cause: Option<String>,
}

/// What an executable needs to know to judge what happens to its container.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// When it is started again.
    pub policy: Restart,
    /// The bounds of that.
    pub limits: &'a RestartLimits,
    /// Another number for another executable, so that those that fail together come back apart.
    pub seed: u64,
    /// Whether it should be running at all; an end is expected when it should not.
    pub wanted: bool,
    /// What follows what somebody did by hand.
    pub by_hand: ChangesByHand,
    /// How long it may take to end after a signal.
    pub grace: Duration,
    /// Whether the engine could not be asked when it happened.
    pub unseen: bool,
    /// The present.
    pub now: Monotonic,
}

impl ExecutableState {
    /// Notes that `operation` begins; what was learnt up to `sequence` is older than it.
    pub fn begin(&mut self, operation: Operation, sequence: Sequence, now: Monotonic) {
        self.operation = Some(operation);
        // To give up a fetch is to hear of its end sooner, not to begin anything.
        if operation != Operation::CancelFetch {
            self.operation_began = sequence;
        }
        if operation == Operation::Start {
            self.start_began = Some(now);
        }
    }

    /// What was learnt up to this number is older than what is being done, or was done last.
    pub fn operation_began(&self) -> Sequence {
        self.operation_began
    }

    /// Takes what the engine says of its container. Older news than what are known are ignored.
    /// Says what somebody did by hand, if so.
    pub fn observe(
        &mut self,
        facts: &ContainerFacts,
        sequence: Sequence,
        rules: Rules<'_>,
    ) -> Option<String> {
        if sequence < self.newest {
            return None;
        }
        self.newest = sequence;
        self.container_id = Some(facts.id.clone());
        let before = self.container.replace(Container::of(facts));
        // When it is being started, that is noted when the start ends. Else who was killed in between
        // started it.
        let old = self.is_outdated();
        if was_started(&facts.state) && self.operation != Some(Operation::Start) && !old {
            self.started = true;
        }
        let same = before.as_ref().filter(|c| c.id == facts.id);
        let another_run =
            |c: &Container| !c.started_at.is_empty() && c.started_at != facts.started_at;
        if same.is_none_or(|c| c.state != facts.state || another_run(c)) {
            self.changed = sequence;
        }
        match &facts.state {
            ContainerState::Running => self.seen_running(same, facts, rules),
            ContainerState::Exited(exit) => {
                let known = same.is_some_and(|c| c.state == facts.state);
                if known { None } else { self.ended(exit, rules) }
            }
            ContainerState::Paused => {
                self.first_ran.get_or_insert(rules.now);
                let news = same.is_some_and(|c| c.state != ContainerState::Paused);
                (news && rules.wanted).then(|| "was paused by hand".to_owned())
            }
            ContainerState::Created => None,
        }
    }

    fn seen_running(
        &mut self,
        before: Option<&Container>,
        facts: &ContainerFacts,
        rules: Rules<'_>,
    ) -> Option<String> {
        let goes_on = before.is_some_and(|c| {
            let ran = matches!(c.state, ContainerState::Running | ContainerState::Paused);
            ran && (c.started_at.is_empty() || c.started_at == facts.started_at)
        });
        if !goes_on {
            if before.is_some_and(|c| c.state == ContainerState::Running) {
                // It was restarted by somebody else, and nobody knows when.
                self.start_began = None;
            }
            self.running_since = None;
            self.looks.new_run();
        }
        if !goes_on && before.is_some() {
            // What ended the run before, and why, is of no account any more.
            self.ailing = None;
            self.hand = None;
        }
        self.runs(rules.now);
        let given_up = self.failure.is_some() || self.left().is_some();
        if !given_up || !rules.wanted {
            return None;
        }
        self.failure = None;
        self.failures_in_a_row = 0;
        self.forget_hands();
        Some("was started by hand".to_owned())
    }

    /// The number of the newest of what is known of it.
    pub fn newest(&self) -> Sequence {
        self.newest
    }

    /// Takes that its container does not exist any more. Says what somebody did by hand, if so.
    pub fn vanish(&mut self, sequence: Sequence, rules: Rules<'_>) -> Option<String> {
        if sequence < self.newest || self.container.is_none() {
            return None;
        }
        self.newest = sequence;
        self.forget_container();
        if !rules.wanted || self.operation == Some(Operation::TakeDown) {
            return None;
        }
        let what = "was removed by hand".to_owned();
        self.cause = Some(format!("it {what}"));
        // One that has not been started yet is on the way still, and its deployment with it.
        let leave = rules.by_hand == ChangesByHand::Leave && self.started;
        if leave && self.failure.is_none() {
            self.left = Some(what.clone());
        }
        Some(what)
    }

    fn forget_container(&mut self) {
        self.container = None;
        self.container_id = None;
        self.complete = false;
        self.running_since = None;
        self.start_began = None;
        self.ailing = None;
        self.renewal = None;
        self.hand = None;
        self.looks.new_run();
    }

    fn forget_hands(&mut self) {
        self.hand = None;
        self.left = None;
        self.left_lately = None;
    }

    /// Its container was created, with this name, for this revision of the order.
    pub fn created(&mut self, id: String, name: String, revision: u32, sequence: Sequence) {
        self.operation = None;
        self.complete = true;
        if !self.started {
            // What ran before was another one.
            self.first_ran = None;
        }
        if self.container.as_ref().is_none_or(|c| c.id != id) {
            self.newest = sequence;
            self.container_id = Some(id.clone());
            self.container = Some(Container {
                id,
                name,
                revision,
                ..Container::default()
            });
        }
    }

    /// Its container was started. What happened since then, and was learnt before this, wins. That
    /// it was seen to be as before means that it was looked at before it was started.
    pub fn was_started(&mut self, now: Monotonic) {
        self.operation = None;
        if self.started {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.started = true;
        self.first_ran.get_or_insert(now);
        if self.changed > self.operation_began {
            return;
        }
        if let Some(container) = &mut self.container {
            container.state = ContainerState::Running;
            container.started_at.clear();
        }
        self.running_since = None;
        self.looks.new_run();
        self.runs(now);
    }

    /// Its container was stopped; its end is told by the engine itself, and until then it is not
    /// stopped again.
    pub fn was_stopped(&mut self, now: Monotonic) {
        self.operation = None;
        if self.is_up() {
            self.not_before = Some(now + RESTORE_AGAIN);
        }
    }

    /// Its container has its name again.
    pub fn was_renamed(&mut self, name: String) {
        self.operation = None;
        if let Some(container) = &mut self.container {
            container.name = name;
        }
    }

    /// Its container was resumed.
    pub fn was_resumed(&mut self) {
        self.operation = None;
        if self.changed > self.operation_began {
            return;
        }
        if let Some(container) = &mut self.container
            && container.state == ContainerState::Paused
        {
            container.state = ContainerState::Running;
        }
    }

    /// What was to stop it, resume it or give its name back did not go well; it is tried again.
    pub fn not_restored(&mut self, now: Monotonic) {
        self.operation = None;
        self.not_before = Some(now + RESTORE_AGAIN);
    }

    /// Its container was removed; what was learnt of it before `sequence` is void.
    pub fn removed(&mut self, sequence: Sequence) {
        self.operation = None;
        self.newest = sequence;
        self.removal_error = None;
        self.forget_container();
    }

    /// Its container could not be removed; it is tried again after a wait.
    pub fn not_removed(&mut self, reason: String, not_before: Monotonic) {
        self.operation = None;
        self.removal_error = Some(reason);
        self.not_before = Some(not_before);
    }

    /// Starting it again failed: counted like an end.
    pub fn start_failed(&mut self, message: &str, rules: Rules<'_>) {
        let began = self.operation_began;
        self.operation = None;
        if self.is_up() && self.changed > began {
            // Somebody else has started it meanwhile.
            return;
        }
        let exit = Exit {
            code: -1,
            message: message.to_owned(),
            ..Exit::default()
        };
        self.hand = None;
        self.ended(&exit, rules);
    }

    /// Somebody sent a signal to its container. When it ends soon, that is why.
    pub fn signalled(&mut self, signal: i32, now: Monotonic) {
        let by_us = matches!(
            self.operation,
            Some(Operation::Stop | Operation::TakeDown | Operation::Start)
        );
        if by_us || self.is_to_be_stopped() || !self.is_up() {
            return;
        }
        let name = signal_of(signal.saturating_add(128))
            .map_or_else(|| format!("signal {signal}"), str::to_owned);
        // The engine follows an obeyed signal by none, and an ignored one by SIGKILL.
        let what = format!("was stopped by hand ({name})");
        match &mut self.hand {
            Some(hand) => hand.at = now,
            None => self.hand = Some(Hand { what, at: now }),
        }
    }

    /// It is to be restarted although nothing is wrong with it, if it runs.
    pub fn renew(&mut self, why: &str) {
        if self.is_running() && self.ailing.is_none() {
            self.renewal = Some(why.to_owned());
        }
    }

    /// Whether it has to be stopped, to be started again.
    pub fn is_to_be_stopped(&self) -> bool {
        self.ailing.is_some() || self.renewal.is_some()
    }

    /// The engine does not answer: what looked like a hand may have been the engine being shut
    /// down.
    pub fn engine_lost(&mut self) {
        self.hand = None;
        self.left_lately = None;
    }

    /// What somebody did by hand is sure after a while, and is remembered then. Says whether
    /// something is to be remembered.
    pub fn promote_hand(&mut self, now: Monotonic) -> bool {
        let sure = |hand: &Hand| now.since(hand.at) >= HAND_IS_SURE;
        if !self.left_lately.as_ref().is_some_and(sure) {
            return false;
        }
        self.left = self.left_lately.take().map(|hand| hand.what);
        true
    }

    /// When [`promote_hand`](Self::promote_hand) has something to do.
    pub fn hand_due(&self) -> Option<Monotonic> {
        self.left_lately.as_ref().map(|hand| hand.at + HAND_IS_SURE)
    }

    /// What somebody did to it by hand and is left so.
    pub fn left(&self) -> Option<&str> {
        let lately = self.left_lately.as_ref().map(|hand| hand.what.as_str());
        self.left.as_deref().or(lately)
    }

    fn runs(&mut self, now: Monotonic) {
        self.running_since.get_or_insert(now);
        self.first_ran.get_or_insert(now);
        self.not_before = None;
        self.progress = None;
        self.cause = None;
    }

    fn ended(&mut self, exit: &Exit, rules: Rules<'_>) -> Option<String> {
        let ran = self
            .running_since
            .take()
            .map(|since| rules.now.since(since));
        self.start_began = None;
        self.not_before = None;
        let hand = self.hand.take();
        let ailing = self.ailing.take();
        let renewal = self.renewal.take();
        self.looks.new_run();
        if !rules.wanted {
            return None;
        }
        // The same end may be told again after a restart of the node.
        let told = self
            .last_exit
            .as_ref()
            .is_some_and(|known| !exit.ended_at.is_empty() && known.ended_at == exit.ended_at);
        if told {
            return None;
        }
        self.last_exit = Some(exit.clone());
        let valid = |hand: &Hand| rules.now.since(hand.at) <= rules.grace + SIGNAL_EXPLAINS;
        if let Some(hand) = hand.filter(valid) {
            return Some(self.ended_by_hand(hand.what, rules));
        }
        if renewal.is_some() && ailing.is_none() {
            self.cause = renewal;
            return None;
        }
        if rules.unseen && rules.policy != Restart::Never {
            self.cause = Some("it ended while Docker could not be asked".to_owned());
            return None;
        }
        self.failed(exit, ailing, ran, rules);
        None
    }

    fn ended_by_hand(&mut self, what: String, rules: Rules<'_>) -> String {
        match rules.by_hand {
            ChangesByHand::Restore => {
                self.cause = Some(format!("it {what}"));
                self.not_before = Some(rules.now + rules.limits.first_wait);
            }
            ChangesByHand::Leave => {
                self.left_lately = Some(Hand {
                    what: what.clone(),
                    at: rules.now,
                });
            }
        }
        what
    }

    fn failed(
        &mut self,
        exit: &Exit,
        ailing: Option<String>,
        ran: Option<Duration>,
        rules: Rules<'_>,
    ) {
        if ran.is_some_and(|ran| ran >= rules.limits.stable_after) {
            self.failures_in_a_row = 0;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let mut exit = exit.clone();
        let alive = ailing.is_none();
        if let Some(why) = ailing {
            exit.message = format!("it was stopped, because it was not alive: {why}");
        }
        self.first_failure.get_or_insert_with(|| exit.clone());
        self.last_exit = Some(exit.clone());
        let failures = Failures {
            in_a_row: self.failures_in_a_row,
            seed: rules.seed,
        };
        match after_exit(rules.policy, &exit, alive, failures, rules.limits) {
            AfterExit::Restart(wait) => self.not_before = Some(rules.now + wait),
            AfterExit::GiveUp(reason) => {
                self.failure = Some(Failure::new(ErrorCode::ExecutableFailed, reason));
            }
        }
    }

    /// Whether anything of it is left on the engine, or may come to be.
    pub fn is_absent(&self) -> bool {
        self.container.is_none() && self.operation.is_none()
    }

    /// Whether its container runs.
    pub fn is_running(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| c.state == ContainerState::Running)
    }

    /// Whether its container runs or is paused.
    fn is_up(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| matches!(c.state, ContainerState::Running | ContainerState::Paused))
    }

    /// Whether its container is paused.
    pub fn is_paused(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| c.state == ContainerState::Paused)
    }

    /// Whether nothing is being done that ends or begins its run.
    pub fn is_undisturbed(&self) -> bool {
        matches!(
            self.operation,
            None | Some(Operation::Resume | Operation::Rename)
        )
    }

    /// Since when its container has been running, as far as that is known.
    pub fn running_since(&self) -> Option<Monotonic> {
        self.running_since
    }

    /// When its present run was begun by shipmate; None when somebody else did, or it does not run.
    pub fn start_began(&self) -> Option<Monotonic> {
        self.start_began
    }

    /// A moment before its container began to run this time. What is on the ROS graph since then
    /// may be its own; the answer to the start may come later than a node's first word.
    pub fn begins_after(&self) -> Option<Monotonic> {
        self.start_began.or(self.running_since)
    }

    /// Whether it ended or was removed after it had been started, and comes again.
    pub fn is_restarting(&self) -> bool {
        let ended = self
            .container
            .as_ref()
            .is_none_or(|c| matches!(c.state, ContainerState::Exited(_)));
        self.started && ended
    }
}

/// Whether a container was started before it came to be like this. One that could not be started
/// has an end, too, with the engine's message.
fn was_started(state: &ContainerState) -> bool {
    match state {
        ContainerState::Created => false,
        ContainerState::Running | ContainerState::Paused => true,
        ContainerState::Exited(exit) => exit.message.is_empty(),
    }
}

#[cfg(test)]
mod tests;
