//! A seeded input with everything in it that makes work for some step: two files that are merged.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use stockflow_core::{Price, Quote, Timestamp, wire};

use super::dice::Dice;

/// Lively rules, so that most batches have alerts; what is told depends on what was told before.
pub const CONFIG: &str = r#"
[policy]
least_severity = "info"
cooldown = "7m"
rearm = "1m"
confirm_within = "20m"

[anomaly.percent_change]
threshold = 4.0
quiet = 0

[anomaly.return_zscore]
period = 10
threshold = 4.0

[anomaly.hampel]
period = 7
quiet = 0
confirm = 2

[trend.donchian_breakout]
period = 10
margin = 0.5

[[alerter]]
kind = "file"
path = "alerts.ndjson"
"#;

const MINUTES: u64 = 450;
/// So that the quotes are of two days.
const START: &str = "2025-03-03T20:00:00Z";
const BROKEN_CLOCK: &str = "2090-01-01T00:00:00Z";

/// Writes `a.ndjson` with three symbols and `b.csv` with two into `folder`.
pub fn write(folder: &Path, seed: u64) -> Vec<PathBuf> {
    let mut dice = Dice::new(seed);
    let lines = ndjson(&mut dice, &["ALFA", "BRAVO", "CHARLIE"]);
    let rows = csv(&mut dice, &["DELTA", "ECHO"]);
    let files = [("a.ndjson", lines), ("b.csv", rows)];
    files
        .map(|(name, text)| (folder.join(name), text))
        .map(|(path, text)| {
            fs::write(&path, text).unwrap();
            path
        })
        .to_vec()
}

/// In the wire format; some lines twice, some late, some with a broken clock, some no quotes.
fn ndjson(dice: &mut Dice, symbols: &[&str]) -> Vec<u8> {
    let mut walks: Vec<Walk> = symbols.iter().map(|symbol| Walk::new(symbol)).collect();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for minute in 0..MINUTES {
        for walk in &mut walks {
            let quote = walk.step(dice, minute);
            lines.push(line(&quote));
            if dice.happens(6) {
                let late = quote.timestamp.as_micros() - 90_000_000 + dice.below(30_000_000) as i64;
                lines.push(line(&Quote {
                    timestamp: Timestamp::from_micros(late).unwrap(),
                    ..quote
                }));
            }
            if dice.happens(4) {
                lines.push(line(&Quote { timestamp: BROKEN_CLOCK.parse().unwrap(), ..quote }));
            }
        }
        if dice.happens(10) {
            let earlier = dice.below(lines.len().min(40) as u64) as usize + 1;
            lines.push(lines[lines.len() - earlier].clone());
        }
        if dice.happens(10) {
            lines.push(format!("{{\"symbol\":\"ALFA\",\"price\":{minute}").into_bytes());
        }
    }
    lines.join(&b'\n')
}

/// With rows of one time, which are numbered as they are read, and rows that are no quotes.
fn csv(dice: &mut Dice, symbols: &[&str]) -> Vec<u8> {
    let mut walks: Vec<Walk> = symbols.iter().map(|symbol| Walk::new(symbol)).collect();
    let mut text = "timestamp,symbol,open,high,low,price,previous_close,volume\n".to_owned();
    for minute in 0..MINUTES {
        for walk in &mut walks {
            for _ in 0..=dice.below(8) / 7 {
                let q = walk.step(dice, minute);
                let time =
                    if dice.happens(4) { BROKEN_CLOCK.to_owned() } else { q.timestamp.to_string() };
                let Quote { symbol, open, high, low, price, previous_close, volume, .. } = q;
                let _ = writeln!(
                    text,
                    "{time},{symbol},{open},{high},{low},{price},{previous_close},{volume}"
                );
            }
        }
        if dice.happens(10) {
            let _ = writeln!(text, "row {minute},is,no,quote");
        }
    }
    text.into_bytes()
}

fn line(quote: &Quote) -> Vec<u8> {
    let mut line = Vec::new();
    wire::encode(quote, &mut line);
    line
}

/// A price that walks, with jumps planted in it.
struct Walk {
    quote: Quote,
}

impl Walk {
    fn new(symbol: &str) -> Self {
        let price: Price = "100".parse().unwrap();
        let quote = Quote {
            symbol: symbol.parse().unwrap(),
            timestamp: START.parse().unwrap(),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: 0.try_into().unwrap(),
        };
        Self { quote }
    }

    fn step(&mut self, dice: &mut Dice, minute: u64) -> Quote {
        let start: Timestamp = START.parse().unwrap();
        let jump = if dice.happens(5) { 700 } else { 20 };
        let cents = 10_000 + dice.below(2 * jump + 1) as i64 - jump as i64;
        let price: Price = format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
        let quote = &mut self.quote;
        quote.timestamp = start.saturating_add(Duration::from_secs(60 * minute));
        (quote.high, quote.low) = (quote.high.max(price), quote.low.min(price));
        quote.price = price;
        quote.volume = (quote.volume.get() + dice.below(900) as i64).try_into().unwrap();
        *quote
    }
}
