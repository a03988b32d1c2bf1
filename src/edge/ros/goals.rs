//! The goals of an action server: which there are, and which a request to cancel means.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::time::{Monotonic, WallTime};

/// How long the result of an ended goal can be asked for.
const RESULT_KEPT: Duration = Duration::from_secs(15 * 60);
/// How many goals may be executing at once.
pub const MOST_ACTIVE: usize = 256;

/// A goal's id.
pub type GoalId = [u8; 16];

/// Where a goal is, with the numbers of `action_msgs/msg/GoalStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum GoalStatus {
    /// It is being carried out.
    Executing = 2,
    /// It is being cancelled.
    Canceling = 3,
    /// It was carried out.
    Succeeded = 4,
    /// It was cancelled.
    Canceled = 5,
    /// It could not be carried out.
    Aborted = 6,
}

/// The codes of an answer to a request to cancel, as in `action_msgs/srv/CancelGoal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum CancelCode {
    /// At least one goal is being cancelled, or nothing fitted the request.
    None = 0,
    /// There is no such goal.
    UnknownGoal = 2,
    /// The goal has ended already.
    Terminated = 3,
}

/// What is known of one goal; `R` is who waits for its result, `T` the result.
#[derive(Debug)]
pub struct Goal<R, T> {
    /// Where it is.
    pub status: GoalStatus,
    /// When it was accepted.
    pub accepted_at: WallTime,
    /// Who waits for its result.
    pub waiting: Vec<R>,
    /// Its result, once it has ended.
    pub result: Option<T>,
    ended_at: Option<Monotonic>,
}

/// Every goal that an action server knows.
#[derive(Debug)]
pub struct Goals<R, T> {
    goals: BTreeMap<GoalId, Goal<R, T>>,
}

impl<R, T> Default for Goals<R, T> {
    fn default() -> Self {
        Self {
            goals: BTreeMap::new(),
        }
    }
}

impl<R, T> Goals<R, T> {
    /// Whether one more goal may be taken: not when too many are active, nor twice the same.
    pub fn may_accept(&self, id: &GoalId) -> bool {
        let active = self.goals.values().filter(|g| g.ended_at.is_none()).count();
        active < MOST_ACTIVE && !self.goals.contains_key(id)
    }

    /// Takes a goal.
    pub fn accept(&mut self, id: GoalId, accepted_at: WallTime) {
        let goal = Goal {
            status: GoalStatus::Executing,
            accepted_at,
            waiting: Vec::new(),
            result: None,
            ended_at: None,
        };
        self.goals.insert(id, goal);
    }

    /// One goal.
    pub fn get_mut(&mut self, id: &GoalId) -> Option<&mut Goal<R, T>> {
        self.goals.get_mut(id)
    }

    /// All goals.
    pub fn iter(&self) -> impl Iterator<Item = (&GoalId, &Goal<R, T>)> {
        self.goals.iter()
    }

    /// Notes the end of a goal; gives back who waits for its result. An end comes once.
    pub fn end(&mut self, id: &GoalId, status: GoalStatus, result: T, now: Monotonic) -> Vec<R> {
        match self.goals.get_mut(id) {
            Some(goal) if goal.ended_at.is_none() => {
                goal.status = status;
                goal.result = Some(result);
                goal.ended_at = Some(now);
                std::mem::take(&mut goal.waiting)
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// Forgets goals that ended long ago.
    pub fn expire(&mut self, now: Monotonic) {
        self.goals
            .retain(|_, goal| goal.ended_at.is_none_or(|at| now.since(at) < RESULT_KEPT));
    }

    /// Begins to cancel what a request means, which is said in `action_msgs/srv/CancelGoal`: one
    /// goal by its id, all up to a time, both, or all. Gives the ids.
    pub fn cancel(&mut self, id: &GoalId, until: WallTime) -> (CancelCode, Vec<GoalId>) {
        let all = *id == [0; 16] && until == WallTime(0);
        let by_id = *id != [0; 16];
        let code = match self.goals.get(id) {
            None if by_id && until == WallTime(0) => CancelCode::UnknownGoal,
            Some(goal) if goal.ended_at.is_some() && until == WallTime(0) => CancelCode::Terminated,
            _ => CancelCode::None,
        };
        let meant = self.goals.iter_mut().filter(|(known, goal)| {
            let in_time = until != WallTime(0) && goal.accepted_at <= until;
            goal.ended_at.is_none() && (all || *known == id || in_time)
        });
        let ids = meant
            .map(|(known, goal)| {
                goal.status = GoalStatus::Canceling;
                *known
            })
            .collect();
        (code, ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(ids: &[u8]) -> Goals<(), ()> {
        let mut goals = Goals::default();
        for id in ids {
            goals.accept([*id; 16], WallTime(i64::from(*id)));
        }
        goals
    }

    #[test]
    fn one_request_cancels_several_goals() {
        let mut all = goals(&[1, 2, 3]);
        let (code, ids) = all.cancel(&[0; 16], WallTime(0));
        assert_eq!((code, ids.len()), (CancelCode::None, 3));
    }

    #[test]
    fn a_time_means_the_goals_up_to_it() {
        let (code, ids) = goals(&[1, 2, 3]).cancel(&[0; 16], WallTime(2));
        assert_eq!((code, ids), (CancelCode::None, vec![[1; 16], [2; 16]]));
    }

    #[test]
    fn an_unknown_goal_and_an_ended_one_are_told_apart() {
        let mut all = goals(&[1]);
        assert_eq!(all.cancel(&[9; 16], WallTime(0)).0, CancelCode::UnknownGoal);
        all.end(&[1; 16], GoalStatus::Succeeded, (), Monotonic::default());
        assert_eq!(all.cancel(&[1; 16], WallTime(0)).0, CancelCode::Terminated);
    }

    #[test]
    fn ended_goals_are_forgotten_and_active_ones_are_not() {
        let mut all = goals(&[1, 2]);
        all.end(&[1; 16], GoalStatus::Aborted, (), Monotonic::default());
        all.expire(Monotonic(RESULT_KEPT));
        assert!(all.get_mut(&[1; 16]).is_none() && all.get_mut(&[2; 16]).is_some());
    }

    #[test]
    fn a_goal_is_not_taken_twice_and_not_beyond_the_bound() {
        let mut all = goals(&[1]);
        assert!(!all.may_accept(&[1; 16]));
        for n in 0..u8::MAX {
            let mut id = [n; 16];
            id[0] = 99;
            all.accept(id, WallTime(1));
        }
        assert!(!all.may_accept(&[7; 16]));
    }
}
