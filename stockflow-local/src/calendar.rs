//! When markets are open.

mod us;

use std::fmt;

use stockflow_core::{Symbol, Timestamp};

pub use us::UsEquities;

/// How a market stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketStatus {
    /// There may be news.
    Open,
    /// There is no news before then.
    ClosedUntil(Timestamp),
    /// This calendar does not know the market.
    Unknown,
}

/// Says whether a symbol's market is open, so that live feeds ask nobody for news that cannot be.
///
/// # Implementing
/// ```
/// use stockflow_core::{Symbol, Timestamp};
/// use stockflow_local::calendar::{MarketStatus, TradingCalendar};
///
/// /// A market that never sleeps.
/// #[derive(Debug)]
/// struct Always;
///
/// impl TradingCalendar for Always {
///     fn status(&self, _: &Symbol, _: Timestamp) -> MarketStatus {
///         MarketStatus::Open
///     }
/// }
/// ```
pub trait TradingCalendar: fmt::Debug + Send + Sync {
    /// How the market of `symbol` stands at `at`.
    fn status(&self, symbol: &Symbol, at: Timestamp) -> MarketStatus;
}

/// Calendars by the form of the symbol, as Yahoo writes them.
///
/// | symbol | market |
/// |---|---|
/// | `BTC-USD`: three or more letters after a hyphen | crypto: never closes |
/// | `EURUSD=X` | currencies: never close |
/// | `AAPL`, `BRK-B`, and the indices of its exchanges (`^GSPC`, `^DJI`, `^IXIC`, …) | [`UsEquities`] |
/// | all others (`VOD.L`, `ES=F`, `^FTSE`) | not known |
#[derive(Clone, Copy, Debug, Default)]
pub struct BySymbol;

/// Indices that move when New York trades.
const US_INDICES: [&str; 8] = ["^GSPC", "^DJI", "^IXIC", "^NDX", "^RUT", "^NYA", "^OEX", "^SPX"];

impl TradingCalendar for BySymbol {
    fn status(&self, symbol: &Symbol, at: Timestamp) -> MarketStatus {
        let text = symbol.as_str();
        let is_crypto = text.rsplit_once('-').is_some_and(|(_, currency)| currency.len() >= 3);
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match text {
            _ if text.ends_with("=X") || is_plain && is_crypto => MarketStatus::Open,
            _ if is_plain || US_INDICES.contains(&text) => UsEquities.status(symbol, at),
            _ => MarketStatus::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crypto_and_currencies_know_no_close() {
        let sunday: Timestamp = "2026-11-22T03:00:00Z".parse().unwrap();
        let status = |text: &str| BySymbol.status(&text.parse().unwrap(), sunday);
        let monday = MarketStatus::ClosedUntil("2026-11-23T14:30:00Z".parse().unwrap());
        for (symbol, expected) in [
            ("BTC-USD", MarketStatus::Open),
            ("ETH-EUR", MarketStatus::Open),
            ("EURUSD=X", MarketStatus::Open),
            ("AAPL", monday),
            ("BRK-B", monday),
            ("^GSPC", monday),
            ("VOD.L", MarketStatus::Unknown),
            ("ES=F", MarketStatus::Unknown),
            ("^FTSE", MarketStatus::Unknown),
        ] {
            assert_eq!(status(symbol), expected, "{symbol}");
        }
    }
}
