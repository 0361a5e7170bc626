//! The feed that settings name.

use std::num::NonZeroUsize;

use stockflow_core::{Cursor, QuoteSource};
use stockflow_local::{
    FeedCounts, Paced, Replay, ReplayOptions, SimulatedMarket, SimulatedOptions, YahooPoll,
    YahooStream,
};

use crate::{Failure, FeedKind, Once, Settings};

/// Quotes at once: few enough that a spool of the least size holds several times as many.
const REPLAY_BATCH: usize = 4_096;

/// A feed, ready to be asked.
#[derive(Debug)]
pub struct Feed {
    /// What it is, for people.
    pub title: String,
    /// Where the quotes come from.
    pub source: Box<dyn QuoteSource>,
    /// What a live feed has seen.
    pub counts: Option<FeedCounts>,
}

/// Opens the feed that `settings` name, after what `cursors` say was read of it.
///
/// # Errors
/// [`Failure::Usage`] for what cannot be opened.
pub fn open(settings: &Settings, cursors: &[Cursor]) -> Result<Feed, Failure> {
    let Feed { title, source, counts } = match settings.feed {
        FeedKind::Simulated => simulated(settings, cursors)?,
        FeedKind::Replay => replay(settings, cursors)?,
        FeedKind::Yahoo => return yahoo(settings, cursors),
        FeedKind::YahooStream => return yahoo_stream(settings, cursors),
    };
    let source: Box<dyn QuoteSource> = match settings.speed {
        Some(speed) => Box::new(Paced::new(source, f64::from(speed))?),
        None => source,
    };
    let source: Box<dyn QuoteSource> =
        if settings.once { Box::new(Once::new(source)) } else { source };
    Ok(Feed { title, source, counts })
}

fn simulated(settings: &Settings, cursors: &[Cursor]) -> Result<Feed, Failure> {
    let mut options = SimulatedOptions::default();
    options.symbols = settings.symbols.clone().unwrap_or(options.symbols);
    options.date = settings.simulated.date.unwrap_or(options.date);
    options.days = settings.simulated.days;
    let most = if settings.speed.is_some() { 1 } else { options.batch };
    options.batch = settings.batch.map_or(most, NonZeroUsize::get);
    let market = SimulatedMarket::new(settings.simulated.seed, options, cursors)?;
    if market.ends() > crate::now() {
        tracing::warn!(
            ends = %market.ends(),
            "the simulated market is in the future; stage 1 quarantines what is more than five minutes ahead, set simulated.date"
        );
    }
    let title = format!("simulated market, seed {}", settings.simulated.seed);
    Ok(Feed { title, source: Box::new(market), counts: None })
}

fn replay(settings: &Settings, cursors: &[Cursor]) -> Result<Feed, Failure> {
    // At the market's pace, quotes are due one by one; what is due together is put together again.
    let most = if settings.speed.is_some() { 1 } else { REPLAY_BATCH };
    let batch = settings.batch.map_or(most, NonZeroUsize::get);
    let options = ReplayOptions { symbols: settings.symbols.clone(), batch };
    let replay = Replay::open(&settings.replay, options, cursors)
        .map_err(|error| Failure::Usage(with_causes(&error)))?;
    let names: Vec<String> =
        settings.replay.iter().map(|path| path.display().to_string()).collect();
    let title = format!("replay of {}", names.join(", "));
    Ok(Feed { title, source: Box::new(replay), counts: None })
}

fn yahoo(settings: &Settings, cursors: &[Cursor]) -> Result<Feed, Failure> {
    let symbols = settings.symbols.as_deref().unwrap_or_default();
    let options = &settings.yahoo;
    let mut poll = YahooPoll::new(symbols, cursors)?
        .with_client(options.timeout, None)
        .with_interval(options.interval)?
        .with_rate(options.requests_a_minute)?
        .with_concurrency(options.concurrency)?;
    if let Some(url) = &options.url {
        poll = poll.with_url(url);
    }
    if settings.once {
        poll = poll.with_rounds(1);
    }
    let title = format!("Yahoo, {} symbols, polled every {:?}", symbols.len(), options.interval);
    let counts = Some(poll.counts());
    Ok(Feed { title, source: Box::new(poll), counts })
}

fn yahoo_stream(settings: &Settings, cursors: &[Cursor]) -> Result<Feed, Failure> {
    let symbols = settings.symbols.as_deref().unwrap_or_default();
    let options = &settings.yahoo;
    let mut stream = YahooStream::new(symbols, cursors)?
        .with_client(options.timeout, None)?
        .with_rate(options.requests_a_minute)?
        .with_concurrency(options.concurrency)?;
    if let Some(url) = &options.stream_url {
        stream = stream.with_url(url)?;
    }
    if let Some(url) = &options.url {
        stream = stream.with_snapshot_url(url);
    }
    let title = format!("Yahoo's stream, {} symbols", symbols.len());
    let counts = Some(stream.counts());
    Ok(Feed { title, source: Box::new(stream), counts })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
