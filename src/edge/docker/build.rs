//! Builds images, with the engine's own builder.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bollard::models::{BuildInfo, CreateImageInfo};
use bollard::query_parameters::BuildImageOptions;
use futures::Stream;
use tokio::task::JoinHandle;

use super::classify::{self, Asked};
use super::overdue::{Overdue, Watched};
use super::progress::Pull;
use super::{Engine, EngineError, Failure, context, logs};
use crate::domain::container::{BuildSpec, ImageProgress};

const WHAT: &str = "build the image";
const LAST_LINES: usize = 20;

type Progress<'a> = &'a (dyn Fn(ImageProgress) + Send + Sync);

impl Engine {
    /// Builds an image from a folder. Each step of the Dockerfile is reported as a layer. To drop
    /// the future is to cancel the build.
    pub async fn build(&self, spec: &BuildSpec, progress: Progress<'_>) -> Result<(), EngineError> {
        let client = self.client()?;
        let dockerfile = dockerfile_of(spec)?;
        let credentials = self.credentials_of_all(&base_images(&dockerfile)).await;
        let (archive, packing) =
            context::pack(PathBuf::from(&spec.context), spec.dockerfile.clone());
        let messages = client.build_image(
            options(spec),
            Some(credentials),
            Some(bollard::body_try_stream(archive)),
        );
        let built = self.follow(spec, messages, progress).await;
        packed(spec, packing).await?;
        built
    }

    /// Reads the build's messages to their end. They are dropped with it, which stops the packing.
    async fn follow(
        &self,
        spec: &BuildSpec,
        messages: impl Stream<Item = Result<BuildInfo, Failure>>,
        progress: Progress<'_>,
    ) -> Result<(), EngineError> {
        let limits = self.deadlines();
        let messages = Box::pin(messages);
        let mut messages = Watched::new(messages, limits.build_stall, limits.build);
        let late = |overdue| too_late(spec, overdue);
        let mut output = Output::default();
        while let Some(message) = messages.next().await.map_err(late)? {
            let message = match message {
                Ok(message) => message,
                Err(failure) => return Err(self.build_failed(spec, output, &failure)),
            };
            if let Some(news) = output.take(&message) {
                progress(news);
            }
            messages.note(output.moved()).map_err(late)?;
        }
        Ok(())
    }

    fn build_failed(&self, spec: &BuildSpec, mut output: Output, failure: &Failure) -> EngineError {
        let asked = Asked {
            what: WHAT,
            image: None,
        };
        let cause = match failure {
            Failure::DockerStreamError { error } => error,
            Failure::DockerResponseServerError { message, .. } => message,
            failure => return classify::explain(&self.shared.address, failure, asked),
        };
        if let full @ EngineError::DiskFull { .. } = classify::of_text(cause, asked) {
            return full;
        }
        output.write(cause);
        EngineError::BuildFailed {
            image: spec.image.clone(),
            last_lines: output.last_lines(),
        }
    }
}

fn too_late(spec: &BuildSpec, overdue: Overdue) -> EngineError {
    let image = &spec.image;
    let (what, limit) = match overdue {
        Overdue::Stalled(limit) => (format!("get on with the build of {image}"), limit),
        Overdue::Unfinished(limit) => (format!("finish the build of {image}"), limit),
    };
    EngineError::Deadline {
        what,
        seconds: limit.as_secs(),
    }
}

fn options(spec: &BuildSpec) -> BuildImageOptions {
    BuildImageOptions {
        dockerfile: spec.dockerfile.clone(),
        t: Some(spec.image.clone()),
        target: spec.target.clone().unwrap_or_default(),
        buildargs: Some(spec.args.clone().into_iter().collect()),
        rm: true,
        // Without it the container of a failed step stays behind.
        forcerm: true,
        ..Default::default()
    }
}

/// The Dockerfile's text; a context or Dockerfile that is not there is named before anything is
/// sent.
fn dockerfile_of(spec: &BuildSpec) -> Result<String, EngineError> {
    let context = Path::new(&spec.context);
    let missing = |path: &Path| EngineError::PathNotFound {
        path: path.display().to_string(),
    };
    if !context.is_dir() {
        return Err(missing(context));
    }
    let file = context.join(&spec.dockerfile);
    std::fs::read_to_string(&file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(&file),
        _ => unreadable(format!("{}: {error}", file.display())),
    })
}

fn unreadable(cause: String) -> EngineError {
    EngineError::Refused {
        what: "build from a folder that cannot be read".to_owned(),
        cause,
    }
}

/// The images that a Dockerfile starts from, as far as they are spelt out.
fn base_images(dockerfile: &str) -> Vec<String> {
    let from = |line: &str| {
        let mut words = line.split_whitespace();
        words
            .next()
            .filter(|word| word.eq_ignore_ascii_case("from"))?;
        words
            .find(|word| !word.starts_with("--"))
            .map(str::to_owned)
    };
    let images = dockerfile.lines().filter_map(from);
    images.filter(|image| !image.contains('$')).collect()
}

/// The context's own error, unless the engine just did not want the rest of it.
async fn packed(
    spec: &BuildSpec,
    packing: JoinHandle<std::io::Result<()>>,
) -> Result<(), EngineError> {
    match packing.await {
        Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => {
            Err(unreadable(error.to_string()))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(format!("{}: {error}", spec.context))),
    }
}

/// A build's output so far.
#[derive(Default)]
struct Output {
    lines: VecDeque<String>,
    unfinished: String,
    progress: ImageProgress,
    /// How many times the build's programs wrote something.
    written: u64,
    /// Images that it starts from.
    pulls: Pull,
}

impl Output {
    /// Takes in a message; answers with the progress if it begins a step.
    fn take(&mut self, message: &BuildInfo) -> Option<ImageProgress> {
        let text = message.stream.as_deref().or(message.status.as_deref())?;
        if message.stream.is_some() {
            self.written += 1;
            self.write(text);
        } else {
            self.pulls.take(&part_of_pull(message));
        }
        let (step, steps) = step_of(text)?;
        self.progress = ImageProgress {
            building: true,
            step: text.trim().to_owned(),
            layers_done: step.saturating_sub(1),
            layers_total: steps,
            ..Default::default()
        };
        Some(self.progress.clone())
    }

    /// Grows with what gets done: with each thing written, and each byte of an image that the build
    /// starts from.
    fn moved(&self) -> u64 {
        self.written.saturating_add(self.pulls.moved())
    }

    fn write(&mut self, text: &str) {
        self.unfinished.push_str(text);
        while let Some((line, rest)) = self.unfinished.split_once('\n') {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            self.unfinished = rest;
            self.line(&line);
        }
    }

    fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.lines.push_back(line.to_owned());
        if self.lines.len() > LAST_LINES {
            self.lines.pop_front();
        }
    }

    fn last_lines(mut self) -> String {
        let rest = std::mem::take(&mut self.unfinished);
        self.line(&rest);
        let lines = Vec::from(self.lines).join("\n");
        logs::plain(lines.as_bytes())
    }
}

/// A build tells of its pulls as a pull does.
fn part_of_pull(message: &BuildInfo) -> CreateImageInfo {
    CreateImageInfo {
        id: message.id.clone(),
        status: message.status.clone(),
        progress_detail: message.progress_detail.clone(),
        ..Default::default()
    }
}

/// The numbers in `Step 2/5 : RUN make`.
fn step_of(text: &str) -> Option<(u32, u32)> {
    let (numbers, _) = text.strip_prefix("Step ")?.split_once(' ')?;
    let (step, steps) = numbers.split_once('/')?;
    Some((step.parse().ok()?, steps.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;

    #[test]
    fn steps_and_base_images_are_read() {
        assert_eq!(step_of("Step 2/5 : RUN make"), Some((2, 5)));
        assert_eq!(step_of("Step by step"), None);
        let text = "ARG V\nFROM --platform=linux/amd64 a:1 AS x\nfrom b\nFROM c:$V\nRUN FROM";
        assert_eq!(base_images(text), ["a:1", "b"]);
    }

    #[test]
    fn words_of_programs_and_bytes_move_a_build() {
        let mut output = Output::default();
        let says = |text: &str| BuildInfo {
            stream: Some(text.to_owned()),
            ..Default::default()
        };
        let pulls = |bytes| BuildInfo {
            id: Some("a".to_owned()),
            status: Some("Downloading".to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(bytes),
                total: Some(100),
            }),
            ..Default::default()
        };
        for (message, moves) in [
            (says("Step 1/2 : FROM a"), true),
            (pulls(1), true),
            (pulls(1), false),
            (pulls(2), true),
            (says("."), true),
            (BuildInfo::default(), false),
        ] {
            let before = output.moved();
            output.take(&message);
            assert_eq!(output.moved() > before, moves, "{message:?}");
        }
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut output = Output::default();
        for n in 0..50 {
            output.write(&format!("line {n}\n\n"));
        }
        output.write("no end");
        let last = output.last_lines();
        assert_eq!(last.lines().count(), LAST_LINES);
        assert!(last.starts_with("line 31\n") && last.ends_with("\nno end"));
    }
}
