//! When a finding becomes an alert: confirmation, cooldown, re-arming.

use std::time::Duration;

use crate::{Direction, Timestamp};

/// Turns the findings of one rule of one symbol into alerts; a pure state machine in market time.
///
/// Up, down and flat findings are counted apart: a fall is told also while a rise cools down.
///
/// ```
/// use std::time::Duration;
/// use stockflow_core::{Direction, Policy, PolicyState, Timestamp};
///
/// let policy = Policy { cooldown: Duration::from_secs(1800), ..Policy::default() };
/// let at = |text: &str| text.parse::<Timestamp>();
/// let (first, told) = policy.decide(None, at("2026-11-23T15:00:00Z")?, Direction::Up);
/// assert!(told);
/// let (_, told) = policy.decide(Some(first), at("2026-11-23T15:10:00Z")?, Direction::Up);
/// assert!(!told, "still cooling down");
/// # Ok::<(), stockflow_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// So many findings of one direction, each at most `confirm_within` after the one before, make an alert.
    pub confirm: u32,
    /// Longest pause between two findings that confirm each other.
    pub confirm_within: Duration,
    /// Shortest time between two alerts of one direction.
    pub cooldown: Duration,
    /// After an alert, so long without any finding of that direction re-arms it; zero: every finding may alert again.
    pub rearm: Duration,
}

impl Default for Policy {
    /// Each finding alerts, at most once in 30 minutes, and again only after 5 quiet minutes.
    fn default() -> Self {
        Self {
            confirm: 1,
            confirm_within: Duration::from_secs(300),
            cooldown: Duration::from_secs(1800),
            rearm: Duration::from_secs(300),
        }
    }
}

/// What a [`Policy`] remembers of a rule of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyState {
    /// Market time of the last finding that was taken in; earlier ones change nothing any more.
    pub last_input: Timestamp,
    /// By direction: up, down, flat.
    pub tracks: [Option<PolicyTrack>; 3],
}

/// What a [`Policy`] remembers of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyTrack {
    /// Market time of the last finding.
    pub last_finding: Timestamp,
    /// Findings in a row that confirm each other, up to now.
    pub streak: u32,
    /// Whether an alert may be raised as far as re-arming is concerned.
    pub armed: bool,
    /// Market time of the last alert.
    pub last_alert: Option<Timestamp>,
}

impl Policy {
    /// Takes in a finding: the state after it, and whether it is told.
    ///
    /// A finding at or before the state's last input changes nothing and is not told.
    #[must_use]
    pub fn decide(
        &self,
        state: Option<PolicyState>,
        at: Timestamp,
        direction: Direction,
    ) -> (PolicyState, bool) {
        let mut next = match state {
            Some(state) if at <= state.last_input => return (state, false),
            Some(state) => PolicyState { last_input: at, ..state },
            None => PolicyState { last_input: at, tracks: [None; 3] },
        };
        let slot = &mut next.tracks[direction as usize];
        let (streak, armed, last_alert) = slot.map_or((1, true, None), |track| {
            let pause = at.since(track.last_finding);
            let streak =
                if pause <= self.confirm_within { track.streak.saturating_add(1) } else { 1 };
            (streak, track.armed || pause >= self.rearm, track.last_alert)
        });
        let cool = last_alert.is_none_or(|last| at.since(last) >= self.cooldown);
        let told = streak >= self.confirm && armed && cool;
        *slot = Some(PolicyTrack {
            last_finding: at,
            streak,
            armed: armed && !told,
            last_alert: if told { Some(at) } else { last_alert },
        });
        (next, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(policy: Policy, seconds: &[(u64, Direction)]) -> Vec<u64> {
        let start: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let mut state = None;
        let mut out = Vec::new();
        for &(second, direction) in seconds {
            let (next, tell) =
                policy.decide(state, start.saturating_add(Duration::from_secs(second)), direction);
            state = Some(next);
            if tell {
                out.push(second);
            }
        }
        out
    }

    fn ups(seconds: &[u64]) -> Vec<(u64, Direction)> {
        seconds.iter().map(|&s| (s, Direction::Up)).collect()
    }

    const NONE: Policy = Policy {
        confirm: 1,
        confirm_within: Duration::ZERO,
        cooldown: Duration::ZERO,
        rearm: Duration::ZERO,
    };

    #[test]
    fn without_policy_every_finding_is_told() {
        assert_eq!(told(NONE, &ups(&[0, 1, 2])), [0, 1, 2]);
    }

    #[test]
    fn confirmation_counts_findings_close_together() {
        let policy = Policy { confirm: 3, confirm_within: Duration::from_secs(10), ..NONE };
        assert_eq!(told(policy, &ups(&[0, 10, 30, 35, 40, 45])), [40, 45]);
    }

    #[test]
    fn cooldown_is_per_direction() {
        let policy = Policy { cooldown: Duration::from_secs(60), ..NONE };
        let findings =
            [(0, Direction::Up), (1, Direction::Down), (30, Direction::Up), (60, Direction::Up)];
        assert_eq!(told(policy, &findings), [0, 1, 60]);
    }

    #[test]
    fn a_lasting_condition_is_told_once_until_it_was_quiet() {
        let policy = Policy { rearm: Duration::from_secs(10), ..NONE };
        assert_eq!(told(policy, &ups(&[0, 5, 10, 15, 24, 34, 40])), [0, 34]);
    }

    #[test]
    fn quiet_time_is_remembered_through_the_cooldown() {
        let policy =
            Policy { rearm: Duration::from_secs(10), cooldown: Duration::from_secs(20), ..NONE };
        assert_eq!(told(policy, &ups(&[0, 15, 21])), [0, 21]);
    }

    #[test]
    fn earlier_findings_change_nothing() {
        let policy = Policy::default();
        let at = |s| Timestamp::MIN.saturating_add(Duration::from_secs(s));
        let (state, _) = policy.decide(None, at(100), Direction::Up);
        assert_eq!(policy.decide(Some(state), at(100), Direction::Down), (state, false));
        assert_eq!(policy.decide(Some(state), at(50), Direction::Down), (state, false));
    }
}
