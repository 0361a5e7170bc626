//! Policy keys of a configuration.

use std::{ops::RangeInclusive, time::Duration};

use super::{error::ConfigError, section::Section};
use crate::{Policy, Severity};

/// The keys of a policy, in `[policy]` and in the table of a rule.
pub(super) const KEYS: [&str; 4] = ["confirm", "confirm_within", "cooldown", "rearm"];

const SPANS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(365 * 86_400);

const SEVERITIES: [(&str, Severity); 3] = [
    (Severity::Info.as_str(), Severity::Info),
    (Severity::Warning.as_str(), Severity::Warning),
    (Severity::Critical.as_str(), Severity::Critical),
];

/// `policy` with what `section` says otherwise.
pub(super) fn read(section: &Section, policy: Policy) -> Result<Policy, ConfigError> {
    let confirm = section.integer("confirm", 1..=1000)?;
    Ok(Policy {
        confirm: confirm.and_then(|n| u32::try_from(n).ok()).unwrap_or(policy.confirm),
        confirm_within: section.duration("confirm_within", SPANS)?.unwrap_or(policy.confirm_within),
        cooldown: section.duration("cooldown", SPANS)?.unwrap_or(policy.cooldown),
        rearm: section.duration("rearm", SPANS)?.unwrap_or(policy.rearm),
    })
}

/// `info`, `warning` or `critical`.
pub(super) fn severity(section: &Section, key: &str) -> Result<Option<Severity>, ConfigError> {
    section.choice(key, &SEVERITIES)
}
