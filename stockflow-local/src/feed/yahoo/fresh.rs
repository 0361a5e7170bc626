//! What of a live feed is news.

use std::collections::HashMap;

use stockflow_core::{
    Assessor, Cursor, Quality, Quote, SourceBatch, Symbol, TickNumbering, Timestamp, Volume, wire,
};

use super::{BACKEND, counts::FeedCounts};

/// What the feed gave last of each symbol: what is no news is not passed on, and what shares a market time is numbered.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    last: HashMap<Symbol, Last>,
    numbering: TickNumbering,
}

#[derive(Debug)]
struct Last {
    /// Market time as the feed told it.
    time: Timestamp,
    volume: Volume,
    digest: String,
    assessor: Assessor,
}

/// A quote that was not seen before.
#[derive(Debug)]
struct News {
    quote: Quote,
    cursor: Cursor,
    /// 100 times too high or low against those before it.
    unit_error: bool,
}

/// What the names of the feeds of all symbols start with.
const FEED: &str = "yahoo:";
/// Length of a digest.
const DIGEST: usize = 16;

impl Fresh {
    /// Knows what `cursors` tell of quotes that were given before.
    pub(super) fn new(cursors: &[Cursor]) -> Self {
        let mut fresh = Self::default();
        for cursor in cursors {
            // A cursor of a later version is as good as none: a quote that comes again is a duplicate.
            let _ = fresh.restore(cursor);
        }
        fresh
    }

    fn restore(&mut self, cursor: &Cursor) -> Option<()> {
        let symbol = Symbol::new(cursor.feed.strip_prefix(FEED)?).ok()?;
        let mut parts = cursor.offset.split(' ');
        let numbered: Timestamp = parts.next()?.parse().ok()?;
        let volume = Volume::from_bytes(parts.next()?.as_bytes()).ok()?;
        let digest = parts.next().filter(|digest| digest.len() == DIGEST)?.to_owned();
        let number = numbered.as_micros().rem_euclid(1_000);
        let time = Timestamp::from_micros(numbered.as_micros() - number).ok()?;
        for _ in 0..=number {
            let _ = self.numbering.number(symbol, time);
        }
        self.last.insert(symbol, Last { time, volume, digest, assessor: Assessor::default() });
        Some(())
    }

    /// Puts the quote into `batch`, if it is news, with its cursor; and counts.
    pub(super) fn put(&mut self, quote: Quote, counts: &FeedCounts, batch: &mut SourceBatch) {
        let Some(News { quote, cursor, unit_error }) = self.take(quote) else {
            counts.count_unchanged();
            return;
        };
        if unit_error {
            counts.count_unit_error();
            let (symbol, price) = (quote.symbol, quote.price);
            tracing::warn!(backend = BACKEND, %symbol, %price, "100 times too high or low");
        }
        batch.quotes.push(quote);
        batch.cursors.retain(|known| known.feed != cursor.feed);
        batch.cursors.push(cursor);
    }

    /// The quote, if it is news: not of an earlier time than the last one of its symbol, and not the same. Of one time, what has traded
    /// less is an older answer.
    fn take(&mut self, quote: Quote) -> Option<News> {
        let mut line = Vec::new();
        wire::encode(&quote, &mut line);
        let digest = blake3::hash(&line).to_hex()[..DIGEST].to_owned();
        let Quote { symbol, timestamp: time, volume, .. } = quote;
        let mut assessor = Assessor::default();
        if let Some(last) = self.last.get_mut(&symbol) {
            let same_time = time == last.time;
            if time < last.time || same_time && (volume < last.volume || digest == last.digest) {
                return None;
            }
            assessor = std::mem::take(&mut last.assessor);
        }
        let numbered = Quote { timestamp: self.numbering.number(symbol, time), ..quote };
        let quality = assessor.assess(&numbered);
        assessor.learn(&numbered, quality);
        let cursor = Cursor {
            feed: format!("{FEED}{symbol}"),
            offset: format!("{} {volume} {digest}", numbered.timestamp),
        };
        self.last.insert(symbol, Last { time, volume, digest, assessor });
        let unit_error = quality.contains(Quality::UNIT_ERROR);
        Some(News { quote: numbered, cursor, unit_error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(second: u32, price: &str, volume: i64) -> Quote {
        let price = price.parse().unwrap();
        Quote {
            symbol: "AAPL".parse().unwrap(),
            timestamp: format!("2026-11-23T15:00:{second:02}Z").parse().unwrap(),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: volume.try_into().unwrap(),
        }
    }

    #[test]
    fn the_same_again_and_what_is_older_is_no_news() {
        let mut fresh = Fresh::default();
        assert!(fresh.take(quote(5, "10", 100)).is_some());
        assert!(fresh.take(quote(5, "10", 100)).is_none());
        assert!(fresh.take(quote(4, "10", 90)).is_none());
        assert!(fresh.take(quote(5, "9", 99)).is_none(), "it had traded less");
        assert!(fresh.take(quote(6, "10", 100)).is_some(), "a trade at the same price");
    }

    #[test]
    fn what_changes_within_a_time_is_numbered_also_after_a_restart() {
        let mut fresh = Fresh::default();
        fresh.take(quote(5, "10", 100)).unwrap();
        let second = fresh.take(quote(5, "11", 120)).unwrap();
        assert_eq!(second.quote.timestamp.to_string(), "2026-11-23T15:00:05.000001Z");
        let mut again = Fresh::new(&[second.cursor]);
        assert!(again.take(quote(5, "11", 120)).is_none());
        assert!(again.take(quote(5, "10", 100)).is_none());
        let third = again.take(quote(5, "12", 130)).unwrap();
        assert_eq!(third.quote.timestamp.to_string(), "2026-11-23T15:00:05.000002Z");
    }

    #[test]
    fn pence_for_pounds_are_flagged() {
        let mut fresh = Fresh::default();
        assert!(!fresh.take(quote(5, "10", 100)).unwrap().unit_error);
        assert!(fresh.take(quote(6, "1000", 110)).unwrap().unit_error);
        assert!(!fresh.take(quote(7, "10.5", 120)).unwrap().unit_error);
    }

    #[test]
    fn cursors_that_cannot_be_read_are_passed_over() {
        for offset in ["", "x", "2026-11-23T15:00:05.000000Z", "2026-11-23T15:00:05.000000Z 5 zz"] {
            let cursor = Cursor { feed: "yahoo:AAPL".into(), offset: offset.into() };
            assert!(Fresh::new(&[cursor]).take(quote(5, "10", 100)).is_some());
        }
    }
}
