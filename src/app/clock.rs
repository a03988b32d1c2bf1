//! The present, for the domain.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Monotonic, Now, WallTime};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The present, by both clocks.
pub fn now() -> Now {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Now {
        wall: WallTime(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)),
        monotonic: Monotonic(START.elapsed()),
    }
}

/// The moment of the runtime's clock that is a moment of the domain's.
pub fn instant(moment: Monotonic) -> tokio::time::Instant {
    tokio::time::Instant::from_std(*START + moment.0)
}
