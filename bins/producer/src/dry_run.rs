//! The quotes of a feed, printed instead of sent.

use std::{io::Write, pin::pin};

use stockflow_core::{QuoteSource, wire};

use crate::{Failure, pause::Pause};

/// Writes the quotes of `source` to `out`, as lines of the wire format, until it ends or `stop` is ready. Nothing is stored.
///
/// # Errors
/// The source failed for good, or `out` did; a reader that goes away (`| head`) is a success.
pub async fn dry_run(
    mut source: Box<dyn QuoteSource>,
    stop: impl Future<Output = ()> + Send,
    out: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let mut stop = pin!(stop);
    let mut pause = Pause::default();
    let mut lines = Vec::new();
    loop {
        let batch = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            batch = source.next_batch() => batch,
        };
        match batch {
            Ok(None) => return Ok(()),
            Ok(Some(batch)) => {
                lines.clear();
                for quote in &batch.quotes {
                    wire::encode(quote, &mut lines);
                    lines.push(b'\n');
                }
                for item in &batch.unreadable {
                    tracing::warn!(origin = item.origin, reason = item.reason, "no quote");
                }
                match out.write_all(&lines).and_then(|()| out.flush()) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(error) => return Err(Failure::Failed(error.to_string())),
                }
                pause = Pause::default();
            }
            Err(error) if error.is_retryable() => {
                tracing::warn!(error = error.chain(), "the feed failed; it is asked again");
                tokio::select! {
                    () = &mut stop => return Ok(()),
                    () = pause.rest() => {}
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}
