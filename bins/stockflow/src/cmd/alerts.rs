//! `stockflow alerts`: what was raised, from the ledger.

use std::io::{self, Write};

use clap::Args;
use stockflow_core::{Alert, AlertStatus, Symbol, Timestamp};

use crate::{
    DataDir,
    output::{Cell, Column, Format, Printer},
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
    fn wants(&self, alert: &Alert) -> bool {
        self.since.is_none_or(|since| alert.cause >= since)
            && self.symbol.is_none_or(|symbol| alert.symbol == symbol)
    }
}

/// Prints alerts in their order.
fn print(
    out: impl Write,
    format: Format,
    alerts: &[(Alert, AlertStatus)],
    width: Option<usize>,
) -> io::Result<()> {
    let columns = vec![
        Column::text("time"),
        Column::text("symbol"),
        Column::text("severity"),
        Column::text("kind"),
        Column::text("rule"),
        Column::text("direction"),
        Column::number("price"),
        Column::number("change_percent"),
        Column::number("value"),
        Column::number("threshold"),
        Column::number("score"),
        Column::text("sent"),
        Column::text("id"),
    ];
    let mut printer = Printer::new(out, format, columns, width);
    for (alert, status) in alerts {
        printer.row(cells(alert, status, format))?;
    }
    printer.finish()?;
    Ok(())
}

fn cells(alert: &Alert, status: &AlertStatus, format: Format) -> Vec<Cell> {
    let evidence = &alert.evidence;
    // Machines get every digit.
    let number = |value: f64| match format {
        Format::Table => Cell::Number(format!("{value:.2}")),
        Format::Csv | Format::Json => Cell::number(value),
    };
    vec![
        Cell::text(alert.cause),
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
        match status {
            AlertStatus::Sent { at } => Cell::text(at),
            AlertStatus::Claimed { .. } => Cell::Null,
        },
        Cell::text(alert.id()),
    ]
}

impl Alerts {
    pub(crate) fn execute(self) -> crate::Outcome {
        Err(crate::Failure::failed("alerts waits for its backend"))
    }
}
