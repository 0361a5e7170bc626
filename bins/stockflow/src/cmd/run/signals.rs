//! How a run is stopped.

use super::{super::signals::next, screen::Screen};

/// Ready when the user or the system asks to stop; a second request ends the process at once.
///
/// Ending at once loses nothing either: the next run finishes what this one began.
pub(super) async fn stop(screen: Screen) {
    next().await;
    screen.line("stopping at the next batch; once more to stop at once");
    tokio::spawn(async {
        next().await;
        std::process::exit(1);
    });
}
