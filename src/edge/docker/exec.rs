//! Runs programs in containers that run already.

use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{ExecConfig, ExecInspectResponse};
use futures::{Stream, TryStreamExt};
use tokio::time::Instant;

use super::{Engine, EngineError, Failure, logs};

const WHAT: &str = "run a program in the container";
/// More than this of a program's output is not kept.
const LIMIT: usize = 1024;
/// How often to look whether a program has ended that closed its output.
const ENDED_CHECK: Duration = Duration::from_millis(20);
/// The shell's exit code for a program that is not there.
const NOT_FOUND: i32 = 127;

type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Failure>> + Send>>;

/// How a program ended that ran in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecEnd {
    /// The exit code; 126 or 127 when the program cannot be run, and then the output says why.
    pub code: i32,
    /// The last KiB of what it wrote, as plain text.
    pub output: String,
}

impl Engine {
    /// Runs a program in a container, and waits for its end and that of its output.
    ///
    /// After `limit` nobody waits any longer, and what failed says who was too slow: the program
    /// with `Deadline`, the engine with `Unreachable`. The API has no way to end the program then:
    /// it runs on until it ends by itself or with its container.
    ///
    /// # Errors
    /// `Refused` when the container does not run, is paused, or is gone.
    pub async fn exec(
        &self,
        id: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecEnd, EngineError> {
        let until = Instant::now() + limit;
        match self.begin(id, command, until).await {
            Ok((exec, output)) => self.end(&exec, output, until, limit).await,
            Err(EngineError::CommandNotFound { cause, .. }) => Ok(ExecEnd {
                code: NOT_FOUND,
                output: cause,
            }),
            Err(error) => Err(error),
        }
    }

    /// Starts the program; answers with the number that the engine gave it, and its output.
    async fn begin(
        &self,
        id: &str,
        command: &[String],
        until: Instant,
    ) -> Result<(String, Output), EngineError> {
        let client = self.client()?;
        let config = ExecConfig {
            cmd: Some(command.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let started = async {
            let exec = client.create_exec(id, config).await?.id;
            let options = None::<StartExecOptions>;
            let started = client.start_exec(&exec, options).await?;
            Ok((exec, started))
        };
        let (exec, started) = self.answered(until, started).await?;
        match started {
            StartExecResults::Attached { output, .. } => Ok((exec, output)),
            StartExecResults::Detached => Ok((exec, Box::pin(futures::stream::empty()))),
        }
    }

    async fn end(
        &self,
        exec: &str,
        output: Output,
        until: Instant,
        limit: Duration,
    ) -> Result<ExecEnd, EngineError> {
        let too_slow = || EngineError::Deadline {
            what: "see the end of a program that was run in the container".to_owned(),
            seconds: limit.as_secs().max(1),
        };
        let written = output.try_fold(Vec::new(), async |bytes, chunk| {
            Ok(keep_end(bytes, &chunk.into_bytes()))
        });
        let written = tokio::time::timeout_at(until, written)
            .await
            .map_err(|_| too_slow())?
            .map_err(|failure| self.explain(&failure, WHAT))?;
        loop {
            if let Some(code) = self.exit_code(exec, until).await? {
                let output = end_of(&logs::plain(&written)).to_owned();
                return Ok(ExecEnd { code, output });
            }
            // It closed its output and lives on, or the engine has yet to hear of its end.
            let wait = tokio::time::timeout_at(until, tokio::time::sleep(ENDED_CHECK));
            wait.await.map_err(|_| too_slow())?;
        }
    }

    /// The program's exit code; None while it runs.
    async fn exit_code(&self, exec: &str, until: Instant) -> Result<Option<i32>, EngineError> {
        let client = self.client()?;
        let found = self.answered(until, client.inspect_exec(exec)).await?;
        Ok(code_of(&found))
    }

    /// Waits for the engine.
    async fn answered<T>(
        &self,
        until: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout_at(until, work).await {
            Ok(answer) => answer.map_err(|failure| self.explain(&failure, WHAT)),
            Err(_) => Err(self
                .shared
                .address
                .unreachable("it did not say in time what became of a program in a container")),
        }
    }
}

fn code_of(found: &ExecInspectResponse) -> Option<i32> {
    let code = found.exit_code.filter(|_| found.running != Some(true))?;
    Some(i32::try_from(code).unwrap_or(i32::MAX))
}

/// Appends a chunk; a program that writes without end must not fill the memory. More than the
/// limit is kept, because colours are yet to be removed.
fn keep_end(mut bytes: Vec<u8>, chunk: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(chunk);
    let excess = bytes.len().saturating_sub(4 * LIMIT);
    bytes.drain(..excess);
    bytes
}

fn end_of(text: &str) -> &str {
    let least = text.len().saturating_sub(LIMIT);
    let start = (least..=text.len()).find(|&start| text.is_char_boundary(start));
    &text[start.unwrap_or(text.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_no_character_is_cut() {
        let kept = (0..100).fold(Vec::new(), |bytes, _| keep_end(bytes, &[b'a'; 1000]));
        assert_eq!(kept.len(), 4 * LIMIT);
        let text = format!("x{}", "é".repeat(LIMIT));
        assert_eq!(end_of(&text), "é".repeat(LIMIT / 2));
        let text = format!("{}x", "é".repeat(LIMIT));
        assert_eq!(end_of(&text).len(), LIMIT - 1);
        assert_eq!(end_of("short"), "short");
    }

    #[test]
    fn a_code_counts_only_when_the_program_has_ended() {
        let found = |running, exit_code| ExecInspectResponse {
            running,
            exit_code,
            ..Default::default()
        };
        assert_eq!(code_of(&found(Some(true), Some(0))), None);
        assert_eq!(code_of(&found(Some(false), None)), None);
        assert_eq!(code_of(&found(Some(false), Some(3))), Some(3));
    }
}
