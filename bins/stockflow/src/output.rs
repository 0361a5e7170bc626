//! Answers as a table for people, as CSV, or as JSON.

mod csv;
mod json;
mod table;

use std::io::{self, Write};

use clap::ValueEnum;
use stockflow_core::Timestamp;

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, for reading
    #[default]
    Table,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
    /// An array of objects, one object a line
    Json,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it holds numbers, which are aligned at their end.
    pub numeric: bool,
    /// Whether a table goes without it where the terminal is too narrow for all.
    pub minor: bool,
}

impl Column {
    /// A column of texts.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), numeric: false, minor: false }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), numeric: true, minor: false }
    }

    /// The same column, which a table goes without where the terminal is too narrow; of several the last one first.
    #[must_use]
    pub fn minor(self) -> Self {
        Self { minor: true, ..self }
    }
}

/// A value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Unknown: `NULL` in a table, nothing in CSV, `null` in JSON.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as text so that none of its digits is lost.
    Number(String),
    /// Text.
    Text(String),
    /// A list or structure, as JSON.
    Json(String),
}

impl Cell {
    /// A number.
    pub fn number(value: impl ToString) -> Self {
        Self::Number(value.to_string())
    }

    /// Text.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A time: exact and in its canonical form for machines, without what says nothing for people.
    pub fn time(time: Timestamp, format: Format) -> Self {
        let text = time.to_string();
        match format {
            Format::Csv | Format::Json => Self::Text(text),
            Format::Table => {
                let text = text.trim_end_matches('Z').replace('T', " ");
                Self::text(text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }

    /// What a table shows.
    fn shown(&self) -> &str {
        match self {
            Self::Null => "NULL",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) | Self::Json(text) => text,
        }
    }
}

/// Prints rows as they come, so that an answer of any length takes little memory.
#[derive(Debug)]
pub struct Printer<W> {
    out: W,
    form: Form,
    rows: u64,
}

#[derive(Debug)]
enum Form {
    Table(table::Table),
    Csv(csv::Csv),
    Json(json::Json),
}

impl<W: Write> Printer<W> {
    /// Prints to `out`. `width` is that of the terminal in columns; tables are cut to it.
    pub fn new(out: W, format: Format, columns: Vec<Column>, width: Option<usize>) -> Self {
        let form = match format {
            Format::Table => Form::Table(table::Table::new(columns, width)),
            Format::Csv => Form::Csv(csv::Csv::new(&columns)),
            Format::Json => Form::Json(json::Json::new(&columns)),
        };
        Self { out, form, rows: 0 }
    }

    /// Prints a row; cells beyond the columns are left out.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        self.rows += 1;
        match &mut self.form {
            Form::Table(table) => table.row(&mut self.out, cells),
            Form::Csv(csv) => csv.row(&mut self.out, &cells),
            Form::Json(json) => json.row(&mut self.out, &cells),
        }
    }

    /// Prints what is left and how the form ends, and says how many rows there were.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<u64> {
        match self.form {
            Form::Table(table) => table.finish(&mut self.out)?,
            Form::Csv(csv) => csv.finish(&mut self.out)?,
            Form::Json(json) => json.finish(&mut self.out)?,
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// Columns of the terminal that standard output is; `None` if it is a file or a pipe.
#[must_use]
pub fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}
