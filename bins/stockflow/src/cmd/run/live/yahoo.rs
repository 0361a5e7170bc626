//! Yahoo.

use stockflow_core::{Cursor, QuoteSource, Symbol};
use stockflow_local::YahooPoll;

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
