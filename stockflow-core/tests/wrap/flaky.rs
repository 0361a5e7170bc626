use stockflow_core::{
    ErrorKind, Sink,
    memory::{Faults, Flaky, MemorySink},
};

use crate::quotes;

/// Calls that failed as a whole, items refused, items that arrived, of 500 calls with 4 items.
async fn tally(seed: u64, faults: Faults) -> (usize, usize, usize) {
    let flaky = Flaky::new(MemorySink::new(), seed, faults).unwrap();
    let (mut failed, mut refused) = (0, 0);
    for _ in 0..500 {
        match flaky.write(&quotes(&[0, 1, 2, 3])).await {
            Err(error) => {
                assert_eq!(error.kind(), faults.kind);
                failed += 1;
            }
            Ok(report) => refused += report.failures().len(),
        }
    }
    (failed, refused, flaky.inner().items().len())
}

#[tokio::test]
async fn the_same_seed_fails_the_same_way() {
    let faults = Faults::default();
    assert_eq!(tally(1, faults).await, tally(1, faults).await);
    assert_ne!(tally(1, faults).await, tally(2, faults).await);
}

#[tokio::test]
async fn faults_are_as_frequent_as_they_are_set() {
    let none = Faults::NONE;
    assert_eq!(tally(1, none).await, (0, 0, 2_000));
    assert_eq!(tally(1, Faults { calls: 100, ..none }).await, (500, 0, 0));
    let lost = Faults { answers: 100, kind: ErrorKind::Rejected, ..none };
    assert_eq!(tally(1, lost).await, (500, 0, 2_000));
    assert_eq!(tally(1, Faults { items: 100, ..none }).await, (0, 2_000, 0));
    let (failed, refused, arrived) = tally(1, Faults { items: 30, ..none }).await;
    assert_eq!((failed, refused + arrived), (0, 2_000));
    assert!((500..700).contains(&refused), "{refused}");
}

#[test]
fn more_than_everything_is_refused() {
    let faults = Faults { items: 101, ..Faults::NONE };
    let error = Flaky::new(MemorySink::<u8>::new(), 1, faults).unwrap_err();
    assert_eq!(error.to_string(), "items is 101, allowed is 0 to 100");
}
