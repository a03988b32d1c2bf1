//! Builds images, with the engine's own builder.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::{BuildInfo, CreateImageInfo};
use bollard::query_parameters::BuildImageOptions;
use futures::Stream;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use super::classify::{self, Asked};
use super::overdue::{Overdue, Watched};
use super::progress::Pull;
use super::{Engine, EngineError, Failure, context, logs};
use crate::domain::container::{BuildSpec, ImageProgress, labels};

const WHAT: &str = "build the image";
const LAST_LINES: usize = 20;
/// A longer line becomes several.
const LONGEST_LINE: usize = 16 * 1024;

type Progress<'a> = &'a (dyn Fn(ImageProgress) + Send + Sync);
/// Gets each line of a build's output.
type Log<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What became of a build. The context is the digest of everything that decided the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// The engine built it.
    Anew {
        /// Of what; none when the folder changed meanwhile.
        context: Option<String>,
    },
    /// The image had been built of the same before.
    Unchanged {
        /// Of what.
        context: String,
    },
}

impl Engine {
    /// Builds an image from a folder. Each step of the Dockerfile is reported as a layer, and each
    /// line of the output goes to `log`. To drop the future is to cancel the build.
    ///
    /// Nothing is built when the image was built of the very same before, unless it `always` is.
    pub async fn build(
        &self,
        spec: &BuildSpec,
        progress: Progress<'_>,
        log: Log<'_>,
    ) -> Result<Built, EngineError> {
        let dockerfile = dockerfile_of(spec)?;
        let tree = self.digest(spec).await?;
        let context = fingerprint(spec, &tree);
        if !spec.always && self.context_of(&spec.image).await?.as_ref() == Some(&context) {
            progress(ImageProgress {
                building: true,
                step: format!("unchanged: {} is not built again", spec.image),
                ..Default::default()
            });
            return Ok(Built::Unchanged { context });
        }
        let known = Some((tree, context.clone()));
        if self.send(spec, &dockerfile, known, progress, log).await? {
            return Ok(Built::Anew {
                context: Some(context),
            });
        }
        // Somebody writes into the folder. The image is built of what it is now, and not taken for
        // unchanged next time.
        log("the folder changed while it was sent; once more");
        self.send(spec, &dockerfile, None, progress, log).await?;
        Ok(Built::Anew { context: None })
    }

    /// The digest of the context's files.
    async fn digest(&self, spec: &BuildSpec) -> Result<String, EngineError> {
        let reading = context::digest(PathBuf::from(&spec.context), spec.dockerfile.clone());
        let what = format!("read the folder {}", spec.context);
        let read = match self.deadlines().build {
            Duration::ZERO => reading.await,
            limit => self.within(&what, limit, reading).await?,
        };
        read.map_err(|error| unreadable(error.to_string()))
    }

    /// Of what an image was built, if it is there and says so.
    async fn context_of(&self, image: &str) -> Result<Option<String>, EngineError> {
        let what = "look for an image";
        let client = self.client()?;
        let asked = client.inspect_image(image);
        match self.within(what, self.deadlines().question, asked).await? {
            Ok(found) => Ok(found
                .config
                .and_then(|config| config.labels?.remove(labels::CONTEXT))),
            Err(failure) if classify::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }

    /// Has the engine build; false when the folder is not any more what its digest says.
    async fn send(
        &self,
        spec: &BuildSpec,
        dockerfile: &str,
        known: Option<(String, String)>,
        progress: Progress<'_>,
        log: Log<'_>,
    ) -> Result<bool, EngineError> {
        let client = self.client()?;
        let credentials = self.credentials_of_all(&base_images(dockerfile)).await;
        let (tree, context) = known.unzip();
        let (archive, packing) =
            context::pack(PathBuf::from(&spec.context), spec.dockerfile.clone(), tree);
        let messages = client.build_image(
            options(spec, context.unwrap_or_default()),
            Some(credentials),
            Some(bollard::body_try_stream(archive)),
        );
        let built = self.follow(spec, messages, progress, log).await;
        match packed(spec, packing).await? {
            true => built.map(|()| true),
            false => Ok(false),
        }
    }

    /// Reads the build's messages to their end. They are dropped with it, which stops the packing.
    async fn follow(
        &self,
        spec: &BuildSpec,
        messages: impl Stream<Item = Result<BuildInfo, Failure>>,
        progress: Progress<'_>,
        log: Log<'_>,
    ) -> Result<(), EngineError> {
        let limits = self.deadlines();
        let messages = Box::pin(messages);
        let mut messages = Watched::new(messages, limits.build_stall, limits.build);
        let late = |overdue| too_late(spec, overdue);
        let mut output = Output::new(log);
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
        output.finish();
        Ok(())
    }

    fn build_failed(
        &self,
        spec: &BuildSpec,
        mut output: Output<'_>,
        failure: &Failure,
    ) -> EngineError {
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

/// Everything that decides an image, but for the images that it starts from.
fn fingerprint(spec: &BuildSpec, tree: &str) -> String {
    let mut hasher = Sha256::new();
    let target = spec.target.as_deref().unwrap_or_default();
    let always = if spec.always { "always" } else { "" };
    for text in ["shipmate 1", tree, &spec.dockerfile, target, always] {
        context::feed(&mut hasher, text.as_bytes());
    }
    for (name, value) in &spec.args {
        context::feed(&mut hasher, name.as_bytes());
        context::feed(&mut hasher, value.as_bytes());
    }
    context::hex(hasher)
}

/// The context's label is there even if it is empty: that of the image it starts from must not
/// shine through.
fn options(spec: &BuildSpec, context: String) -> BuildImageOptions {
    BuildImageOptions {
        dockerfile: spec.dockerfile.clone(),
        t: Some(spec.image.clone()),
        target: spec.target.clone().unwrap_or_default(),
        buildargs: Some(spec.args.clone().into_iter().collect()),
        labels: Some([(labels::CONTEXT.to_owned(), context)].into()),
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

/// Whether the context was sent as it was read before. Its own error is given, unless the engine
/// just did not want the rest of it.
async fn packed(
    spec: &BuildSpec,
    packing: JoinHandle<std::io::Result<bool>>,
) -> Result<bool, EngineError> {
    match packing.await {
        Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => {
            Err(unreadable(error.to_string()))
        }
        Ok(sent) => Ok(sent.unwrap_or(true)),
        Err(error) => Err(unreadable(format!("{}: {error}", spec.context))),
    }
}

/// A build's output so far.
struct Output<'a> {
    log: Log<'a>,
    lines: VecDeque<String>,
    unfinished: String,
    progress: ImageProgress,
    /// How many times the build's programs wrote something.
    written: u64,
    /// Images that it starts from.
    pulls: Pull,
}

impl<'a> Output<'a> {
    fn new(log: Log<'a>) -> Self {
        Self {
            log,
            lines: VecDeque::new(),
            unfinished: String::new(),
            progress: ImageProgress::default(),
            written: 0,
            pulls: Pull::default(),
        }
    }

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
        while let Some(end) = self.unfinished.find('\n') {
            let line: String = self.unfinished.drain(..=end).collect();
            self.line(&line);
        }
        if self.unfinished.len() > LONGEST_LINE {
            self.finish();
        }
    }

    fn line(&mut self, line: &str) {
        let line = logs::plain(line.as_bytes());
        (self.log)(&line);
        if line.trim().is_empty() {
            return;
        }
        self.lines.push_back(line);
        if self.lines.len() > LAST_LINES {
            self.lines.pop_front();
        }
    }

    /// What has no end is a line, too.
    fn finish(&mut self) {
        let rest = std::mem::take(&mut self.unfinished);
        if !rest.is_empty() {
            self.line(&rest);
        }
    }

    fn last_lines(mut self) -> String {
        self.finish();
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
        let mut output = Output::new(&|_| {});
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
        let mut output = Output::new(&|_| {});
        for n in 0..50 {
            output.write(&format!("line {n}\n\n"));
        }
        output.write("no end");
        let last = output.last_lines();
        assert_eq!(last.lines().count(), LAST_LINES);
        assert!(last.starts_with("line 31\n") && last.ends_with("\nno end"));
    }
}
