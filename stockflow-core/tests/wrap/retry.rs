use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use stockflow_core::{
    Alerter,
    ErrorKind::{Denied, Rejected, Throttled, Unavailable},
    Sink,
    conformance::samples,
    wrap::{Backoff, Retry},
};

use crate::{
    no_pause, quotes,
    script::{
        Answer::{Fails, Refuses},
        Script, failures,
    },
};

#[tokio::test]
async fn a_sink_gets_each_symbol_from_its_first_failure_on() {
    let script = Script::new([Refuses(vec![(1, Throttled), (4, Unavailable)])]);
    let retry = Retry::new(script, 1, no_pause);
    //                      0  1  2  3  4  5
    let report = retry.write(&quotes(&[0, 1, 0, 1, 2, 0])).await.unwrap();
    assert!(report.is_complete());
    assert_eq!(retry.inner().given(), [vec![0, 1, 2, 3, 4, 5], vec![1, 3, 4]]);
}

#[tokio::test]
async fn an_alerter_gets_only_what_it_refused() {
    let script = Script::new([Refuses(vec![(0, Throttled)])]);
    let retry = Retry::new(script, 1, no_pause);
    assert!(retry.notify(&samples::alerts(9)).await.unwrap().is_complete());
    assert_eq!(retry.inner().given()[1..], [[0]]);
}

#[tokio::test]
async fn what_was_refused_for_good_is_not_sent_again() {
    let script = Script::new([
        Refuses(vec![(0, Throttled), (1, Rejected), (2, Denied)]),
        Refuses(vec![(0, Rejected)]),
    ]);
    let retry = Retry::new(script, 1, no_pause);
    let report = retry.write(&quotes(&[0, 0, 0, 0])).await.unwrap();
    assert_eq!(failures(report), [(0, Rejected), (1, Rejected), (2, Denied)]);
    assert_eq!(retry.inner().given(), [vec![0, 1, 2, 3], vec![0, 3]]);
}

#[tokio::test]
async fn a_call_that_fails_for_good_is_made_once() {
    for kind in [Rejected, Denied] {
        let retry = Retry::new(Script::new([Fails(kind)]), 1, no_pause);
        assert_eq!(retry.write(&quotes(&[0])).await.unwrap_err().kind(), kind);
        assert_eq!(retry.inner().given().len(), 1);
    }
}

#[tokio::test]
async fn attempts_are_counted_and_the_last_error_is_told() {
    let backoff = Backoff::new(3, Duration::ZERO, Duration::ZERO).unwrap();
    let answers = [Fails(Throttled), Fails(Throttled), Fails(Unavailable), Fails(Throttled)];
    let retry = Retry::new(Script::new(answers), 1, no_pause).with_backoff(backoff);
    assert_eq!(retry.write(&quotes(&[0])).await.unwrap_err().kind(), Unavailable);
    assert_eq!(retry.inner().given().len(), 3);
}

#[tokio::test]
async fn what_is_done_stays_done_when_a_later_call_fails_as_a_whole() {
    let script = || Script::new([Refuses(vec![(1, Throttled), (2, Rejected)]), Fails(Denied)]);
    let retry = Retry::new(script(), 1, no_pause);
    let report = retry.notify(&samples::alerts(4)).await.unwrap();
    assert_eq!(report.failures()[0].error.chain(), "script: call failed (denied): as it was told");
    assert_eq!(failures(report), [(1, Denied), (2, Rejected)]);
}

#[tokio::test]
async fn pauses_are_random_below_a_bound_that_doubles() {
    let pauses = |seed| async move {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&seen);
        let pause = move |duration: Duration| {
            note.lock().unwrap().push(duration);
            std::future::ready(())
        };
        let (first, longest) = (Duration::from_millis(100), Duration::from_millis(1_000));
        let retry = Retry::new(Script::new(vec![Fails(Throttled); 60]), seed, pause)
            .with_backoff(Backoff::new(60, first, longest).unwrap());
        retry.write(&quotes(&[0])).await.unwrap_err();
        std::mem::take(&mut *seen.lock().unwrap())
    };
    let seen = pauses(7).await;
    assert_eq!(seen, pauses(7).await, "the same seed");
    assert_ne!(seen, pauses(8).await, "another seed");
    let bounds = [100, 200, 400, 800].into_iter().chain([1_000; 55]).map(Duration::from_millis);
    assert!(seen.iter().zip(bounds).all(|(pause, bound)| *pause <= bound), "{seen:?}");
    assert_eq!(seen.len(), 59);
    let half = Duration::from_millis(500);
    assert!(seen[4..].iter().filter(|pause| **pause < half).count() > 10, "{seen:?}");
    assert!(seen[4..].iter().filter(|pause| **pause > half).count() > 10, "{seen:?}");
}
