//! How long records wait before a function takes them.

use std::time::Duration;

use super::{Finding, account::Account, refused};
use crate::{
    aws::signed::{Request, elements},
    cmd::doctor::now,
};

/// How far back to look.
const BACK: Duration = Duration::from_secs(15 * 60);
/// The template's alarm, in milliseconds.
const LATE: f64 = 60_000.0;

pub(super) async fn check(account: &Account, check: &'static str, function: &str) -> Finding {
    let end = now();
    let seconds = |time: stockflow_core::Timestamp| {
        // CloudWatch takes no fractions.
        format!("{}Z", time.to_string().split('.').next().unwrap_or_default())
    };
    let (from, to) = (seconds(end.saturating_sub(BACK)), seconds(end.saturating_add(BACK / 15)));
    let request = Request::form(
        "monitoring",
        &[
            ("Action", "GetMetricStatistics"),
            ("Version", "2010-08-01"),
            ("Namespace", "AWS/Lambda"),
            ("MetricName", "IteratorAge"),
            ("Dimensions.member.1.Name", "FunctionName"),
            ("Dimensions.member.1.Value", function),
            ("StartTime", &from),
            ("EndTime", &to),
            ("Period", "60"),
            ("Statistics.member.1", "Maximum"),
        ],
    );
    let answer = match request.send(&account.config).await {
        Ok(answer) => answer,
        Err(why) => return refused(check, why, "the options for functions"),
    };
    let ages = elements(&answer, "Maximum").into_iter().filter_map(|text| text.parse::<f64>().ok());
    match ages.reduce(f64::max) {
        None => Finding::ok(check, "nothing was taken in the last 15 minutes"),
        Some(age) if age > LATE => Finding::warning(
            check,
            format!("up to {:.0} s in the last 15 minutes", age / 1_000.0),
            "see quotes-late and alerts-late in docs/operations.md: it fails, is throttled, or has too much to do",
        ),
        Some(age) => Finding::ok(check, format!("up to {:.1} s", age / 1_000.0)),
    }
}
