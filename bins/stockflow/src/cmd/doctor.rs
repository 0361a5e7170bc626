//! `stockflow doctor`: what is wrong with a set-up, and what to do.

pub mod finding;
mod local;

use std::{io, time::Duration};

use clap::Args;
use stockflow_core::Timestamp;

use self::finding::{Finding, State};
use crate::{
    DataDir, Failure, Outcome,
    output::{self, Cell, Column, Format, Printer},
};

/// Check a set-up from outside, and tell what to do
///
/// Looks at a data folder, or with --aws at what is deployed: reads only, and changes nothing. Exit code 1 if something is broken.
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow doctor --data ./data\n         \
                        stockflow doctor --aws --max-age 900   # in market hours: a quote in the last 15 minutes")]
pub struct Doctor {
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Check what is deployed, with the region and the credentials that every tool of AWS finds
    #[arg(long)]
    pub aws: bool,
    /// How old the newest quote may be, in seconds; without it, its age is told and not judged
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,
    /// Names of what is deployed, if they are not the template's.
    #[command(flatten)]
    pub names: Names,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Names of what is deployed; those of the template by default.
#[derive(Args, Clone, Debug)]
pub struct Names {
    /// Stream of quotes
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock-market-stream")]
    pub stream: String,
    /// Table of judged rows
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock-market-table")]
    pub table: String,
    /// Table of the ledger of alerts
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock-market-alerts")]
    pub alerts_table: String,
    /// Function of stage 1
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "kinesis-stock-processor")]
    pub processor: String,
    /// Function of stage 2
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "dynamodb-stock-trend")]
    pub trend: String,
    /// Topic of alerts
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock-trend-alerts")]
    pub topic: String,
    /// Bucket of the lake [default: stock-market-data-bucket-ACCOUNT]
    #[arg(long, value_name = "NAME", requires = "aws")]
    pub bucket: Option<String>,
    /// Database of the catalog
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock_market_catalog")]
    pub database: String,
    /// Table of the lake in that database
    #[arg(long, value_name = "NAME", requires = "aws", default_value = "stock_data_table")]
    pub lake_table: String,
}

impl Doctor {
    pub(crate) fn execute(&self) -> Outcome {
        let findings = if self.aws { super::cloud::doctor(self)? } else { local::examine(self) };
        self.print(&findings)?;
        let broken = findings.iter().filter(|finding| finding.state == State::Broken).count();
        if broken == 0 {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{broken} of {} checks found something broken",
            findings.len()
        )))
    }

    fn print(&self, findings: &[Finding]) -> io::Result<()> {
        let columns = ["check", "state", "finding", "what_to_do"].map(Column::text).to_vec();
        let out = io::BufWriter::new(io::stdout().lock());
        // A table cut to the terminal would cut off what to do.
        let width = if self.format == Format::Table { None } else { output::terminal_width() };
        let mut printer = Printer::new(out, self.format, columns, width);
        for Finding { check, state, what, todo } in findings {
            let todo = todo.as_ref().map_or_else(|| Cell::text(""), Cell::text);
            printer.row(vec![Cell::text(check), Cell::text(state), Cell::text(what), todo])?;
        }
        printer.finish()?;
        Ok(())
    }

    /// A finding on the age of the newest quote, which came or counts from `time`.
    pub(crate) fn age(&self, check: &'static str, time: Timestamp, now: Timestamp) -> Finding {
        let age = now.since(time);
        let what = format!("the newest is {} old ({time})", words(age));
        match self.max_age.map(Duration::from_secs) {
            Some(most) if age > most => Finding::broken(
                check,
                format!("{what}, more than {}", words(most)),
                "does the producer run, and does its feed answer? see no-quotes in docs/operations.md",
            ),
            _ => Finding::ok(check, what),
        }
    }
}

/// As `2 h 5 min`; two units are enough.
fn words(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // Timestamps begin in 1970, too.
    Timestamp::MIN.saturating_add(since.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_two_units() {
        for (seconds, text) in
            [(59, "59 s"), (61, "1 min 1 s"), (7_500, "2 h 5 min"), (90_000, "1 days 1 h")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }
}
