//! Yahoo.

use stockflow_core::{Cursor, QuoteSource, Symbol};
use stockflow_local::{YahooPoll, YahooStream};

use super::LiveOptions;
use crate::Failure;

pub(super) fn open(
    options: &LiveOptions,
    symbols: &[Symbol],
    cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    let mut poll = YahooPoll::new(symbols, cursors)?.with_interval(options.interval())?;
    if let Some(url) = &options.yahoo_url {
        poll = poll.with_url(url);
    }
    let title = format!("Yahoo, {} symbols, polled every {} s", symbols.len(), options.interval);
    Ok((title, Box::new(poll)))
}

pub(super) fn listen(
    options: &LiveOptions,
    symbols: &[Symbol],
    cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    let mut stream = YahooStream::new(symbols, cursors)?;
    if let Some(url) = &options.yahoo_stream_url {
        stream = stream.with_url(url)?;
    }
    if let Some(url) = &options.yahoo_url {
        stream = stream.with_snapshot_url(url);
    }
    Ok((format!("Yahoo's stream, {} symbols", symbols.len()), Box::new(stream)))
}
