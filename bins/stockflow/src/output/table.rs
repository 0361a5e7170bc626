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
    layout: Option<Layout>,
}

/// Which columns are shown, each with its width, and which are not.
#[derive(Debug)]
struct Layout {
    shown: Vec<(usize, usize)>,
    left_out: Vec<usize>,
}

impl Table {
    pub(super) const fn new(columns: Vec<Column>, terminal: Option<usize>) -> Self {
        Self { columns, terminal, waiting: Vec::new(), layout: None }
    }

    pub(super) fn row(&mut self, out: &mut impl Write, cells: Vec<Cell>) -> io::Result<()> {
        if let Some(layout) = &self.layout {
            return self.print(out, layout, &cells);
        }
        self.waiting.push(cells);
        if self.waiting.len() == SAMPLE { self.begin(out) } else { Ok(()) }
    }

    pub(super) fn finish(mut self, out: &mut impl Write) -> io::Result<()> {
        if self.layout.is_none() {
            self.begin(out)?;
        }
        let left_out = self.layout.iter().flat_map(|layout| &layout.left_out);
        let names: Vec<&str> =
            left_out.filter_map(|&at| Some(self.columns.get(at)?.name.as_str())).collect();
        if !names.is_empty() {
            writeln!(
                out,
                "(no room here for {}; --format csv has every column)",
                names.join(", ")
            )?;
        }
        Ok(())
    }

    /// Settles the layout, then prints the header and the rows that waited for it.
    fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let layout = self.lay_out(&waiting);
        let names: Vec<Cell> = self.columns.iter().map(|column| Cell::text(&column.name)).collect();
        let mut rules = vec![Cell::Null; self.columns.len()];
        for &(at, width) in &layout.shown {
            rules[at] = Cell::text("-".repeat(width));
        }
        self.print(out, &layout, &names)?;
        self.print(out, &layout, &rules)?;
        for cells in &waiting {
            self.print(out, &layout, cells)?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn lay_out(&self, rows: &[Vec<Cell>]) -> Layout {
        let mut columns: Vec<Measured> = self.columns.iter().map(Measured::header).collect();
        for cells in rows {
            for (column, cell) in columns.iter_mut().zip(cells) {
                column.content = column.content.max(printable(cell.shown()).width());
            }
        }
        for column in &mut columns {
            column.width = column.width.max(column.content);
        }
        let mut shown: Vec<usize> = (0..columns.len()).collect();
        let mut left_out = Vec::new();
        if let Some(terminal) = self.terminal {
            left_out = leave_out(&columns, &mut shown, terminal);
            narrow(&mut columns, &shown, terminal);
        }
        Layout { shown: shown.into_iter().map(|at| (at, columns[at].width)).collect(), left_out }
    }

    fn print(&self, out: &mut impl Write, layout: &Layout, cells: &[Cell]) -> io::Result<()> {
        let mut line = String::new();
        for (place, &(at, width)) in layout.shown.iter().enumerate() {
            let Some(cell) = cells.get(at) else { break };
            if place > 0 {
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

/// How much room a column wants.
#[derive(Debug)]
struct Measured {
    width: usize,
    /// What its cells want, without the header.
    content: usize,
    minor: bool,
}

impl Measured {
    fn header(column: &Column) -> Self {
        Self { width: printable(&column.name).width(), content: 0, minor: column.minor }
    }
}

/// By how much the line is too long.
fn excess(columns: &[Measured], shown: &[usize], terminal: usize) -> usize {
    let gaps = GAP.len() * shown.len().saturating_sub(1);
    (shown.iter().map(|&at| columns[at].width).sum::<usize>() + gaps).saturating_sub(terminal)
}

/// Leaves out minor columns, the last one first, until the line fits: which ones.
fn leave_out(columns: &[Measured], shown: &mut Vec<usize>, terminal: usize) -> Vec<usize> {
    let mut left_out = Vec::new();
    while excess(columns, shown, terminal) > 0 {
        let Some(last) = shown.iter().rposition(|&at| columns[at].minor) else { break };
        left_out.insert(0, shown.remove(last));
    }
    left_out
}

/// Takes from the widest columns until the line fits or no column can give any more: from headers first, then from cells.
fn narrow(columns: &mut [Measured], shown: &[usize], terminal: usize) {
    let floors: [fn(&Measured) -> usize; 2] =
        [|column| column.content.max(NARROWEST), |_| NARROWEST];
    for floor in floors {
        for _ in 0..excess(columns, shown, terminal) {
            let wider = shown.iter().filter(|&&at| columns[at].width > floor(&columns[at]));
            let Some(&widest) = wider.max_by_key(|&&at| columns[at].width) else { break };
            columns[widest].width -= 1;
        }
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
    fn minor_columns_make_room_for_the_others_the_last_one_first() {
        let columns =
            || vec![Column::text("a"), Column::text("b").minor(), Column::text("c").minor()];
        let rows =
            vec![vec![Cell::text("a".repeat(20)), Cell::text("b"), Cell::text("c".repeat(20))]];
        let wide = table(Some(60), columns(), rows.clone());
        assert!(!wide.contains("no room") && wide.contains(&"c".repeat(20)), "{wide}");
        let narrow = table(Some(30), columns(), rows);
        assert!(narrow.contains(&("a".repeat(20) + "  b")) && !narrow.contains("cc"), "{narrow}");
        assert!(narrow.contains("no room here for c;"), "{narrow}");
    }

    #[test]
    fn long_headers_give_way_before_what_stands_below_them() {
        let columns = vec![Column::number("a_very_long_header"), Column::text("x")];
        let text =
            table(Some(25), columns, vec![vec![Cell::number(7), Cell::text("w".repeat(15))]]);
        assert!(text.contains("a_very_…") && text.contains(&"w".repeat(15)), "{text}");
    }

    #[test]
    fn rows_after_the_sample_are_printed_too() {
        let rows: Vec<_> = (0..2 * SAMPLE).map(|n| vec![Cell::number(n)]).collect();
        assert_eq!(table(None, vec![Column::number("n")], rows).lines().count(), 2 * SAMPLE + 2);
    }
}
