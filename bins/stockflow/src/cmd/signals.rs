//! Ctrl-C and SIGTERM.

/// Ready when the user or the system asks to stop.
#[cfg(unix)]
pub(super) async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return interrupt().await };
    tokio::select! {
        () = interrupt() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
pub(super) async fn next() {
    interrupt().await;
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // No handler, no request: the run ends when its source does.
        std::future::pending::<()>().await;
    }
}
