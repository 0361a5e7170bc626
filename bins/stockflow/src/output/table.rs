//! Aligned columns for people.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Cell, Column};

/// Column widths follow from so many rows; later rows are printed as they come.
const SAMPLE: usize = 1_000;
/// What a column is not narrowed below, to fit a terminal.
const NARROWEST: usize = 8;
const GAP: &str = "  ";

#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    terminal: Option<usize>,
    waiting: Vec<Vec<Cell>>,
    widths: Option<Vec<usize>>,
}

impl Table {
    pub(super) const fn new(columns: Vec<Column>, terminal: Option<usize>) -> Self {
        Self { columns, terminal, waiting: Vec::new(), widths: None }
    }

    pub(super) fn row(&mut self, out: &mut impl Write, cells: Vec<Cell>) -> io::Result<()> {
        if let Some(widths) = &self.widths {
            return self.print(out, widths, &cells);
        }
        self.waiting.push(cells);
        if self.waiting.len() == SAMPLE { self.begin(out) } else { Ok(()) }
    }

    pub(super) fn finish(mut self, out: &mut impl Write) -> io::Result<()> {
        if self.widths.is_none() { self.begin(out) } else { Ok(()) }
    }

    /// Settles the widths, then prints the header and the rows that waited for it.
    fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let widths = self.measure(&waiting);
        let names: Vec<Cell> = self.columns.iter().map(|column| Cell::text(&column.name)).collect();
        let rules: Vec<Cell> = widths.iter().map(|&width| Cell::text("-".repeat(width))).collect();
        self.print(out, &widths, &names)?;
        self.print(out, &widths, &rules)?;
        for cells in &waiting {
            self.print(out, &widths, cells)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn measure(&self, rows: &[Vec<Cell>]) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.columns.iter().map(|column| printable(&column.name).width()).collect();
        for cells in rows {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(printable(cell.shown()).width());
            }
        }
        if let Some(terminal) = self.terminal {
            narrow(&mut widths, terminal);
        }
        widths
    }

    fn print(&self, out: &mut impl Write, widths: &[usize], cells: &[Cell]) -> io::Result<()> {
        let mut line = String::new();
        for (at, (cell, &width)) in cells.iter().zip(widths).enumerate() {
            if at > 0 {
                line.push_str(GAP);
            }
            let text = printable(cell.shown());
            let text = if self.terminal.is_some() { cut(&text, width) } else { text };
            let pad = " ".repeat(width.saturating_sub(text.width()));
            let numeric = self.columns.get(at).is_some_and(|column| column.numeric);
            let parts = if numeric { [&pad, &*text] } else { [&*text, &pad] };
            line.extend(parts);
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// Takes from the widest columns until the line fits, or no column can give any more.
fn narrow(widths: &mut [usize], terminal: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(terminal);
    while excess > 0 {
        let Some(widest) = widths.iter_mut().max().filter(|width| **width > NARROWEST) else {
            return;
        };
        *widest -= 1;
        excess -= 1;
    }
}

/// Without what could move the cursor or break the line.
fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        return text.chars().flat_map(escape).collect();
    }
    text.into()
}

fn escape(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_control() { Box::new(c.escape_default()) } else { Box::new(std::iter::once(c)) }
}

/// `text` in at most `width` columns; an ellipsis where something was cut off.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.to_owned().into();
    }
    let mut left = width.saturating_sub(1);
    let mut short: String = text
        .chars()
        .take_while(|c| match left.checked_sub(c.width().unwrap_or(0)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .collect();
    short.push('…');
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, Printer};

    fn table(width: Option<usize>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, Format::Table, columns, width);
        for row in rows {
            printer.row(row).unwrap();
        }
        printer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_aligned_at_their_end_and_texts_at_their_start() {
        let columns = vec![Column::text("symbol"), Column::number("price")];
        let rows = vec![
            vec![Cell::text("A"), Cell::number("9.5")],
            vec![Cell::text("株式会社"), Cell::number("12345.25")],
            vec![Cell::Null, Cell::Null],
        ];
        assert_eq!(
            table(None, columns, rows),
            "symbol       price\n--------  --------\nA              9.5\n株式会社  12345.25\nNULL          NULL\n"
        );
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let text = table(None, vec![Column::text("a")], vec![vec![Cell::text("x\u{1b}[2Jy\nz")]]);
        assert!(text.ends_with("x\\u{1b}[2Jy\\nz\n"), "{text:?}");
    }

    #[test]
    fn a_table_is_cut_to_its_terminal() {
        let columns = vec![Column::text("a"), Column::text("b")];
        let text =
            table(Some(30), columns, vec![vec![Cell::text("short"), Cell::text("w".repeat(80))]]);
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.contains("short") && text.contains('…'));
    }

    #[test]
    fn rows_after_the_sample_are_printed_too() {
        let rows: Vec<_> = (0..2 * SAMPLE).map(|n| vec![Cell::number(n)]).collect();
        assert_eq!(table(None, vec![Column::number("n")], rows).lines().count(), 2 * SAMPLE + 2);
    }
}
