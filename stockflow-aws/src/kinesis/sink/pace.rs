//! How fast a stream takes records.

use std::time::Duration;

/// Below this, a wait is none.
const LEAST: Duration = Duration::from_millis(10);
/// A shard's limits count by the second: after one, it takes about as much as a round has again.
const MOST: Duration = Duration::from_secs(1);

/// The time between rounds at which a stream takes at least two thirds of what it is asked for: so throttling costs less than twice
/// the requests, however much is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace(Duration);

impl Pace {
    /// The next round waits up to this.
    pub(super) const fn wait(self) -> Duration {
        self.0
    }

    /// Learns from a round that sent so many entries, of which so many were refused for their rate.
    pub(super) fn learn(&mut self, sent: usize, throttled: usize) {
        if throttled == 0 {
            self.0 /= 2;
            if self.0 < LEAST {
                self.0 = Duration::ZERO;
            }
        } else if throttled * 3 > sent {
            self.0 = (self.0 * 2).clamp(LEAST, MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_any_speed_is_asked_for_at_most_twice_what_it_takes() {
        for capacity in [600.0, 2_000.0, 50_000.0] {
            let mut pace = Pace::default();
            let (mut sent, mut taken, mut tokens) = (0.0, 0.0, 0.0_f64);
            for round in 0..1_000 {
                let elapsed = pace.wait().as_secs_f64() / 2.0 + 0.01;
                tokens = (tokens + capacity * elapsed).min(capacity);
                let accepted = tokens.min(500.0);
                tokens -= accepted;
                pace.learn(500, 500 - accepted as usize);
                if round > 20 {
                    sent += 500.0;
                    taken += accepted;
                }
            }
            assert!(sent / taken <= 2.0, "{capacity}: {}", sent / taken);
        }
    }
}
