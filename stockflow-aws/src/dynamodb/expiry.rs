//! When rows may go.

use std::time::Duration;

use stockflow_core::{Assessor, InvalidConfig, MAX_LOOKBACK, Rules, Symbol, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

/// How long a row is kept: for so long after the stream took its record.
///
/// Counted from the record's arrival, which is the same on every redelivery, so that writing a row again does not keep it longer. Rows
/// without an arrival are kept for ever. The service deletes expired rows some time within the next days, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    keep: Duration,
}

impl Expiry {
    /// Keeps rows for `keep`, where quotes of a symbol come every `pause` while its market is open, and `rules` look back on them.
    ///
    /// # Errors
    /// [`InvalidConfig`] if `keep` is below [`Expiry::shortest`].
    pub fn new(keep: Duration, rules: &Rules, pause: Duration) -> Result<Self, InvalidConfig> {
        let shortest = Self::shortest(rules, pause);
        if keep < shortest {
            let days = |time: Duration| format!("{} s", time.as_secs());
            return Err(InvalidConfig::new(
                "expiry",
                days(keep),
                format!(
                    "{} or more: what the rules look back on, and 7 days in which a record may come again",
                    days(shortest)
                ),
            ));
        }
        Ok(Self { keep })
    }

    /// The shortest time that rows can be kept: the age of the oldest quote that some rule looks back on, and 7 days, in which a
    /// stream may deliver its record again.
    ///
    /// A rule that looks back on n quotes looks back on n · `pause` of open market; a market is taken to be open for 6.5 h on 5 days
    /// of the week, and closed for 4 days in a row at most.
    #[must_use]
    pub fn shortest(rules: &Rules, pause: Duration) -> Duration {
        const SESSION: u128 = 23_400_000_000_000;
        let open = pause.as_nanos() * longest_lookback(rules) as u128;
        let sessions = u32::try_from(open.div_ceil(SESSION)).unwrap_or(u32::MAX / 7);
        DAY.saturating_mul((sessions.saturating_mul(7)).div_ceil(5)) + 4 * DAY + 7 * DAY
    }

    /// Seconds since 1970 at which a row of that arrival may go.
    pub(super) fn after(&self, arrival: Timestamp) -> i64 {
        // Whole seconds, rounded up: never earlier than promised.
        arrival.saturating_add(self.keep).as_micros().div_euclid(1_000_000) + 1
    }
}

fn longest_lookback(rules: &Rules) -> usize {
    let Ok(any) = Symbol::new("A") else { return MAX_LOOKBACK };
    // A rule that leaves this symbol out may look back as far as any on another.
    let anomaly = rules.anomaly.iter().map(|r| r.detector(&any).map(|d| d.lookback()));
    let trend = rules.trend.iter().map(|r| r.detector(&any).map(|d| d.lookback()));
    anomaly
        .chain(trend)
        .map(|lookback| lookback.unwrap_or(MAX_LOOKBACK))
        .fold(Assessor::LOOKBACK, usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_shorter_than_the_lookback_and_a_week_is_refused() {
        let rules = Rules::default_set();
        let pause = Duration::from_secs(30);
        let shortest = Expiry::shortest(&rules, pause);
        assert!(shortest > 11 * DAY && shortest < 20 * DAY, "{shortest:?}");
        Expiry::new(shortest, &rules, pause).unwrap();
        let error = Expiry::new(shortest - Duration::from_secs(1), &rules, pause).unwrap_err();
        assert_eq!(error.key, "expiry");
        assert!(error.allowed.starts_with(&shortest.as_secs().to_string()), "{error}");
    }

    #[test]
    fn a_slow_feed_needs_longer() {
        let rules = Rules::default_set();
        let lookback = longest_lookback(&rules) as u32;
        assert!(Expiry::shortest(&rules, DAY / 4) > lookback * DAY);
        assert!(Expiry::shortest(&rules, Duration::MAX / 2_000) > lookback * DAY);
    }

    #[test]
    fn it_is_counted_from_the_arrival() {
        let rules = Rules::default_set();
        let expiry = Expiry::new(400 * DAY, &rules, Duration::from_secs(1)).unwrap();
        let arrival: Timestamp = "2026-11-23T14:30:00.500000Z".parse().unwrap();
        assert_eq!(expiry.after(arrival), arrival.as_micros() / 1_000_000 + 400 * 86_400 + 1);
    }
}
