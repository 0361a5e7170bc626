//! Formats with a quote a line.

use std::{fmt, io};

use stockflow_core::Quote;

use super::{
    lines::{Line, Lines, MAX_LINE},
    rows::{Broken, Item, Row, Rows},
};

/// Reads a line of a format.
pub(super) trait ParseLine: fmt::Debug + Send {
    /// The quote in `line`, or why there is none.
    fn parse(&mut self, line: &[u8]) -> Result<Quote, String>;
}

/// A file with a quote a line; lines without anything on them do not count as rows.
#[derive(Debug)]
pub(super) struct TextRows<P> {
    lines: Lines,
    parser: P,
    /// A row that was read to tell the format.
    first: Option<Row>,
}

impl<P: ParseLine> TextRows<P> {
    pub(super) const fn new(lines: Lines, parser: P) -> Self {
        Self { lines, parser, first: None }
    }

    /// With `line`, the last one that was read from `lines`, as first row.
    pub(super) fn with_first(lines: Lines, mut parser: P, line: &[u8]) -> Self {
        let number = lines.number();
        let item = item(&mut parser, number, line);
        Self { lines, parser, first: Some(Row { number, item }) }
    }
}

fn item(parser: &mut impl ParseLine, number: u64, line: &[u8]) -> Item {
    match parser.parse(line) {
        Ok(quote) => Item::Quote(quote),
        Err(reason) => Item::Broken(Broken::line(number, reason, line)),
    }
}

impl<P: ParseLine> Rows for TextRows<P> {
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        if let Some(row) = self.first.take() {
            return Ok(Some(row));
        }
        loop {
            let number = self.lines.number() + 1;
            let Some(line) = self.lines.next_line()? else { return Ok(None) };
            let item = match line {
                Line::Whole(line) if line.trim_ascii().is_empty() => continue,
                Line::Whole(line) => item(&mut self.parser, number, line),
                Line::TooLong(start) => {
                    let reason = format!(
                        "the line is longer than {MAX_LINE} bytes; its first {} are kept",
                        start.len()
                    );
                    Item::Broken(Broken::line(number, reason, start))
                }
                Line::Damaged(rest, error) => {
                    let reason = format!(
                        "the file is damaged here, and nothing after it can be read: {error}"
                    );
                    Item::Broken(Broken::line(number, reason, rest))
                }
            };
            return Ok(Some(Row { number, item }));
        }
    }
}

/// Bytes for people: at most forty, control characters escaped.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..40).map_or_else(|| bytes.escape_ascii(), |start| start.escape_ascii());
    if bytes.len() > 40 { format!("\"{shown}…\"") } else { format!("\"{shown}\"") }
}
