//! How a run is stopped.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use super::{super::signals::next, screen::Screen};

/// Ready when the user or the system asks to stop, which `stopped` then says; a second request ends the process at once.
///
/// Ending at once loses nothing either: the next run finishes what this one began.
pub(super) async fn stop(screen: Screen, stopped: Arc<AtomicBool>) {
    next().await;
    stopped.store(true, SeqCst);
    screen.line("stopping at the next batch; once more to stop at once");
    tokio::spawn(async {
        next().await;
        std::process::exit(1);
    });
}
