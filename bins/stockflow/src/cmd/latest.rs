//! `stockflow latest`: the newest judged quotes of a symbol, from the table.

use std::io::{self, Write};

use clap::Args;
use stockflow_core::{Row, RowQuery, Symbol, wire};
use stockflow_local::LocalReader;

use crate::{
    DataDir, Outcome, fail,
    output::{self, Cell, Column, Format, Printer},
};

/// Show the newest judged quotes of a symbol
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow latest AAPL -n 5")]
pub struct Latest {
    /// Ticker symbol, as in the feed
    pub symbol: Symbol,
    /// How many quotes, newest first
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub number: u32,
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Form of the answer; JSON has the canonical rows
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Latest {
    pub(crate) fn execute(&self) -> Outcome {
        let reader = LocalReader::open(self.data.existing()?)?;
        let mut rows = reader.query(&RowQuery::latest(self.symbol, self.number as usize))?;
        rows.reverse();
        let rows: Vec<Row> = rows.into_iter().map(|stored| stored.row).collect();
        if rows.is_empty() {
            fail::note(format_args!("no rows of {} in {}", self.symbol, self.data.path.display()));
        }
        print(
            io::BufWriter::new(io::stdout().lock()),
            self.format,
            &rows,
            output::terminal_width(),
        )?;
        Ok(())
    }
}

/// Prints `rows` in their order.
fn print(out: impl Write, format: Format, rows: &[Row], width: Option<usize>) -> io::Result<()> {
    match format {
        Format::Json => print_canonical(out, rows),
        Format::Table | Format::Csv => print_columns(out, format, rows, width),
    }
}

fn print_canonical(mut out: impl Write, rows: &[Row]) -> io::Result<()> {
    let mut text = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        text.extend_from_slice(if at == 0 { b"[\n" } else { b",\n" });
        wire::encode_row(row, &mut text);
    }
    text.extend_from_slice(if rows.is_empty() { b"[]\n" } else { b"\n]\n" });
    out.write_all(&text)?;
    out.flush()
}

fn print_columns(
    out: impl Write,
    format: Format,
    rows: &[Row],
    width: Option<usize>,
) -> io::Result<()> {
    let numbers = ["price", "change_percent"].map(Column::number);
    let day = ["open", "high", "low", "previous_close"].map(|name| Column::number(name).minor());
    let columns = [
        &[Column::text("timestamp")][..],
        &numbers,
        &day,
        &[Column::number("volume"), Column::number("warming_up").minor()],
        &["quality", "anomalies"].map(Column::text),
    ];
    let columns = columns.concat();
    let mut printer = Printer::new(out, format, columns, width);
    for row in rows {
        printer.row(cells(row, format))?;
    }
    printer.finish()?;
    Ok(())
}

fn cells(row: &Row, format: Format) -> Vec<Cell> {
    let quote = &row.quote;
    let warming_up = match row.judgement {
        stockflow_core::Judgement::Accepted { warming_up, .. } => Cell::number(warming_up),
        stockflow_core::Judgement::Late => Cell::Null,
    };
    let quality = if row.is_late() {
        "late".to_owned()
    } else {
        row.quality().names().collect::<Vec<_>>().join(" ")
    };
    let anomalies: Vec<String> = row
        .anomalies()
        .iter()
        .map(|anomaly| format!("{} {}", anomaly.rule, anomaly.evidence.direction))
        .collect();
    vec![
        Cell::time(quote.timestamp, format),
        Cell::number(quote.price),
        Cell::Number(format!("{:.2}", quote.change_percent())),
        Cell::number(quote.open),
        Cell::number(quote.high),
        Cell::number(quote.low),
        Cell::number(quote.previous_close),
        Cell::number(quote.volume),
        warming_up,
        Cell::text(quality),
        Cell::text(anomalies.join(", ")),
    ]
}
