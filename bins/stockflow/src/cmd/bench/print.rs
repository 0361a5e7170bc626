//! Scores as tables, or a line for each.

use std::io::{self, Write};

use stockflow_local::{EventKind, bench::MarketBench};

use super::Result;
use crate::output::{Cell, Column, Format, Printer};

/// Kinds, with what their sizes are.
const KINDS: [(EventKind, &str); 10] = [
    (EventKind::BadPrint, "deviations"),
    (EventKind::Spike, "deviations"),
    (EventKind::LevelJump, "deviations"),
    (EventKind::SlowDrift, "deviations"),
    (EventKind::Crash, "deviations"),
    (EventKind::VolumeBurst, "deviations"),
    (EventKind::Halt, "minutes"),
    (EventKind::FeedGap, "minutes"),
    (EventKind::TrendTurn, "deviations"),
    (EventKind::Split, "for 1"),
];

/// The rules as a whole in detail, then a line for each detector.
pub(super) fn tables(
    mut out: impl Write,
    results: &[Result],
    width: Option<usize>,
) -> io::Result<()> {
    if let Some(whole) = results.first() {
        writeln!(out, "{}: found by kind and size\n", whole.name)?;
        in_detail(&mut out, whole, width)?;
        writeln!(out)?;
    }
    writeln!(
        out,
        "Found in percent, events of the size from which they should be told on ({} deviations); \
         splits should not; false alerts per symbol and day\n",
        MarketBench::goal(EventKind::Spike)
    )?;
    side_by_side(&mut out, results, width)?;
    if results.iter().any(|result| result.cost.is_some()) {
        writeln!(out)?;
        costs(&mut out, results, width)?;
    }
    out.flush()
}

fn in_detail(out: &mut impl Write, whole: &Result, width: Option<usize>) -> io::Result<()> {
    let columns = vec![
        Column::text("kind"),
        Column::number("size"),
        Column::text("of"),
        Column::number("planted"),
        Column::number("found"),
        Column::number("percent"),
        Column::number("median delay"),
    ];
    let mut printer = Printer::new(out, Format::Table, columns, width);
    for (kind, unit) in KINDS {
        for found in whole.scores.found.iter().filter(|found| found.kind == kind) {
            printer.row(vec![
                Cell::text(kind),
                Cell::number(found.size),
                Cell::text(unit),
                Cell::number(found.planted),
                Cell::number(found.delays.len()),
                Cell::Number(format!("{:.0}", 100.0 * found.share())),
                found.median_delay().map_or_else(|| Cell::text("-"), Cell::number),
            ])?;
        }
    }
    printer.finish()?;
    Ok(())
}

fn side_by_side(out: &mut impl Write, results: &[Result], width: Option<usize>) -> io::Result<()> {
    let mut columns = vec![Column::text("detector")];
    columns.extend(KINDS.map(|(kind, _)| Column::number(kind.as_str().replace('_', " "))));
    columns.extend(["delay", "false"].map(Column::number));
    let mut printer = Printer::new(out, Format::Table, columns, width);
    for Result { name, scores, .. } in results {
        let mut row = vec![Cell::text(name)];
        let mut delays = Vec::new();
        for (kind, _) in KINDS {
            let large = scores.large(kind);
            let shown = match (large.planted, large.delays.len()) {
                (0, _) => "none".to_owned(),
                (_, 0) => "-".to_owned(),
                _ => format!("{:.0}", 100.0 * large.share()),
            };
            row.push(Cell::Text(shown));
            delays.extend(large.delays);
        }
        delays.sort_unstable();
        let median = delays.get(delays.len().saturating_sub(1) / 2);
        row.push(median.map_or_else(|| Cell::text("-"), Cell::number));
        row.push(Cell::Number(format!("{:.2}", scores.false_rate())));
        printer.row(row)?;
    }
    printer.finish()?;
    Ok(())
}

fn costs(out: &mut impl Write, results: &[Result], width: Option<usize>) -> io::Result<()> {
    let columns = vec![
        Column::text("detector"),
        Column::number("ns per quote"),
        Column::number("bytes per symbol"),
    ];
    let mut printer = Printer::new(out, Format::Table, columns, width);
    for Result { name, cost, .. } in results {
        let Some(cost) = cost else { continue };
        printer.row(vec![
            Cell::text(name),
            Cell::Number(format!("{:.0}", cost.nanoseconds)),
            cost.state_bytes.map_or(Cell::Null, |bytes| Cell::Number(format!("{bytes:.0}"))),
        ])?;
    }
    printer.finish()?;
    Ok(())
}

/// A line for each detector, kind and size; one of each detector for the days as they are.
pub(super) fn flat(out: impl Write, format: Format, results: &[Result]) -> io::Result<()> {
    let mut columns = vec![Column::text("detector"), Column::text("kind")];
    columns.extend(
        [
            "size",
            "planted",
            "found",
            "median_delay",
            "symbol_days",
            "false_alerts",
            "ns_per_quote",
            "state_bytes",
        ]
        .map(Column::number),
    );
    let mut printer = Printer::new(out, format, columns, None);
    for Result { name, scores, cost } in results {
        for (kind, _) in KINDS {
            for found in scores.found.iter().filter(|found| found.kind == kind) {
                let mut row = vec![
                    Cell::text(name),
                    Cell::text(kind),
                    Cell::number(found.size),
                    Cell::number(found.planted),
                    Cell::number(found.delays.len()),
                    found.median_delay().map_or(Cell::Null, Cell::number),
                ];
                row.extend([const { Cell::Null }; 4]);
                printer.row(row)?;
            }
        }
        let mut row = vec![Cell::text(name), Cell::text("undisturbed")];
        row.extend([const { Cell::Null }; 4]);
        row.push(Cell::number(scores.symbol_days));
        row.push(Cell::number(scores.alerts.values().sum::<u64>()));
        row.push(cost.map_or(Cell::Null, |cost| Cell::number(cost.nanoseconds)));
        row.push(cost.and_then(|c| c.state_bytes).map_or(Cell::Null, Cell::number));
        printer.row(row)?;
    }
    printer.finish()?;
    Ok(())
}
