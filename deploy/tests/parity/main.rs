//! The same quotes through `stockflow run --replay` and through the deployed whole, real programs on an emulator, come to the same:
//! rows with verdicts, lines of the lake, what is quarantined, alerts, and answers in SQL.
#![allow(clippy::unwrap_used, reason = "a test")]

mod deployed;
#[cfg(feature = "recorded")]
mod disturbed;
mod embedded;
mod outcome;
mod queries;
mod streams;

use std::path::Path;
#[cfg(feature = "recorded")]
use std::{fs, path::PathBuf};

use stockflow_deploy::{Emulated, Mapping, Programs};
#[cfg(feature = "recorded")]
use stockflow_local::{Replay, ReplayOptions};

use self::{embedded::Embedded, outcome::Outcome};

/// A file of recorded quotes.
#[cfg(feature = "recorded")]
fn recorded(name: &str) -> PathBuf {
    let folder =
        std::env::var_os("STOCKFLOW_TEST_DATA").expect("STOCKFLOW_TEST_DATA names a folder");
    Path::new(&folder).join(name)
}

/// Holds what became of the records on the stream to what the embedded run of `file` made of them.
async fn compare(stack: &Emulated, records: u64, file: &Path, producer: Option<&Path>) {
    let programs = Programs::built().unwrap();
    let embedded = Embedded::run(programs, file);
    let expected = Outcome::of_folder(embedded.data());
    let messages = deployed::settled(stack, records).await;
    let mut outcome = Outcome::of_cloud(stack, messages).await;
    let mut tally = deployed::tally(stack);
    tally.quarantined += producer.map_or(0, |folder| outcome.add_quarantine_of(folder));
    let differences = outcome.differences(&expected);
    assert!(differences.is_empty(), "deployed, not embedded:\n{}", differences.join("\n"));
    assert_eq!(tally, embedded.tally());
    queries::compare(stack, programs, embedded.data(), &expected).await;
    let sizes = [&outcome.rows, &outcome.lake, &outcome.quarantine, &outcome.alerts];
    println!(
        "rows, lines, quarantined, alerts: {:?}",
        sizes.map(|things| things.values().sum::<u64>())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_morning_comes_to_the_same_embedded_and_deployed() {
    let programs = Programs::built().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/morning.csv");
    let stack = Emulated::create(2).await.unwrap();
    stack.deploy(programs, Mapping { quotes: 10, checkpoints: 10 }).await.unwrap();
    let replayed = streams::replay(&stack, programs, &file, "plain").await;
    compare(&stack, replayed.records, &file, Some(replayed.folder.path())).await;
}

#[cfg(feature = "recorded")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn recorded_minutes_come_to_the_same_embedded_and_deployed() {
    let programs = Programs::built().unwrap();
    let file = recorded("quotes-minute.csv.gz");
    let stack = Emulated::create(1).await.unwrap();
    // A record has about a hundred quotes.
    stack.deploy(programs, Mapping { quotes: 4, checkpoints: 100 }).await.unwrap();
    let replayed = streams::replay(&stack, programs, &file, "aggregated").await;
    compare(&stack, replayed.records, &file, Some(replayed.folder.path())).await;
}

/// Not in the test command: the emulator takes no partial answer, and what it passes over when a query of its own is slow is missing
/// in the end.
#[cfg(feature = "recorded")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn disturbed_ticks_come_to_the_same_embedded_and_deployed() {
    let ticks = Replay::open([recorded("quotes-tick.csv.gz")], ReplayOptions::default(), &[]);
    let lines = disturbed::lines(ticks.unwrap(), 20_000).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ticks.ndjson");
    fs::write(&file, lines.join(&b'\n')).unwrap();
    let stack = Emulated::create(1).await.unwrap();
    let mapping = Mapping { quotes: 500, checkpoints: 100 };
    stack.deploy(Programs::built().unwrap(), mapping).await.unwrap();
    disturbed::put(&stack, &lines).await;
    compare(&stack, lines.len() as u64, &file, None).await;
}
