//! Comma-separated values, RFC 4180 with line feeds.

use std::io::{self, Write};

use super::{Cell, Column};

#[derive(Debug)]
pub(super) struct Csv {
    header: Option<String>,
    columns: usize,
}

impl Csv {
    pub(super) fn new(columns: &[Column]) -> Self {
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        Self { header: Some(names.join(",")), columns: columns.len() }
    }

    pub(super) fn row(&mut self, out: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
        self.head(out)?;
        for (at, cell) in cells.iter().take(self.columns).enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            match cell {
                Cell::Null => {}
                Cell::Text(text) | Cell::Json(text) => out.write_all(quoted(text).as_bytes())?,
                Cell::Bool(_) | Cell::Number(_) => out.write_all(cell.shown().as_bytes())?,
            }
        }
        out.write_all(b"\n")
    }

    pub(super) fn finish(mut self, out: &mut impl Write) -> io::Result<()> {
        self.head(out)
    }

    fn head(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.header.take().map_or(Ok(()), |header| writeln!(out, "{header}"))
    }
}

/// In quotes where it has to be; an empty text too, since nothing between two commas is NULL.
fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::output::{Cell, Column, Format, Printer};

    #[test]
    fn commas_quotes_and_line_feeds_stay_within_their_cell() {
        let mut out = Vec::new();
        let columns = vec![Column::text("a,b"), Column::number("n")];
        let mut printer = Printer::new(&mut out, Format::Csv, columns, None);
        printer.row(vec![Cell::text("say \"hi\",\nyou"), Cell::number(1.5)]).unwrap();
        printer.row(vec![Cell::text(""), Cell::Null]).unwrap();
        printer.finish().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a,b\",n\n\"say \"\"hi\"\",\nyou\",1.5\n\"\",\n"
        );
    }

    #[test]
    fn an_empty_answer_has_a_header() {
        let mut out = Vec::new();
        let columns = vec![Column::text("symbol")];
        let rows = Printer::new(&mut out, Format::Csv, columns, None).finish().unwrap();
        assert_eq!((rows, out.as_slice()), (0, b"symbol\n".as_slice()));
    }
}
