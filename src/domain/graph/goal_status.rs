//! Reads action_msgs/msg/GoalStatusArray as it is on the wire: which goals an action server has, and
//! how they are.
//!
//! The bytes come from the network. They are read in place, and what is made of them is never longer
//! than they are.

/// How a goal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalStatus {
    /// Not told, or by a number that this version of the message does not have.
    Unknown,
    /// It is accepted, and not yet begun.
    Accepted,
    /// It is under way.
    Executing,
    /// It is under way to its end, because somebody wants it to end.
    Canceling,
    /// It was reached.
    Succeeded,
    /// It was ended because somebody wanted it.
    Canceled,
    /// It was given up.
    Aborted,
}

impl GoalStatus {
    /// Whether the server still works on it.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Accepted | Self::Executing | Self::Canceling)
    }

    fn of(number: u8) -> Self {
        match number {
            1 => Self::Accepted,
            2 => Self::Executing,
            3 => Self::Canceling,
            4 => Self::Succeeded,
            5 => Self::Canceled,
            6 => Self::Aborted,
            _ => Self::Unknown,
        }
    }
}

/// A goal that an action server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// What client and server know it by.
    pub id: [u8; 16],
    /// How it is.
    pub status: GoalStatus,
}

/// A message's goals; None when it is not such a message.
pub fn read(message: &[u8]) -> Option<Vec<Goal>> {
    let (encapsulation, body) = message.split_first_chunk::<4>()?;
    let little_endian = match encapsulation {
        [0, 0, ..] => false,
        [0, 1, ..] => true,
        _ => return None,
    };
    let (number, _) = body.split_first_chunk()?;
    let number = match little_endian {
        true => u32::from_le_bytes(*number),
        false => u32::from_be_bytes(*number),
    };
    let mut place = 4;
    // Not reserved in advance: the number is only what the message claims.
    let mut goals = Vec::new();
    for _ in 0..number {
        let id = *body.get(place..)?.first_chunk()?;
        // Seconds and nanoseconds of the goal's acceptance lie at a multiple of four.
        let stamp = (place + 16).next_multiple_of(4);
        let status = GoalStatus::of(*body.get(stamp + 8)?);
        goals.push(Goal { id, status });
        place = stamp + 9;
    }
    Some(goals)
}

#[cfg(test)]
#[path = "goal_status_tests.rs"]
mod tests;
