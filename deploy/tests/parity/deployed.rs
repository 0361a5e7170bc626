//! The deployed run: until the functions are done, and what they logged.

use std::time::{Duration, Instant};

use serde_json::Value;
use stockflow_deploy::{Emulated, Progress};

use crate::outcome::Tally;

/// How long nothing may happen while there is something to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until both functions have had all that there is; the messages that people got meanwhile.
pub(crate) async fn settled(stack: &Emulated, records: u64) -> Vec<String> {
    let mut messages = Vec::new();
    let (mut last, mut since) = (Progress::default(), Instant::now());
    loop {
        messages.extend(stack.take_messages().await.unwrap());
        let now = stack.progress();
        // The emulator passes over records that a function reports as failed: a single one would be lost.
        assert_eq!(now.failures, 0, "{}", stack.emulator().log());
        if now.records == records && now.changes == checkpoints(stack).await {
            messages.extend(stack.take_messages().await.unwrap());
            return messages;
        }
        if now != last {
            (last, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "{now:?} of {records}: {}", stack.emulator().log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many rows are checkpoints.
async fn checkpoints(stack: &Emulated) -> u64 {
    stack.count_rows(Some("checkpoint")).await.unwrap()
}

/// The sums of the metrics that the functions logged.
pub(crate) fn tally(stack: &Emulated) -> Tally {
    let mut tally = Tally::default();
    for line in stack.emulator().log().lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let mut add = |to: fn(&mut Tally) -> &mut u64, name: &str| {
            *to(&mut tally) += line[name].as_u64().unwrap_or_default();
        };
        add(|tally| &mut tally.late, "Late");
        add(|tally| &mut tally.duplicate, "Duplicate");
        add(|tally| &mut tally.quarantined, "Quarantined");
        add(|tally| &mut tally.anomalies, "Anomalies");
        add(|tally| &mut tally.turns, "Turns");
        add(|tally| &mut tally.alerts, "Alerts");
    }
    tally
}
