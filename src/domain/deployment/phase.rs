//! Where a deployment is in its life: the seed text's phases, and one function that says how they
//! follow each other.

use serde::{Deserialize, Serialize};

/// Where a deployment is in its life. The numbers are those of `shipmate/msg/Deployment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Phase {
    /// The request was accepted; what it asks for is being checked.
    InProgress = 1,
    /// Images are fetched, containers are created and started.
    Provisioning = 2,
    /// Every executable of every component was started.
    Succeeded = 3,
    /// An error occurred during In progress.
    FailedToStart = 4,
    /// It was deprovisioned, and at least one component could not be removed.
    PartiallyDeprovisioned = 5,
    /// It was deprovisioned, and all of its components are stopped.
    Stopped = 6,
}

/// What moves a deployment from one phase to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseEvent {
    /// What it asks for can be had.
    Checked,
    /// What it asks for cannot be had.
    CheckFailed,
    /// Every executable was started.
    AllStarted,
    /// It is being deprovisioned, and something could not be removed.
    RemovalFailed,
    /// It is being deprovisioned, and nothing of it is left.
    AllRemoved,
    /// It is updated in place, and what differs is replaced.
    Changed,
    /// Its update failed, and what was there before comes back.
    RolledBack,
}

impl Phase {
    /// Every phase, in the order of the seed's table.
    pub const ALL: [Self; 6] = [
        Self::InProgress,
        Self::Provisioning,
        Self::Succeeded,
        Self::FailedToStart,
        Self::PartiallyDeprovisioned,
        Self::Stopped,
    ];

    /// The seed's own words.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "In progress",
            Self::Provisioning => "Provisioning",
            Self::Succeeded => "Succeeded",
            Self::FailedToStart => "Failed to start",
            Self::PartiallyDeprovisioned => "Partially deprovisioned",
            Self::Stopped => "Deployment stopped",
        }
    }

    /// The phase after `event`. An event that means nothing in a phase leaves it as it is.
    #[must_use]
    pub fn after(self, event: PhaseEvent) -> Self {
        match (self, event) {
            (Self::InProgress, PhaseEvent::Checked) => Self::Provisioning,
            (Self::InProgress, PhaseEvent::CheckFailed) => Self::FailedToStart,
            (Self::Provisioning, PhaseEvent::AllStarted) => Self::Succeeded,
            (Self::Succeeded, PhaseEvent::Changed) => Self::Provisioning,
            (Self::Provisioning, PhaseEvent::RolledBack) => Self::Succeeded,
            (
                Self::InProgress
                | Self::Provisioning
                | Self::Succeeded
                | Self::PartiallyDeprovisioned
                | Self::FailedToStart,
                PhaseEvent::AllRemoved,
            ) => Self::Stopped,
            (
                Self::InProgress | Self::Provisioning | Self::Succeeded,
                PhaseEvent::RemovalFailed,
            ) => Self::PartiallyDeprovisioned,
            (
                Self::InProgress,
                PhaseEvent::AllStarted | PhaseEvent::Changed | PhaseEvent::RolledBack,
            )
            | (
                Self::Provisioning,
                PhaseEvent::Checked | PhaseEvent::CheckFailed | PhaseEvent::Changed,
            )
            | (
                Self::Succeeded,
                PhaseEvent::Checked
                | PhaseEvent::CheckFailed
                | PhaseEvent::AllStarted
                | PhaseEvent::RolledBack,
            )
            | (
                Self::FailedToStart | Self::PartiallyDeprovisioned,
                PhaseEvent::Checked
                | PhaseEvent::CheckFailed
                | PhaseEvent::AllStarted
                | PhaseEvent::RemovalFailed
                | PhaseEvent::Changed
                | PhaseEvent::RolledBack,
            )
            | (Self::Stopped, _) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const EVENTS: [PhaseEvent; 7] = [
        PhaseEvent::Checked,
        PhaseEvent::CheckFailed,
        PhaseEvent::AllStarted,
        PhaseEvent::RemovalFailed,
        PhaseEvent::AllRemoved,
        PhaseEvent::Changed,
        PhaseEvent::RolledBack,
    ];

    #[test]
    fn the_diagram_in_architecture_md_is_this_function() {
        let text = include_str!("../../../ARCHITECTURE.md");
        let drawn: BTreeSet<String> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.contains(" --> ") && !line.starts_with("[*]"))
            .map(str::to_owned)
            .collect();
        let mut real = BTreeSet::new();
        for phase in Phase::ALL {
            for event in EVENTS {
                let next = phase.after(event);
                if next != phase {
                    real.insert(format!("{phase:?} --> {next:?}: {event:?}"));
                }
            }
        }
        assert_eq!(drawn, real);
    }

    #[test]
    fn nothing_leads_out_of_stopped() {
        assert!(
            EVENTS
                .iter()
                .all(|event| Phase::Stopped.after(*event) == Phase::Stopped)
        );
    }

    #[test]
    fn every_phase_but_the_first_can_be_reached() {
        let mut reached = BTreeSet::from([Phase::InProgress]);
        for _ in Phase::ALL {
            let next: Vec<Phase> = reached
                .iter()
                .flat_map(|phase| EVENTS.iter().map(|event| phase.after(*event)))
                .collect();
            reached.extend(next);
        }
        assert_eq!(reached.len(), Phase::ALL.len());
    }
}
