//! Reading what builds said.

use super::pick::Picked;
use super::read::{Answer, Merged, name};
use crate::app::build_logs::BuildLogs;
use crate::edge::docker::LogPage;

/// Reads the log of each build. What cannot be read is said, and the rest is given all the same.
pub(super) async fn read(builds: &BuildLogs, picked: Picked, tail: u32) -> Answer {
    let builds = builds.clone();
    // The disk may be slow.
    let reading = tokio::task::spawn_blocking(move || read_all(&builds, &picked, tail));
    { reading.await }.unwrap_or_else(|error| Answer::refused(error.to_string()))
}

fn read_all(builds: &BuildLogs, picked: &Picked, tail: u32) -> Answer {
    let mut merged = Merged::default();
    let mut told = Vec::new();
    let mut success = true;
    let mut any = false;
    let tail = usize::try_from(tail).unwrap_or(usize::MAX);
    for place in &picked.places {
        let author = &place.author;
        let build = format!("{}.{}", author.component, author.executable);
        match builds.read(&picked.id, &build) {
            Ok(None) => {}
            Ok(Some(mut log)) => {
                any = true;
                let older = log.lines.len().saturating_sub(tail);
                log.lines.drain(..older);
                if !log.remark.is_empty() {
                    told.push(format!("{}: {}", name(place), log.remark));
                }
                let page = LogPage {
                    lines: log.lines,
                    truncated: log.truncated && older == 0,
                };
                merged.add(place, page);
            }
            Err(error) => {
                success = false;
                told.push(format!("{}: {error}", name(place)));
            }
        }
    }
    if told.is_empty() && !any {
        told.push(format!(
            "nothing of what is meant in {} was built, or its log is not kept any more",
            picked.name
        ));
    }
    let (lines, truncated) = merged.end();
    Answer {
        success: success || any,
        message: told.join("; "),
        lines,
        truncated,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Wanted;
    use super::super::pick::pick;
    use super::super::test_world::snapshot;
    use super::*;
    use crate::app::build_logs::Ended;
    use crate::domain::time::WallTime;

    #[tokio::test]
    async fn builds_are_read_by_executable_and_the_latest_lines_are_given() {
        let folder = tempfile::TempDir::new().unwrap();
        let builds = BuildLogs::new(folder.path().to_owned());
        let wanted = Wanted {
            deployment: "arm".to_owned(),
            component: "left".to_owned(),
            ..Wanted::default()
        };
        let read_it = async |tail| {
            let picked = pick(&snapshot(), &wanted).unwrap();
            read(&builds, picked, tail).await
        };
        let answer = read_it(10).await;
        assert!(answer.success && answer.lines.is_empty(), "{answer:?}");
        assert!(answer.message.contains("arm"), "{answer:?}");

        for (name, moments) in [
            ("left.driver", [1, 3]),
            ("left.logger", [2, 4]),
            ("right.driver", [5, 6]),
        ] {
            let recording = builds.begin("id-of-arm", name);
            for at in moments {
                recording.line(WallTime(at), name);
            }
            recording.end(&Ended::Failed).unwrap();
        }
        let at = |answer: &Answer| -> Vec<i64> {
            answer.lines.iter().map(|line| line.line.at.0).collect()
        };
        let answer = read_it(10).await;
        assert_eq!(at(&answer), [1, 2, 3, 4]);
        assert!(
            answer.message.contains("left/driver: the build failed"),
            "{answer:?}"
        );
        assert_eq!(at(&read_it(1).await), [3, 4]);
    }
}
