//! Disks that fill up.

use super::Finding;
use super::facts::{Disk, Space};

const GIB: u64 = 1 << 30;
/// A ROS image takes about this much.
const LITTLE: u64 = 2 * GIB;
const ALMOST_NOTHING: u64 = GIB / 10;

pub fn findings(disks: &[Disk]) -> Vec<Finding> {
    disks.iter().map(finding).collect()
}

fn finding(disk: &Disk) -> Finding {
    let subject = format!("disk of {}", disk.holds);
    let Space { total, free } = match &disk.space {
        Ok(space) => *space,
        Err(cause) => return Finding::unseen(subject, &format!("{}: {cause}", disk.path)),
    };
    let text = format!(
        "{} of {} are free at {}",
        size(free),
        size(total),
        disk.path
    );
    let remedy = "free space, for example with `docker system prune`, which removes unused containers, networks and images";
    match free {
        ..ALMOST_NOTHING => Finding::error(subject, text, remedy),
        ALMOST_NOTHING..LITTLE => Finding::warning(subject, text, remedy),
        _ => Finding::ok(subject, text),
    }
}

/// A number of bytes, as a person says it.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(GIB, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(unit, name)| format!("{:.1} {name}", bytes as f64 / unit as f64),
    )
}
