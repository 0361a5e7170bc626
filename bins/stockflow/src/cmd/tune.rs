//! `stockflow tune`: thresholds for a budget of alerts.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use clap::Args;
use stockflow_core::Symbol;
use stockflow_local::tune::{self, Budget};

use super::{
    backtest::replay,
    run::{count, screen::Screen},
};
use crate::Outcome;

/// Choose thresholds so that a budget of alerts holds, and print them as a configuration
///
/// They are chosen on the first half of the days, and tried on the rest; the configuration says in comments what came of both.
/// `stockflow run --config` and `stockflow backtest --config` take it.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: stockflow tune --budget 3/day quotes.csv.gz >tuned.toml && stockflow run --config tuned.toml"
)]
pub struct Tune {
    /// Recorded quotes of two days or more, as for backtest
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Alerts that each symbol may raise, such as 3/day, 0.5/day or 2/week (of five days)
    #[arg(long, value_name = "N/day")]
    pub budget: Budget,
    /// Only these symbols, separated by commas
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
}

impl Tune {
    pub(crate) fn execute(&self) -> Outcome {
        let symbols = (!self.symbols.is_empty()).then(|| self.symbols.clone());
        let mut source = replay(&self.files, symbols)?;
        let screen = Screen::stderr();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut quotes = Vec::new();
        while let Some(batch) = runtime.block_on(source.next_batch())? {
            quotes.extend(batch.quotes);
            screen.progress(&format!("{} quotes read", count(quotes.len() as u64)));
        }
        screen.progress("trying thresholds on the first half of the days");
        let tuned = tune::tune(&quotes, self.budget);
        screen.progress("");
        let tuned = tuned?;
        let mut out = io::stdout().lock();
        write!(out, "{tuned}")?;
        out.flush()?;
        screen.line(&format!(
            "{:.2} alerts per symbol and day on the first half of the days, {:.2} on the rest; asked for were {}",
            tuned.first.rate(),
            tuned.rest.rate(),
            tuned.budget,
        ));
        Ok(())
    }
}
