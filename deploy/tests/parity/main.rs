//! The same quotes through `stockflow run --replay` and through the deployed whole, real programs on an emulator, come to the same:
//! rows with verdicts, lines of the lake, what is quarantined, alerts, and answers in SQL.
#![allow(clippy::unwrap_used, reason = "a test")]

mod deployed;
mod disturbed;
mod embedded;
mod outcome;
mod queries;
mod streams;

use std::{
    fs,
    path::{Path, PathBuf},
};

use stockflow_deploy::{Emulated, Mapping, Programs};
use stockflow_local::{Replay, ReplayOptions};
use tokio::sync::Mutex;

use self::{embedded::Embedded, outcome::Outcome};

/// One stack after the other: the emulator takes no partial answer, so what stage 2 cannot finish in time, on a machine that does
/// all at once, would not come again.
static ONE_STACK: Mutex<()> = Mutex::const_new(());

/// A file of recorded quotes.
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
    let _one = ONE_STACK.lock().await;
    let programs = Programs::built().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/morning.csv");
    let stack = Emulated::create(2).await.unwrap();
    stack.deploy(programs, Mapping { quotes: 10, checkpoints: 10 }).await.unwrap();
    let replayed = streams::replay(&stack, programs, &file, "plain").await;
    compare(&stack, replayed.records, &file, Some(replayed.folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn recorded_minutes_come_to_the_same_embedded_and_deployed() {
    let _one = ONE_STACK.lock().await;
    let programs = Programs::built().unwrap();
    let file = recorded("quotes-minute.csv.gz");
    let stack = Emulated::create(1).await.unwrap();
    // A record has about a hundred quotes.
    stack.deploy(programs, Mapping { quotes: 4, checkpoints: 100 }).await.unwrap();
    let replayed = streams::replay(&stack, programs, &file, "aggregated").await;
    compare(&stack, replayed.records, &file, Some(replayed.folder.path())).await;
}

/// A twentieth comes twice, a twentieth out of order, and one in a hundred is no quote.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn disturbed_ticks_come_to_the_same_embedded_and_deployed() {
    let _one = ONE_STACK.lock().await;
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
