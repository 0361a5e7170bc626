//! Answers of a backtest.

use std::io::{self, Write};

use stockflow_core::Alert;
use stockflow_local::backtest::{Change, DayRow};

use crate::{
    cmd::alerts::{cells, columns},
    output::{Cell, Column, Format, Printer},
};

/// Counts by symbol, day and rule.
pub(super) fn days(
    out: impl Write,
    format: Format,
    rows: &[DayRow],
    width: Option<usize>,
) -> io::Result<()> {
    let texts = ["symbol", "day", "rule", "kind"].map(Column::text);
    let numbers = ["alerts", "up", "down", "flat", "findings"].map(Column::number);
    let mut printer = Printer::new(out, format, [&texts[..], &numbers].concat(), width);
    for DayRow { symbol, day, kind, rule, count } in rows {
        let [up, down, flat] = count.directions;
        let mut cells =
            vec![Cell::text(symbol), Cell::text(day), Cell::text(rule), Cell::text(kind)];
        cells.extend([count.alerts, up, down, flat, count.findings].map(Cell::number));
        printer.row(cells)?;
    }
    printer.finish()?;
    Ok(())
}

/// A line for each alert.
pub(super) fn alerts(
    out: impl Write,
    format: Format,
    alerts: &[Alert],
    width: Option<usize>,
) -> io::Result<()> {
    let mut printer = Printer::new(out, format, columns().to_vec(), width);
    for alert in alerts {
        printer.row(cells(alert, format))?;
    }
    printer.finish()?;
    Ok(())
}

/// A line for each alert that appears or vanishes.
pub(super) fn changes(
    out: impl Write,
    format: Format,
    changes: &[(Change, Alert)],
) -> io::Result<()> {
    let columns = [&[Column::text("change")][..], &columns()].concat();
    let mut printer = Printer::new(out, format, columns, None);
    for (change, alert) in changes {
        printer.row([vec![Cell::text(change.as_str())], cells(alert, format)].concat())?;
    }
    printer.finish()?;
    Ok(())
}
