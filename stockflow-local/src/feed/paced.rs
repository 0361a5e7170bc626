//! A source played at the pace of its market.

use std::time::Duration;

use async_trait::async_trait;
use stockflow_core::{
    Error, InvalidConfig, QuoteSource, Result, SourceBatch, Timestamp, params::within,
};
use tokio::time::{Instant, sleep_until};

/// Most quotes that are given at once when the receiver is behind.
const MAX_QUOTES: usize = 1_000;
/// Nobody waits for a night: a longer pause of the market lasts as long as this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Gives each quote of another source when it is due: market time, divided by a speed.
///
/// The first quote is due at once. A batch is due with its last quote, so let the source below give
/// [small ones](super::SimulatedOptions::batch): those that are due together are put together again. What comes
/// too late, because it was waited for or is out of order, is given at once. A pause of more than ten minutes of
/// market time, a night, is cut to ten.
///
/// ```
/// use stockflow_core::QuoteSource;
/// use stockflow_local::{Paced, SimulatedMarket, SimulatedOptions};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = SimulatedOptions { batch: 1, ..SimulatedOptions::default() };
/// let mut paced = Paced::new(SimulatedMarket::new(7, options, &[])?, 600.0)?;
/// assert!(!paced.next_batch().await?.expect("a whole day").quotes.is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Paced<S> {
    source: S,
    speed: f64,
    clock: Option<Clock>,
    /// A batch that is not due yet.
    held: Option<(SourceBatch, Instant)>,
    failure: Option<Error>,
}

/// How market time and time here belong together.
#[derive(Debug)]
struct Clock {
    start: Instant,
    first: Timestamp,
    latest: Timestamp,
    skipped: Duration,
}

impl<S: QuoteSource> Paced<S> {
    /// `source`, `speed` times as fast as its market: 0.001 to 1,000,000.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a speed out of its bounds.
    pub fn new(source: S, speed: f64) -> Result<Self, InvalidConfig> {
        within("speed", speed, 0.001, 1e6)?;
        Ok(Self { source, speed, clock: None, held: None, failure: None })
    }

    fn due(&mut self, batch: &SourceBatch) -> Instant {
        let now = Instant::now();
        let Some(quote) = batch.quotes.last() else { return now };
        let time = quote.timestamp;
        let clock = self.clock.get_or_insert(Clock {
            start: now,
            first: time,
            latest: time,
            skipped: Duration::ZERO,
        });
        clock.skipped += time.since(clock.latest).saturating_sub(LONGEST_PAUSE);
        clock.latest = clock.latest.max(time);
        let passed = time.since(clock.first).saturating_sub(clock.skipped);
        clock.start + passed.div_f64(self.speed)
    }

    /// Adds what is due as well and can be had without waiting.
    async fn add_what_is_due(&mut self, ready: &mut SourceBatch) {
        while ready.quotes.len() + ready.unreadable.len() < MAX_QUOTES {
            let next = tokio::select! {
                biased;
                next = self.source.next_batch() => next,
                () = std::future::ready(()) => return,
            };
            match next {
                // It says so again when it is asked again.
                Ok(None) => return,
                Ok(Some(batch)) => {
                    let due = self.due(&batch);
                    if due > Instant::now() {
                        self.held = Some((batch, due));
                        return;
                    }
                    join(ready, batch);
                }
                Err(error) => {
                    self.failure = Some(error);
                    return;
                }
            }
        }
    }
}

/// Puts `later` behind `batch`; of two cursors of a feed the later one counts.
fn join(batch: &mut SourceBatch, later: SourceBatch) {
    batch.quotes.extend(later.quotes);
    batch.unreadable.extend(later.unreadable);
    for cursor in later.cursors {
        match batch.cursors.iter_mut().find(|earlier| earlier.feed == cursor.feed) {
            Some(earlier) => *earlier = cursor,
            None => batch.cursors.push(cursor),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: QuoteSource> QuoteSource for Paced<S> {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        if self.held.is_none() {
            let Some(batch) = self.source.next_batch().await? else { return Ok(None) };
            let due = self.due(&batch);
            self.held = Some((batch, due));
        }
        if let Some((_, due)) = &self.held {
            // Dropped here, the batch is still held.
            sleep_until(*due).await;
        }
        let Some((mut ready, _)) = self.held.take() else { return Ok(None) };
        // This never waits, so that nothing of what is ready can be lost by a drop.
        self.add_what_is_due(&mut ready).await;
        Ok(Some(ready))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use stockflow_core::{Cursor, ErrorKind, Quote};

    use super::*;
    use crate::feed::{SimulatedMarket, SimulatedOptions};

    /// Gives a quote a batch, at the given seconds of market time, and a failure for a negative one.
    #[derive(Debug)]
    struct Seconds(VecDeque<i64>, Quote);

    #[async_trait]
    impl QuoteSource for Seconds {
        async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
            let Some(second) = self.0.pop_front() else { return Ok(None) };
            let Ok(seconds) = u64::try_from(second) else {
                return Err(Error::new(ErrorKind::Unavailable, "seconds", "next"));
            };
            let timestamp = self.1.timestamp.saturating_add(Duration::from_secs(seconds));
            let cursor = Cursor { feed: "seconds".into(), offset: second.to_string() };
            Ok(Some(SourceBatch {
                quotes: vec![Quote { timestamp, ..self.1 }],
                cursors: vec![cursor],
                ..SourceBatch::default()
            }))
        }
    }

    async fn paced(seconds: &[i64], speed: f64) -> Paced<Seconds> {
        let options = SimulatedOptions { batch: 1, ..SimulatedOptions::default() };
        let mut market = SimulatedMarket::new(1, options, &[]).unwrap();
        let quote = market.next_batch().await.unwrap().unwrap().quotes[0];
        Paced::new(Seconds(seconds.iter().copied().collect(), quote), speed).unwrap()
    }

    /// When batches came, in seconds since the start, and their cursors.
    async fn play(mut paced: Paced<Seconds>) -> Vec<(u64, String)> {
        let start = Instant::now();
        let mut out = Vec::new();
        loop {
            match paced.next_batch().await {
                Ok(None) => return out,
                Ok(Some(batch)) => {
                    let [cursor] = &batch.cursors[..] else { panic!("{:?}", batch.cursors) };
                    out.push((start.elapsed().as_secs(), cursor.offset.clone()));
                }
                Err(error) => out.push((start.elapsed().as_secs(), error.kind().to_string())),
            }
        }
    }

    fn told(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
        expected.iter().map(|(second, what)| (*second, (*what).to_owned())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn quotes_come_at_market_time_divided_by_the_speed() {
        let played = play(paced(&[0, 10, 10, 60, 20, 120], 2.0).await).await;
        assert_eq!(played, told(&[(0, "0"), (5, "10"), (30, "20"), (60, "120")]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_night_lasts_ten_minutes() {
        let played = play(paced(&[0, 60, 60_000, 60_060], 1.0).await).await;
        assert_eq!(played, told(&[(0, "0"), (60, "60"), (660, "60000"), (720, "60060")]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_comes_after_what_was_read_before_it() {
        let played = play(paced(&[0, 10, -1, 20], 1.0).await).await;
        assert_eq!(played, told(&[(0, "0"), (10, "10"), (10, "unavailable"), (20, "20")]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_while_it_waits_loses_nothing() {
        let mut paced = paced(&[0, 100, 200], 1.0).await;
        let mut seen = 0;
        for _ in 0..50 {
            let call = tokio::time::timeout(Duration::from_secs(7), paced.next_batch());
            if let Ok(batch) = call.await {
                seen += batch.unwrap().map_or(0, |batch| batch.quotes.len());
            }
        }
        assert_eq!(seen, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_behind_is_given_at_once_and_in_order() {
        let mut paced = paced(&(0..5_000).collect::<Vec<i64>>(), 1.0).await;
        let first = paced.next_batch().await.unwrap().unwrap();
        tokio::time::advance(Duration::from_secs(10_000)).await;
        let mut quotes = first.quotes;
        while let Some(batch) = paced.next_batch().await.unwrap() {
            assert!(batch.quotes.len() <= MAX_QUOTES);
            quotes.extend(batch.quotes);
        }
        assert_eq!(quotes.len(), 5_000);
        assert!(quotes.is_sorted_by_key(|quote| quote.timestamp));
    }

    #[test]
    fn speeds_out_of_bounds_are_refused() {
        let market = || SimulatedMarket::with_seed(1, []).unwrap();
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9] {
            assert_eq!(Paced::new(market(), speed).unwrap_err().key, "speed");
        }
    }
}
