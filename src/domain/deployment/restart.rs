//! When an executable that ended is started again.

use std::time::Duration;

use super::super::container::Exit;
use super::super::manifest::Restart;

/// The bounds within which executables are restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimits {
    /// The wait before the first restart; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// Who has run for so long is stable, and its failures are forgotten.
    pub stable_after: Duration,
    /// How many times in a row it may fail before it is given up.
    pub most_failures: u32,
}

impl Default for RestartLimits {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            stable_after: Duration::from_secs(60),
            most_failures: 10,
        }
    }
}

/// What to do about an executable that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterExit {
    /// Start it again after the wait.
    Restart(Duration),
    /// Leave it, for this reason.
    GiveUp(String),
}

/// How often something failed in a row, and what the waits of two things that fail together
/// differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// The failures in a row, the latest included.
    pub in_a_row: u32,
    /// Any number that is another one for another executable.
    pub seed: u64,
}

/// Decides what follows an end. One that was stopped because it was not `alive` has failed,
/// whatever its exit code.
pub fn after_exit(
    policy: Restart,
    exit: &Exit,
    alive: bool,
    failures: Failures,
    limits: &RestartLimits,
) -> AfterExit {
    let restart = match policy {
        Restart::Always => true,
        Restart::OnFailure => exit.code != 0 || !alive,
        Restart::Never => false,
    };
    if !restart || cannot_be_run(exit) {
        return AfterExit::GiveUp(describe(exit));
    }
    let in_a_row = failures.in_a_row;
    if in_a_row > limits.most_failures {
        return AfterExit::GiveUp(format!("{}, {in_a_row} times in a row", describe(exit)));
    }
    AfterExit::Restart(wait(failures, limits))
}

/// Whether the engine says that the command itself is at fault: what is not in the image will not
/// be there next time. A shell's own 126 and 127 come without a message.
fn cannot_be_run(exit: &Exit) -> bool {
    matches!(exit.code, 126 | 127) && !exit.message.is_empty()
}

/// Doubles from `first_wait` to `longest_wait`, then gets up to a tenth longer, so that what failed
/// together does not come back together.
fn wait(failures: Failures, limits: &RestartLimits) -> Duration {
    let doublings = failures.in_a_row.saturating_sub(1).min(20);
    let wait = limits
        .first_wait
        .saturating_mul(1 << doublings)
        .min(limits.longest_wait);
    // The finalizer of splitmix64: near seeds become far numbers.
    let mut mixed = failures.seed ^ (u64::from(failures.in_a_row) << 32);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    let thousandths = u32::try_from((mixed >> 31) % 101).unwrap_or_default();
    wait.saturating_add(wait / 1000 * thousandths)
}

/// How a container ended, in words.
pub fn describe(exit: &Exit) -> String {
    if !exit.message.is_empty() {
        return exit.message.clone();
    }
    if exit.out_of_memory {
        return "was killed because it used more memory than its limit".to_owned();
    }
    match exit.code {
        0 => "exited too early, with code 0".to_owned(),
        126 => "exited with code 126 (its command cannot be executed)".to_owned(),
        127 => "exited with code 127 (its command was not found)".to_owned(),
        code @ 129..=159 => match signal_of(code) {
            Some(name) => format!("was ended by {name} (exit code {code})"),
            None => format!("was ended by signal {} (exit code {code})", code - 128),
        },
        code => format!("exited with code {code}"),
    }
}

/// The name of the signal that an exit code stands for, if it does.
pub fn signal_of(code: i32) -> Option<&'static str> {
    Some(match code.checked_sub(128)? {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exit(code: i32) -> Exit {
        Exit {
            code,
            ..Exit::default()
        }
    }

    fn after(policy: Restart, exit: &Exit, in_a_row: u32, limits: &RestartLimits) -> AfterExit {
        let failures = Failures { in_a_row, seed: 1 };
        after_exit(policy, exit, true, failures, limits)
    }

    proptest! {
        #[test]
        fn waits_grow_and_stay_near_the_longest(in_a_row in 1_u32..100, seed: u64) {
            let limits = RestartLimits { most_failures: 200, ..RestartLimits::default() };
            let wait = |in_a_row| {
                let failures = Failures { in_a_row, seed };
                match after_exit(Restart::Always, &exit(1), true, failures, &limits) {
                    AfterExit::Restart(wait) => wait,
                    AfterExit::GiveUp(why) => panic!("{why}"),
                }
            };
            // The jitter is at most a tenth, and a doubling is more.
            prop_assert!(wait(in_a_row) * 10 <= wait(in_a_row + 1) * 11);
            prop_assert!(wait(in_a_row) <= limits.longest_wait * 11 / 10);
            prop_assert!(wait(in_a_row) >= limits.first_wait);
        }
    }

    #[test]
    fn what_fails_together_does_not_come_back_together() {
        let limits = RestartLimits::default();
        let wait = |seed| {
            let failures = Failures { in_a_row: 4, seed };
            after_exit(Restart::Always, &exit(1), true, failures, &limits)
        };
        let waits: Vec<AfterExit> = (0..20).map(wait).collect();
        let different = waits.iter().filter(|w| **w != waits[0]).count();
        assert!(different > 10, "{waits:?}");
    }

    #[test]
    fn what_was_not_alive_has_failed_whatever_its_code() {
        let limits = RestartLimits::default();
        let failures = Failures {
            in_a_row: 1,
            seed: 1,
        };
        let end = after_exit(Restart::OnFailure, &exit(0), false, failures, &limits);
        assert!(matches!(end, AfterExit::Restart(_)), "{end:?}");
    }

    #[test]
    fn policies_mean_what_they_say() {
        let limits = RestartLimits::default();
        let restarts = |policy, code| {
            matches!(
                after(policy, &exit(code), 1, &limits),
                AfterExit::Restart(_)
            )
        };
        assert!(restarts(Restart::Always, 0) && restarts(Restart::Always, 1));
        assert!(!restarts(Restart::OnFailure, 0) && restarts(Restart::OnFailure, 1));
        assert!(!restarts(Restart::Never, 0) && !restarts(Restart::Never, 1));
    }

    #[test]
    fn a_command_that_is_not_there_is_not_tried_again() {
        let missing = Exit {
            code: 127,
            message: "drive: not found".to_owned(),
            ..Exit::default()
        };
        let limits = RestartLimits::default();
        let end = after(Restart::Always, &missing, 1, &limits);
        assert_eq!(end, AfterExit::GiveUp("drive: not found".to_owned()));
        let shell = after(Restart::Always, &exit(127), 1, &limits);
        assert!(matches!(shell, AfterExit::Restart(_)));
    }

    #[test]
    fn a_loop_has_an_end() {
        let limits = RestartLimits::default();
        let end = after(Restart::Always, &exit(1), limits.most_failures + 1, &limits);
        assert_eq!(
            end,
            AfterExit::GiveUp("exited with code 1, 11 times in a row".to_owned())
        );
    }
}
