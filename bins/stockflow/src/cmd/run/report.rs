//! The summary at the end of a run.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf, time::Duration};

use serde_json::json;

use super::planted::Planted;
use crate::shell::quoted;

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) quotes: u64,
    /// Why there were none, for people.
    pub(super) note: Option<String>,
    pub(super) rows: u64,
    pub(super) late: u64,
    pub(super) duplicate: u64,
    pub(super) quarantined: u64,
    pub(super) anomalies: BTreeMap<String, u64>,
    pub(super) turns: BTreeMap<String, u64>,
    pub(super) alerts: u64,
    /// Alerts that could not be told yet, or never can be.
    pub(super) untold: u64,
    /// What cannot be read of the spool, for people.
    pub(super) damages: Vec<String>,
    pub(super) elapsed: Duration,
    pub(super) stages: Vec<(&'static str, Duration)>,
    pub(super) planted: Option<Planted>,
    /// A symbol of which there are rows, if there is one: something to look at next.
    pub(super) symbol: Option<String>,
    pub(super) data: PathBuf,
}

impl Report {
    fn quotes_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.quotes as f64 / seconds } else { 0.0 }
    }

    /// One object on one line.
    pub(super) fn json(&self) -> String {
        let stages: BTreeMap<_, _> =
            self.stages.iter().map(|(name, time)| (*name, time.as_secs_f64())).collect();
        let planted = self.planted.as_ref().map(|planted| {
            json!({
                "events": planted.events, "found": planted.found, "missed": planted.missed,
                "false_alerts": planted.false_alerts, "to_come": planted.to_come,
            })
        });
        json!({
            "quotes": self.quotes, "rows": self.rows, "late": self.late, "duplicate": self.duplicate,
            "quarantined": self.quarantined, "anomalies": self.anomalies, "turns": self.turns,
            "alerts": self.alerts, "untold": self.untold, "damages": self.damages, "seconds": self.elapsed.as_secs_f64(),
            "quotes_per_second": self.quotes_per_second(), "stage_seconds": stages, "planted": planted,
            "data": self.data.to_string_lossy(),
        })
        .to_string()
    }

    /// Lines for people. `program` is how this program was called.
    pub(super) fn text(&self, program: &str) -> String {
        let mut out = String::new();
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "{name:>14}  {value}");
        };
        let speed = format!(
            "{} in {:.2} s ({}/s)",
            count(self.quotes),
            self.elapsed.as_secs_f64(),
            count(self.quotes_per_second() as u64)
        );
        line("quotes", &speed);
        if let Some(note) = &self.note {
            line("nothing new", note);
        }
        line("rows in table", &count(self.rows));
        let odd =
            [(self.late, "late"), (self.duplicate, "duplicate"), (self.quarantined, "quarantined")];
        line("odd", &odd.map(|(n, what)| format!("{} {what}", count(n))).join(", "));
        if self.quarantined > 0 {
            let folder = self.data.join("quarantine");
            line("see", &format!("{}: what could not be read, and why", folder.display()));
        }
        line("anomalies", &by_kind(&self.anomalies));
        line("trend turns", &by_kind(&self.turns));
        line("alerts", &count(self.alerts));
        if self.untold > 0 {
            line("not told yet", &count(self.untold));
        }
        for damage in &self.damages {
            line("damaged", damage);
        }
        if let Some(planted) = &self.planted {
            let mut found = format!("{} of {} found", planted.found, planted.events);
            found += &match planted.false_alerts {
                1 => ", 1 alert beside them".to_owned(),
                n => format!(", {n} alerts beside them"),
            };
            if planted.to_come > 0 {
                found += &format!(", {} to come", planted.to_come);
            }
            line("planted events", &found);
            for missed in &planted.missed {
                line("missed", missed);
            }
        }
        let stages =
            self.stages.iter().map(|(name, time)| format!("{name} {:.2} s", time.as_secs_f64()));
        line("busy", &stages.collect::<Vec<_>>().join(", "));
        line("data", &self.data.to_string_lossy());
        self.hints(program, &mut out);
        out
    }

    /// Three commands that work in every build, and with what is there.
    fn hints(&self, program: &str, out: &mut String) {
        let data = format!("--data {}", quoted(&self.data.to_string_lossy()));
        let program = quoted(program);
        let look = self.symbol.as_deref().map_or_else(
            || format!("doctor {data}"),
            |symbol| format!("latest {} -n 5 {data}", quoted(symbol)),
        );
        let _ = write!(
            out,
            "\nTry next:\n  {program} alerts {data}\n  {program} {look}\n  {program} detectors\n",
        );
    }
}

/// Total, and the parts by name, most first.
fn by_kind(kinds: &BTreeMap<String, u64>) -> String {
    let mut parts: Vec<(&String, &u64)> = kinds.iter().filter(|(_, n)| **n > 0).collect();
    parts.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), *name));
    let total = count(kinds.values().sum());
    if parts.is_empty() {
        return total;
    }
    let parts: Vec<String> =
        parts.into_iter().map(|(name, n)| format!("{name} {}", count(*n))).collect();
    format!("{total} ({})", parts.join(", "))
}

/// With a comma after each thousand.
pub(in crate::cmd) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            quotes: 1_234_567,
            quarantined: 2,
            rows: 1_234_000,
            anomalies: [("bad_print".to_owned(), 2), ("volume_spike".to_owned(), 1_000)].into(),
            elapsed: Duration::from_secs(2),
            stages: vec![("source", Duration::from_millis(10))],
            planted: Some(Planted {
                events: 6,
                found: 5,
                missed: vec!["halt of X".to_owned()],
                false_alerts: 3,
                to_come: 10,
            }),
            damages: vec!["spool/0: 7 bytes".to_owned()],
            symbol: Some("^GSPC".to_owned()),
            data: "my data".into(),
            ..Report::default()
        }
    }

    #[test]
    fn the_text_names_what_was_found_and_what_to_try_next() {
        let text = report().text("target/release/stockflow");
        for part in [
            "1,234,567 in 2.00 s (617,283/s)",
            "1,002 (volume_spike 1,000, bad_print 2)",
            "5 of 6 found, 3 alerts beside them, 10 to come",
            "missed  halt of X",
            "damaged  spool/0: 7 bytes",
            "see  my data/quarantine: what could not be read, and why",
            "target/release/stockflow latest '^GSPC' -n 5 --data 'my data'",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn the_json_is_one_line_with_the_promised_keys() {
        let text = report().json();
        assert!(!text.contains('\n'));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        for key in [
            "quotes",
            "rows",
            "late",
            "duplicate",
            "quarantined",
            "alerts",
            "seconds",
            "quotes_per_second",
        ] {
            assert!(read[key].is_number(), "{key}");
        }
        assert_eq!(read["anomalies"]["volume_spike"], json!(1_000));
        assert!(read["turns"].is_object());
        assert_eq!(read["damages"], json!(["spool/0: 7 bytes"]));
    }

    #[test]
    fn nothing_done_divides_by_nothing() {
        let read: serde_json::Value = serde_json::from_str(&Report::default().json()).unwrap();
        assert_eq!(read["quotes_per_second"], json!(0.0));
        assert!(Report::default().text("stockflow").contains("anomalies  0\n"));
    }
}
