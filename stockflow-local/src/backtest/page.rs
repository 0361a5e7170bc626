//! A page that shows a backtest: one file, which opens without a network.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};
use stockflow_core::{Symbol, Timestamp};

use super::{Backtest, Chart, Mark};

const PAGE: &str = include_str!("../../assets/report/page.html");
const PAGE_CSS: &str = include_str!("../../assets/report/page.css");
const PAGE_JS: &str = include_str!("../../assets/report/page.js");
const PLOT_CSS: &str = include_str!("../../assets/report/uPlot.min.css");
const PLOT_JS: &str = include_str!("../../assets/report/uPlot.iife.min.js");

/// Symbols with a chart; those with most findings come first.
const CHARTS: usize = 200;
/// Bars of all charts together.
const BARS: usize = 60_000;

/// HTML with everything in it: price and volume of each symbol, findings with their numbers, alert rate, tables that sort.
///
/// `source` says for people what was judged by which rules. Its size is bounded, a few megabytes: bars are summed up, and of more than
/// two hundred symbols those with most findings are drawn.
///
/// ```
/// use stockflow_core::Rules;
/// use stockflow_local::backtest::{Backtest, page};
///
/// let test = Backtest::new(&Rules::default_set()).with_charts();
/// assert!(page(&test, "nothing yet").starts_with("<!doctype html>"));
/// ```
#[must_use]
pub fn page(test: &Backtest, source: &str) -> String {
    // A text within a script must not end it.
    let data = data(test, source).to_string().replace('<', "\\u003c");
    let parts = [
        ("uplot.css", PLOT_CSS),
        ("page.css", PAGE_CSS),
        ("data", &data),
        ("uplot.js", PLOT_JS),
        ("page.js", PAGE_JS),
    ];
    let mut page = String::with_capacity(data.len() + 100_000);
    let mut rest = PAGE;
    // Once over the template: what is put in is not searched again.
    while let Some((before, after)) = rest.split_once("@@") {
        page.push_str(before);
        let (name, after) = after.split_once("@@").unwrap_or((after, ""));
        page.push_str(parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text));
        rest = after;
    }
    page.push_str(rest);
    page
}

fn data(test: &Backtest, source: &str) -> Value {
    let tally = test.tally();
    let mut charts: Vec<(Symbol, &Chart)> = test.charts().collect();
    let symbols = charts.len();
    charts.sort_by_key(|(symbol, chart)| {
        (Reverse(chart.marks.len() as u64 + chart.unmarked), *symbol)
    });
    charts.truncate(CHARTS);
    charts.sort_by_key(|(symbol, _)| *symbol);
    let most = BARS / charts.len().max(1);
    let mut findings: Vec<(Symbol, &Mark)> = charts
        .iter()
        .flat_map(|(symbol, chart)| chart.marks.iter().map(|mark| (*symbol, mark)))
        .collect();
    findings.sort_by_key(|(symbol, mark)| (mark.alert.cause, *symbol));
    let mut source = source.to_owned();
    if symbols > CHARTS {
        source += &format!(
            "; of {symbols} symbols the {CHARTS} with most findings are drawn and listed by finding"
        );
    }
    let days = tally.days();
    let rows = tally.rows();
    let mut alerts = BTreeMap::new();
    for row in &rows {
        *alerts.entry(row.day).or_insert(0) += row.count.alerts;
    }
    json!({
        "source": source,
        "symbol_days": tally.symbol_days(),
        "figures": figures(test),
        "charts": charts.iter().map(|(symbol, chart)| drawn(*symbol, chart, most)).collect::<Vec<_>>(),
        "findings": findings.iter().map(|(symbol, mark)| finding(*symbol, mark)).collect::<Vec<_>>(),
        "rules": tally.by_rule().iter().map(|((kind, rule), count)| json!({
            "rule": rule, "kind": kind.as_str(), "findings": count.findings, "alerts": count.alerts,
        })).collect::<Vec<_>>(),
        "days": rows.iter().map(|row| json!({
            "symbol": row.symbol.as_str(), "day": row.day.to_string(), "rule": row.rule, "kind": row.kind.as_str(),
            "findings": row.count.findings, "alerts": row.count.alerts,
            "up": row.count.directions[0], "down": row.count.directions[1], "flat": row.count.directions[2],
        })).collect::<Vec<_>>(),
        "rate": days.iter().map(|day| {
            json!([day.to_string(), alerts.get(day).unwrap_or(&0), tally.symbols_on(*day)])
        }).collect::<Vec<_>>(),
    })
}

fn figures(test: &Backtest) -> Vec<[String; 2]> {
    let tally = test.tally();
    let days = tally.days();
    let of =
        |first: Option<&stockflow_core::Date>| first.map_or_else(String::new, ToString::to_string);
    let mut figures = vec![
        [test.alerts().len().to_string(), "alerts".into()],
        [format!("{:.2}", tally.alert_rate()), "alerts per symbol and day".into()],
        [tally.quotes().to_string(), "quotes".into()],
        [tally.symbols().count().to_string(), "symbols".into()],
        [days.len().to_string(), format!("days, {} to {}", of(days.first()), of(days.last()))],
    ];
    if tally.late_quotes() > 0 {
        figures.push([tally.late_quotes().to_string(), "late or repeated, not judged".into()]);
    }
    if tally.unreadable > 0 {
        figures.push([tally.unreadable.to_string(), "lines that are no quotes".into()]);
    }
    figures
}

fn seconds(time: Timestamp) -> f64 {
    time.as_micros() as f64 / 1e6
}

/// In columns, which are half as long as rows.
fn drawn(symbol: Symbol, chart: &Chart, most: usize) -> Value {
    let bars = chart.bars.thinned(most);
    let all = bars.bars();
    let prices = |of: fn(&super::Bar) -> stockflow_core::Price| -> Vec<f64> {
        all.iter().map(|bar| of(bar).to_f64()).collect()
    };
    json!({
        "symbol": symbol.as_str(),
        "width": bars.width().map_or(0, |width| width.as_secs()),
        "quotes": all.iter().map(|bar| bar.quotes).sum::<u64>(),
        "unmarked": chart.unmarked,
        "t": all.iter().map(|bar| seconds(bar.time)).collect::<Vec<_>>(),
        "o": prices(|bar| bar.open), "h": prices(|bar| bar.high),
        "l": prices(|bar| bar.low), "c": prices(|bar| bar.close),
        "v": all.iter().map(|bar| bar.volume).collect::<Vec<_>>(),
    })
}

fn finding(symbol: Symbol, Mark { alert, told }: &Mark) -> Value {
    let evidence = &alert.evidence;
    json!([
        symbol.as_str(),
        seconds(alert.cause),
        alert.kind.as_str(),
        alert.rule,
        evidence.direction.to_string(),
        alert.severity.as_str(),
        told,
        alert.price.to_f64(),
        alert.change_percent,
        evidence.value,
        evidence.threshold,
        evidence.score,
        alert.reason(),
    ])
}
