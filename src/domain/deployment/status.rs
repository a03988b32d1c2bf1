//! How an executable, a component or a deployment is now.
//!
//! A status follows from a [`Situation`] and from nothing else; the situation follows from what is
//! known. ARCHITECTURE.md has the table, and a test compares it with [`Situation::status`].

/// How something is now. The numbers are those of `shipmate/msg/Deployment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// It is on the way to running: pulled, created, restarted; or on the way out.
    Pending = 1,
    /// It runs.
    Running = 2,
    /// It failed.
    Error = 3,
    /// The engine cannot be asked.
    Unknown = 4,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Error, Self::Unknown];

    /// The seed's own word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Error => "Error",
            Self::Unknown => "Unknown",
        }
    }

    /// The worse of two, which is how several are combined: an error is the first thing to know,
    /// then that something is not known, then that something is not there yet.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if self.severity() >= other.severity() {
            self
        } else {
            other
        }
    }

    fn severity(self) -> u8 {
        match self {
            Self::Running => 0,
            Self::Pending => 1,
            Self::Unknown => 2,
            Self::Error => 3,
        }
    }
}

/// What is the case with an executable. When several are, the first in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Situation {
    /// It was given up: it failed too often, or its restart policy says so.
    GivenUp,
    /// Its deployment is over, and it left nothing behind.
    Over,
    /// The engine cannot be asked.
    EngineAway,
    /// It should be gone, and could not be removed.
    NotRemoved,
    /// It should be gone, and is.
    Gone,
    /// It should be gone, and is being stopped and removed.
    Leaving,
    /// Somebody stopped or removed it by hand, and the policy leaves it so.
    LeftByHand,
    /// Its container is of an earlier revision, and is replaced.
    Replacing,
    /// Somebody paused it by hand.
    Paused,
    /// It runs, is configured and activated, and is ready as far as that is asked for.
    Ready,
    /// It runs and is not ready.
    NotReady,
    /// Its deployment is being checked.
    Checking,
    /// It is not started before a deployment that it depends on is there.
    Held,
    /// It ended and is started again.
    Restarting,
    /// It has not been started: its image is fetched, its container is created or started.
    Preparing,
}

impl Situation {
    /// Every situation.
    pub const ALL: [Self; 15] = [
        Self::GivenUp,
        Self::Over,
        Self::EngineAway,
        Self::NotRemoved,
        Self::Gone,
        Self::Leaving,
        Self::LeftByHand,
        Self::Replacing,
        Self::Paused,
        Self::Ready,
        Self::NotReady,
        Self::Checking,
        Self::Held,
        Self::Restarting,
        Self::Preparing,
    ];

    /// The status that follows; none when there is nothing left to have one.
    pub fn status(self) -> Option<Status> {
        match self {
            Self::GivenUp | Self::NotRemoved | Self::LeftByHand => Some(Status::Error),
            Self::Over | Self::Gone => None,
            Self::EngineAway => Some(Status::Unknown),
            Self::Ready => Some(Status::Running),
            Self::Leaving
            | Self::Replacing
            | Self::Paused
            | Self::NotReady
            | Self::Checking
            | Self::Held
            | Self::Restarting
            | Self::Preparing => Some(Status::Pending),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combining_is_total_and_in_any_order_the_same() {
        for a in Status::ALL {
            assert_eq!(a.worse(a), a);
            for b in Status::ALL {
                assert_eq!(a.worse(b), b.worse(a));
                for c in Status::ALL {
                    assert_eq!(a.worse(b).worse(c), a.worse(b.worse(c)));
                }
            }
        }
    }

    #[test]
    fn the_table_in_the_architecture_is_the_codes() {
        let text = include_str!("../../../ARCHITECTURE.md");
        for situation in Situation::ALL {
            let status = situation.status().map_or("none", Status::name);
            let row = format!("| {situation:?} | {status} |");
            assert!(text.contains(&row), "ARCHITECTURE.md lacks the row {row}");
        }
    }
}
