//! Nobody reads what is printed any more: of `tail | head -1` on a stream that is quiet, no write would ever tell.

/// Ready when standard output is a pipe and its other end is closed; never, where that cannot be watched.
#[cfg(unix)]
pub(super) async fn stdout() {
    use std::{io, os::fd::AsFd as _};
    use tokio::{io::Interest, net::unix::pipe::Sender};
    // Of its own, so that it can be given away; its flags are those of standard output, and stay as they are.
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    if let Ok(pipe) = stdout.and_then(Sender::from_owned_fd_unchecked) {
        while let Ok(ready) = pipe.ready(Interest::ERROR).await {
            if ready.is_error() || ready.is_write_closed() {
                return;
            }
        }
    }
    std::future::pending().await
}

#[cfg(not(unix))]
pub(super) async fn stdout() {
    std::future::pending().await
}
