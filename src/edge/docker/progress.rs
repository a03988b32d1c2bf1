//! Counts an image's layers and bytes from the engine's messages.

use std::collections::BTreeMap;

use bollard::models::CreateImageInfo;

use crate::domain::container::ImageProgress;

/// What is known of a pull so far.
#[derive(Default)]
pub(super) struct Pull {
    layers: BTreeMap<String, Layer>,
    step: String,
    moved: u64,
}

#[derive(Default)]
struct Layer {
    complete: bool,
    done: u64,
    total: u64,
    stage: u64,
    downloaded: u64,
    extracted: u64,
}

/// What a layer goes through, in this order.
const STAGES: [&str; 5] = [
    "Downloading",
    "Verifying Checksum",
    "Download complete",
    "Extracting",
    "Pull complete",
];

impl Pull {
    /// Takes in a message; answers with the new progress if it changed anything.
    pub(super) fn take(&mut self, message: &CreateImageInfo) -> Option<ImageProgress> {
        let status = message.status.as_deref()?;
        match message.id.as_deref() {
            Some(id) if !status.starts_with("Pulling from") => self.layer(id, status, message),
            _ => self.step = status.to_owned(),
        }
        Some(self.progress())
    }

    fn layer(&mut self, id: &str, status: &str, message: &CreateImageInfo) {
        let layer = self.layers.entry(id.to_owned()).or_default();
        let detail = message.progress_detail.as_ref();
        let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        if let Some(total) = detail.and_then(|d| number(d.total)) {
            layer.total = total;
        }
        match status {
            "Downloading" => {
                layer.done = detail.and_then(|d| number(d.current)).unwrap_or(layer.done)
            }
            "Already exists" => layer.complete = true,
            "Pull complete" => {
                layer.complete = true;
                layer.done = layer.total;
            }
            "Verifying Checksum" | "Download complete" | "Extracting" => layer.done = layer.total,
            _ => {}
        }
        self.moved += layer.moved(status, detail.and_then(|d| number(d.current)));
        self.step = format!("{id}: {status}");
    }

    /// Grows with what gets done, and only with that: with each byte that arrives or is unpacked,
    /// and each stage that a layer comes to. What is said twice does not count, and neither do
    /// bytes in wait for another try.
    pub(super) fn moved(&self) -> u64 {
        let known = u64::try_from(self.layers.len()).unwrap_or(u64::MAX);
        known.saturating_add(self.moved)
    }

    fn progress(&self) -> ImageProgress {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        ImageProgress {
            building: false,
            step: self.step.clone(),
            layers_done: count(self.layers.values().filter(|l| l.complete).count()),
            layers_total: count(self.layers.len()),
            bytes_done: self.layers.values().map(|l| l.done).sum(),
            bytes_total: self.layers.values().map(|l| l.total).sum(),
        }
    }
}

impl Layer {
    /// How much a message adds to what is done. After a lost connection a layer may begin anew:
    /// bytes that arrive a second time count again, as they do arrive.
    fn moved(&mut self, status: &str, bytes: Option<u64>) -> u64 {
        let stage = STAGES.iter().position(|stage| *stage == status);
        let stage = stage.and_then(|n| u64::try_from(n + 1).ok()).unwrap_or(0);
        let further = stage.saturating_sub(self.stage);
        self.stage += further;
        let last = match status {
            "Downloading" => &mut self.downloaded,
            "Extracting" => &mut self.extracted,
            _ => return further,
        };
        let bytes = bytes.unwrap_or(*last);
        let arrived = bytes.saturating_sub(*last);
        *last = bytes;
        further.saturating_add(arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;

    fn message(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..Default::default()
        }
    }

    #[test]
    fn layers_and_bytes_add_up() {
        let mut pull = Pull::default();
        let mut last = None;
        for (message, layers, bytes) in [
            (
                message("jazzy", "Pulling from library/ros", None),
                (0, 0),
                (0, 0),
            ),
            (message("a", "Already exists", None), (1, 1), (0, 0)),
            (message("b", "Pulling fs layer", None), (1, 2), (0, 0)),
            (
                message("b", "Downloading", Some((40, 100))),
                (1, 2),
                (40, 100),
            ),
            (
                message("c", "Downloading", Some((1, 10))),
                (1, 3),
                (41, 110),
            ),
            (message("b", "Download complete", None), (1, 3), (101, 110)),
            (
                message("b", "Extracting", Some((7, 100))),
                (1, 3),
                (101, 110),
            ),
            (message("b", "Pull complete", None), (2, 3), (101, 110)),
            (message("c", "Pull complete", None), (3, 3), (110, 110)),
        ] {
            let progress = pull.take(&message).unwrap_or_default();
            assert_eq!((progress.layers_done, progress.layers_total), layers);
            assert_eq!((progress.bytes_done, progress.bytes_total), bytes);
            last = Some(progress.step);
        }
        assert_eq!(last.as_deref(), Some("c: Pull complete"));
    }

    #[test]
    fn only_what_gets_done_moves_a_pull() {
        let mut pull = Pull::default();
        for (status, bytes, moves) in [
            ("Pulling from library/ros", None, false),
            ("Pulling fs layer", None, true),
            ("Waiting", None, false),
            ("Downloading", Some((10, 100)), true),
            ("Downloading", Some((10, 100)), false),
            ("Downloading", Some((60, 100)), true),
            ("Retrying in 5 seconds", None, false),
            ("Retrying in 4 seconds", None, false),
            ("Downloading", Some((0, 100)), false),
            ("Downloading", Some((1, 100)), true),
            ("Verifying Checksum", None, true),
            ("Download complete", None, true),
            ("Download complete", None, false),
            ("Extracting", Some((50, 100)), true),
            ("Extracting", Some((50, 100)), false),
            ("Extracting", Some((100, 100)), true),
            ("Pull complete", None, true),
            ("Pull complete", None, false),
            ("Downloading", Some((1, 100)), false),
        ] {
            let before = pull.moved();
            pull.take(&message("a", status, bytes));
            assert_eq!(pull.moved() > before, moves, "{status} {bytes:?}");
        }
    }

    #[test]
    fn a_message_without_a_status_changes_nothing() {
        assert_eq!(Pull::default().take(&CreateImageInfo::default()), None);
    }
}
