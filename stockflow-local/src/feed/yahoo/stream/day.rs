//! The trading day of a symbol, as far as it is known: what messages leave out.

use std::time::Duration;

use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume};

use super::{
    super::chart::{Reading, exact},
    pricing::Pricing,
};

/// The newest quote of a day, and when the day's session starts, if that was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    quote: Quote,
    start: Option<Timestamp>,
}

/// A day starts with a session, and another one does so a day later.
const LENGTH: Duration = Duration::from_secs(86_400);

impl Day {
    /// The day of a snapshot, when another one may be known. What a message told later than the snapshot's quote stays.
    pub(super) fn of(known: Option<&Self>, snapshot: &Reading) -> Self {
        let Reading { quote, session } = snapshot;
        let new = Self { quote: *quote, start: session.map(|(start, _)| start) };
        let Some(known) = known.filter(|known| known.quote.timestamp > quote.timestamp) else {
            return new;
        };
        if !new.holds(known.quote.timestamp) {
            return *known;
        }
        let quote = Quote {
            open: quote.open,
            previous_close: quote.previous_close,
            high: quote.high.max(known.quote.high),
            low: quote.low.min(known.quote.low),
            ..known.quote
        };
        Self { quote, ..new }
    }

    pub(super) const fn newest(&self) -> &Quote {
        &self.quote
    }

    /// Whether what is known of this day holds at `time`. Before a session's first trade, Yahoo tells of the day before.
    fn holds(&self, time: Timestamp) -> bool {
        match self.start {
            Some(start) => {
                let end = start.saturating_add(LENGTH);
                [time, self.quote.timestamp].iter().all(|time| (start..end).contains(time))
            }
            None => time.date() == self.quote.timestamp.date(),
        }
    }

    /// The day after a message of `symbol` at `time`: what it leaves out is taken from what is known of the same day. The error is
    /// the name of what nobody told.
    pub(super) fn after(
        known: Option<&Self>,
        symbol: Symbol,
        time: Timestamp,
        message: &Pricing,
    ) -> Result<Self, &'static str> {
        let day = known.filter(|day| day.holds(time));
        let known = day.map(|day| &day.quote);
        let price = told(message.price).ok_or("price")?;
        let or = |value: f32, known: Option<Price>| told(value).or(known);
        // The price may be a new extreme that the day does not show yet.
        let high = or(message.day_high, known.map(|known| known.high.max(price)));
        let low = or(message.day_low, known.map(|known| known.low.min(price)));
        let previous_close = or(message.previous_close, known.map(|known| known.previous_close));
        // Zero is what is left out.
        let volume = Volume::new(message.day_volume).ok().filter(|volume| volume.get() > 0);
        let quote = Quote {
            symbol,
            timestamp: time,
            open: or(message.open, known.map(|known| known.open)).ok_or("open")?,
            high: high.ok_or("day high")?,
            low: low.ok_or("day low")?,
            price,
            previous_close: previous_close.ok_or("previous close")?,
            volume: volume.or(known.map(|known| known.volume)).ok_or("day volume")?,
        };
        Ok(Self { quote, start: day.and_then(|day| day.start) })
    }
}

/// A price that was told: 0 is what is left out.
fn told(value: f32) -> Option<Price> {
    let value = Some(f64::from(value)).filter(|value| value.is_finite() && *value > 0.0)?;
    exact(value).ok()
}

#[cfg(test)]
mod tests;
