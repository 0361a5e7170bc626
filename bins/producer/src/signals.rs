//! Ctrl-C and SIGTERM.

/// Ready when the user or the system asks to stop; a second request ends the process at once.
///
/// Ending at once loses nothing either: the next run sends what this one left in the spool.
pub(crate) async fn stop() {
    next().await;
    tracing::info!("stopping: what was read is sent; once more to stop at once");
    tokio::spawn(async {
        next().await;
        std::process::exit(1);
    });
}

#[cfg(unix)]
async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return interrupt().await };
    tokio::select! {
        () = interrupt() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn next() {
    interrupt().await;
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // No handler, no request: the run ends when its feed does.
        std::future::pending::<()>().await;
    }
}
