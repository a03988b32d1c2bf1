//! How an executable, a component or a deployment is now.

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
}
