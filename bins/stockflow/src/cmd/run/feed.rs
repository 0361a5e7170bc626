//! Where the quotes of a run come from.

use std::num::NonZeroUsize;

use stockflow_core::{Cursor, QuoteSource, Symbol, Timestamp, config::Config};
use stockflow_local::{PlantedEvent, Replay, ReplayOptions, SimulatedMarket, SimulatedOptions};

use super::{FeedName, Run, Speed, live, unreplayable};
use crate::Failure;

/// Quotes at once: few enough that a slow feed is not held up, enough that a durable append costs little.
const REPLAY_BATCH: usize = 8_192;

/// Where the quotes come from.
pub(super) struct Feed {
    pub(super) title: String,
    pub(super) source: Box<dyn QuoteSource>,
    /// Quotes from its start to its end, if that is known.
    pub(super) total: Option<u64>,
    pub(super) events: Vec<PlantedEvent>,
    /// Market time that is not in the future, whatever the clock says.
    pub(super) ends: Timestamp,
}

impl Run {
    /// Whose quotes are taken in: those asked for here, else those of the configuration.
    pub(super) fn symbols(&self, config: &Config) -> Option<Vec<Symbol>> {
        if self.symbols.is_empty() { config.symbols.clone() } else { Some(self.symbols.clone()) }
    }

    pub(super) async fn feed(
        &self,
        symbols: Option<Vec<Symbol>>,
        cursors: &[Cursor],
    ) -> Result<Feed, Failure> {
        if let Some(name) = self.feed.as_ref().filter(|name| **name != FeedName::Simulated) {
            if self.speed != Speed::Max {
                return Err(Failure::usage(
                    "a live feed has the market's own pace: leave --speed out",
                ));
            }
            let (title, source) = live::open(name, &self.live, symbols, cursors).await?;
            let (total, events, ends) = (None, Vec::new(), Timestamp::MIN);
            return Ok(Feed { title, source, total, events, ends });
        }
        if self.replay.is_empty() {
            let mut options = SimulatedOptions::default();
            options.symbols = symbols.unwrap_or(options.symbols);
            let count = options.symbols.len();
            let market = SimulatedMarket::new(self.seed, options, cursors)?;
            return Ok(Feed {
                ends: market.ends(),
                title: format!("simulated market, seed {}, {count} symbols", self.seed),
                total: Some(market.total_quotes()),
                events: market.events(),
                source: Box::new(market),
            });
        }
        let options = ReplayOptions {
            symbols,
            batch: self.batch_records.map_or(REPLAY_BATCH, NonZeroUsize::get),
        };
        let replay =
            Replay::open(&self.replay, options, cursors).map_err(|error| unreplayable(&error))?;
        let names: Vec<String> =
            self.replay.iter().map(|path| path.display().to_string()).collect();
        Ok(Feed {
            ends: Timestamp::MIN,
            title: format!("replay of {}", names.join(", ")),
            total: None,
            events: Vec::new(),
            source: Box::new(replay),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{Cli, Command};

    #[tokio::test]
    async fn no_simulated_quote_is_in_the_future_whatever_the_clock_says() {
        let Command::Run(run) = Cli::parse_from(["stockflow", "run"]).command else {
            panic!("it is a run")
        };
        let mut feed = run.feed(None, &[]).await.unwrap();
        let mut last = Timestamp::MIN;
        while let Some(batch) = feed.source.next_batch().await.unwrap() {
            last = batch.quotes.iter().map(|quote| quote.timestamp).fold(last, Timestamp::max);
        }
        assert!(Timestamp::MIN < last && last <= feed.ends, "{last} {}", feed.ends);
    }
}
