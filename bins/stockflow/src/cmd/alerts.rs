//! `stockflow alerts`: what was raised, from the ledger.

use std::io::{self, Write};

use clap::Args;
use stockflow_core::{Alert, AlertStatus, Symbol, Timestamp};
use stockflow_local::{AlertQuery, LedgerEntry, LocalReader};

use crate::{
    DataDir, Outcome, fail,
    output::{self, Cell, Column, Format, Printer},
};

/// Show the alerts that were raised
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow alerts --since 2026-11-23 --symbol AAPL --format json")]
pub struct Alerts {
    /// Only those whose cause is at or after this market time (RFC 3339, or a day)
    #[arg(long, value_name = "T", value_parser = super::parse::time)]
    pub since: Option<Timestamp>,
    /// Only those of this symbol
    #[arg(long, value_name = "S")]
    pub symbol: Option<Symbol>,
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Alerts {
    pub(crate) fn execute(&self) -> Outcome {
        let reader = LocalReader::open(self.data.existing()?)?;
        let query = AlertQuery { since: self.since, symbol: self.symbol, limit: None };
        let alerts = reader.alerts(&query)?;
        if alerts.is_empty() {
            fail::note(format_args!("no such alerts in {}", self.data.path.display()));
        }
        print(
            io::BufWriter::new(io::stdout().lock()),
            self.format,
            &alerts,
            output::terminal_width(),
        )?;
        Ok(())
    }
}

/// Prints alerts in their order.
fn print(
    out: impl Write,
    format: Format,
    alerts: &[LedgerEntry],
    width: Option<usize>,
) -> io::Result<()> {
    let own = [Column::text("sent").minor(), Column::text("id").minor()];
    let columns = [&columns()[..], &own].concat();
    let mut printer = Printer::new(out, format, columns, width);
    for LedgerEntry { alert, status } in alerts {
        let sent = match status {
            AlertStatus::Sent { at } => Cell::time(*at, format),
            AlertStatus::Claimed { .. } => Cell::Null,
        };
        printer.row([cells(alert, format), vec![sent, Cell::text(alert.id())]].concat())?;
    }
    printer.finish()?;
    Ok(())
}

/// What is shown of an alert, whether it was told or would have been.
pub(super) fn columns() -> [Column; 11] {
    [
        Column::text("time"),
        Column::text("symbol"),
        Column::text("severity"),
        Column::text("kind").minor(),
        Column::text("rule"),
        Column::text("direction").minor(),
        Column::number("price"),
        Column::number("change_percent"),
        Column::number("value").minor(),
        Column::number("threshold").minor(),
        Column::number("score").minor(),
    ]
}

/// An alert in these columns.
pub(super) fn cells(alert: &Alert, format: Format) -> Vec<Cell> {
    let evidence = &alert.evidence;
    // Machines get every digit.
    let number = |value: f64| match format {
        Format::Table => Cell::Number(format!("{value:.2}")),
        Format::Csv | Format::Json => Cell::number(value),
    };
    vec![
        Cell::time(alert.cause, format),
        Cell::text(alert.symbol),
        Cell::text(alert.severity),
        Cell::text(alert.kind),
        Cell::text(&alert.rule),
        Cell::text(evidence.direction),
        Cell::number(alert.price),
        number(alert.change_percent),
        number(evidence.value),
        number(evidence.threshold),
        number(evidence.score),
    ]
}
