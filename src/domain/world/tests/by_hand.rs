//! What programs do by themselves, and users with their own hands.

use super::act::{HandAct, ProgramAct};
use super::model::{Model, NAMES};
use crate::domain::container::{ContainerFacts, ContainerSpec, ContainerState, labels};
use crate::domain::deployment::containers::container_name;
use crate::domain::manifest::StopSignal;

impl Model {
    pub fn program_acts(&mut self, n: usize, act: ProgramAct) {
        let runs = |facts: &ContainerFacts| facts.state == ContainerState::Running;
        let Some(facts) = self.one_of_ours(n, runs) else {
            return;
        };
        self.note_program(&facts);
        let done = match act {
            ProgramAct::Ends(code) => self.engine.end(&facts.id, code),
            ProgramAct::RunsOutOfMemory => self
                .engine
                .run_out_of_memory(&facts.id, n.is_multiple_of(2)),
        };
        done.expect("it runs");
    }

    pub fn hand_acts(&mut self, n: usize, act: HandAct) {
        if act == HandAct::TakeName {
            return self.take_name(n);
        }
        let Some(facts) = self.one_of_ours(n, |_| true) else {
            return;
        };
        self.note_hand(&facts, act);
        let id = facts.id.as_str();
        let engine = &mut self.engine;
        // What the engine refuses to do changes nothing.
        let _ = match act {
            HandAct::Stop => engine.stop_by_hand(id),
            HandAct::Kill(signal) => engine.kill_by_hand(id, signal),
            HandAct::Pause => engine.pause_by_hand(id),
            HandAct::Unpause => engine.unpause_by_hand(id),
            HandAct::Start => engine.start(id),
            HandAct::Rename(n) => engine.rename_by_hand(id, &format!("mine-{n}")),
            HandAct::RenameBack => engine.rename_by_hand(id, &name_by_labels(&facts)),
            HandAct::Remove => engine.remove_by_hand(id, true),
            HandAct::CopyLabels => return self.copy_labels(&facts),
            HandAct::TakeName => return,
        };
    }

    /// A container of shipmate's that fits, if there is one.
    fn one_of_ours(
        &self,
        n: usize,
        fits: impl Fn(&ContainerFacts) -> bool,
    ) -> Option<ContainerFacts> {
        let mut ours = self.engine.truth();
        ours.retain(|facts| !self.theirs.contains_key(&facts.id) && fits(facts));
        (!ours.is_empty()).then(|| ours.swap_remove(n % ours.len()))
    }

    fn copy_labels(&mut self, of: &ContainerFacts) {
        self.made += 1;
        let mut spec = plain(&format!("copy-{}", self.made));
        spec.labels.clone_from(&of.labels);
        self.make_theirs(&spec);
    }

    fn take_name(&mut self, n: usize) {
        let name = NAMES[n % NAMES.len()];
        self.make_theirs(&plain(&container_name("t", name, "left", "driver")));
    }

    fn make_theirs(&mut self, spec: &ContainerSpec) {
        if let Ok(id) = self.engine.create(spec) {
            self.engine.start(&id).expect("it can be started");
            let facts = self.engine.inspect(&id).expect("it answers");
            self.theirs.insert(id, facts.expect("it is there"));
        }
    }

    /// The user takes their hands off: what they froze goes on, and the names that they took are
    /// free again.
    pub fn hands_off(&mut self) {
        for facts in self.engine.truth() {
            if facts.state == ContainerState::Paused {
                self.engine.unpause_by_hand(&facts.id).expect("it is");
            }
        }
        let took_name = |facts: &ContainerFacts| facts.labels.is_empty();
        let ids: Vec<String> = { self.theirs.values() }
            .filter(|facts| took_name(facts))
            .map(|facts| facts.id.clone())
            .collect();
        for id in ids {
            self.engine.remove_by_hand(&id, true).expect("it is there");
            self.theirs.remove(&id);
        }
    }
}

/// What shipmate would call a container that bears these labels.
pub fn name_by_labels(facts: &ContainerFacts) -> String {
    let label = |name: &str| facts.labels.get(name).map_or("", String::as_str);
    container_name(
        "t",
        label(labels::DEPLOYMENT_NAME),
        label(labels::COMPONENT),
        label(labels::EXECUTABLE),
    )
}

fn plain(name: &str) -> ContainerSpec {
    ContainerSpec {
        name: name.to_owned(),
        image: "driver:1".to_owned(),
        entrypoint: None,
        command: Vec::new(),
        environment: Default::default(),
        labels: Default::default(),
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
        stop_signal: StopSignal::Int,
        stop_grace: 1,
        files: Vec::new(),
    }
}
