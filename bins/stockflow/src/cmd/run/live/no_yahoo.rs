//! A build without Yahoo.

use stockflow_core::{Cursor, QuoteSource, Symbol};

use super::LiveOptions;
use crate::Failure;

pub(super) fn open(
    options: &LiveOptions,
    _symbols: &[Symbol],
    _cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    let _ = options.interval();
    Err(Failure::usage("this build has no Yahoo; build with --features yahoo"))
}

pub(super) use open as listen;
