//! A build without AWS.

use stockflow_core::{Cursor, QuoteSource, Symbol};

use crate::Failure;

pub(super) async fn open(
    stream: &str,
    _symbols: Option<Vec<Symbol>>,
    _cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    Err(Failure::usage(format!(
        "this build cannot read the stream {stream}; build with --features aws"
    )))
}
