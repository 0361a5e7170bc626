//! An array of objects, one object a line.

use std::io::{self, Write};

use super::{Cell, Column};

#[derive(Debug)]
pub(super) struct Json {
    /// Names as JSON strings, each once.
    keys: Vec<String>,
    opened: bool,
}

impl Json {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut names: Vec<String> = Vec::with_capacity(columns.len());
        for column in columns {
            // `SELECT * FROM a JOIN b` gives a name twice; an object must not have it twice.
            let mut name = column.name.clone();
            let mut copy = 1;
            while names.contains(&name) {
                copy += 1;
                name = format!("{}_{copy}", column.name);
            }
            names.push(name);
        }
        Self { keys: names.iter().map(|name| string(name)).collect(), opened: false }
    }

    pub(super) fn row(&mut self, out: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
        out.write_all(if self.opened { b",\n" } else { b"[\n" })?;
        self.opened = true;
        for (at, (key, cell)) in self.keys.iter().zip(cells).enumerate() {
            out.write_all(if at == 0 { b"{" } else { b"," })?;
            write!(out, "{key}:{}", value(cell))?;
        }
        out.write_all(b"}")
    }

    pub(super) fn finish(self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(if self.opened { b"\n]\n" } else { b"[]\n" })
    }
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => string(text),
        // JSON has no NaN and no infinity.
        Cell::Number(text) if serde_json::from_str::<serde_json::Number>(text).is_err() => {
            "null".to_owned()
        }
        Cell::Null => "null".to_owned(),
        Cell::Bool(_) | Cell::Number(_) | Cell::Json(_) => cell.shown().to_owned(),
    }
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::output::{Cell, Column, Format, Printer};

    #[test]
    fn every_kind_of_cell_reads_back() {
        let mut out = Vec::new();
        let columns = ["a", "a", "b", "c", "d"].map(Column::text).to_vec();
        let mut printer = Printer::new(&mut out, Format::Json, columns, None);
        printer
            .row(vec![
                Cell::text("x\"\n\u{1}"),
                Cell::number(9_007_199_254_740_993_i64),
                Cell::number(f64::NAN),
                Cell::Json("[1,2]".to_owned()),
                Cell::Null,
            ])
            .unwrap();
        printer.row(vec![Cell::Bool(true); 5]).unwrap();
        printer.finish().unwrap();
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            read[0],
            json!({"a": "x\"\n\u{1}", "a_2": 9_007_199_254_740_993_i64, "b": null, "c": [1, 2], "d": null})
        );
        assert_eq!(read[1]["d"], json!(true));
        assert_eq!(out.iter().filter(|&&b| b == b'\n').count(), 4, "one object a line");
    }

    #[test]
    fn an_empty_answer_is_an_empty_array() {
        let mut out = Vec::new();
        Printer::new(&mut out, Format::Json, vec![Column::text("a")], None).finish().unwrap();
        assert_eq!(out, b"[]\n");
    }
}
