//! Counts an image's layers and bytes from the engine's messages.

use std::collections::BTreeMap;

use bollard::models::CreateImageInfo;

use crate::domain::container::ImageProgress;

/// What is known of a pull so far.
#[derive(Default)]
pub(super) struct Pull {
    layers: BTreeMap<String, Layer>,
    step: String,
}

#[derive(Default)]
struct Layer {
    complete: bool,
    done: u64,
    total: u64,
}

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
        self.step = format!("{id}: {status}");
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
    fn a_message_without_a_status_changes_nothing() {
        assert_eq!(Pull::default().take(&CreateImageInfo::default()), None);
    }
}
