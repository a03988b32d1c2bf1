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

/// Decides what follows an end. `failures` counts the ends in a row, this one included.
pub fn after_exit(
    policy: Restart,
    exit: &Exit,
    failures: u32,
    limits: &RestartLimits,
) -> AfterExit {
    let restart = match policy {
        Restart::Always => true,
        Restart::OnFailure => exit.code != 0,
        Restart::Never => false,
    };
    if !restart || cannot_be_run(exit) {
        return AfterExit::GiveUp(describe(exit));
    }
    if failures > limits.most_failures {
        return AfterExit::GiveUp(format!("{}, {failures} times in a row", describe(exit)));
    }
    AfterExit::Restart(wait(failures, limits))
}

/// Whether the engine says that the command itself is at fault: what is not in the image will not
/// be there next time. A shell's own 126 and 127 come without a message.
fn cannot_be_run(exit: &Exit) -> bool {
    matches!(exit.code, 126 | 127) && !exit.message.is_empty()
}

/// Doubles from `first_wait` to `longest_wait`.
fn wait(failures: u32, limits: &RestartLimits) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    limits
        .first_wait
        .saturating_mul(1 << doublings)
        .min(limits.longest_wait)
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
        code @ 129..=159 => match signal_name(code - 128) {
            Some(name) => format!("was ended by {name} (exit code {code})"),
            None => format!("was ended by signal {} (exit code {code})", code - 128),
        },
        code => format!("exited with code {code}"),
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
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

    proptest! {
        #[test]
        fn waits_grow_and_stay_below_the_longest(failures in 1_u32..100) {
            let limits = RestartLimits { most_failures: 200, ..RestartLimits::default() };
            let wait = |n| match after_exit(Restart::Always, &exit(1), n, &limits) {
                AfterExit::Restart(wait) => wait,
                AfterExit::GiveUp(why) => panic!("{why}"),
            };
            prop_assert!(wait(failures) <= wait(failures + 1));
            prop_assert!(wait(failures) <= limits.longest_wait);
            prop_assert!(wait(failures) >= limits.first_wait);
        }
    }

    #[test]
    fn policies_mean_what_they_say() {
        let limits = RestartLimits::default();
        let restarts = |policy, code| {
            matches!(
                after_exit(policy, &exit(code), 1, &limits),
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
        let end = after_exit(Restart::Always, &missing, 1, &limits);
        assert_eq!(end, AfterExit::GiveUp("drive: not found".to_owned()));
        let shell = after_exit(Restart::Always, &exit(127), 1, &limits);
        assert!(matches!(shell, AfterExit::Restart(_)));
    }

    #[test]
    fn a_loop_has_an_end() {
        let limits = RestartLimits::default();
        let end = after_exit(Restart::Always, &exit(1), limits.most_failures + 1, &limits);
        assert_eq!(
            end,
            AfterExit::GiveUp("exited with code 1, 11 times in a row".to_owned())
        );
    }
}
