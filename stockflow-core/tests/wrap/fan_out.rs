use std::sync::Arc;

use stockflow_core::{
    Alerter,
    ErrorKind::{Rejected, Throttled},
    Quote, Sink,
    conformance::samples,
    memory::{MemoryAlerter, MemorySink},
    wrap::FanOut,
};

use crate::{
    quotes,
    script::{
        Answer::{Fails, Refuses},
        Script, failures,
    },
};

#[tokio::test]
async fn a_sink_is_done_with_what_every_target_took() {
    let refusing = Arc::new(Script::new([Refuses(vec![(1, Throttled), (2, Rejected)])]));
    let also = Arc::new(Script::new([Refuses(vec![(2, Throttled), (3, Throttled)])]));
    let memory = Arc::new(MemorySink::new());
    let all = FanOut::<dyn Sink<Quote>>::new(refusing).with(also).with(memory.clone());
    let items = quotes(&[0, 1, 2, 3, 0]);
    let report = all.write(&items).await.unwrap();
    assert_eq!(failures(report), [(1, Throttled), (2, Rejected), (3, Throttled)]);
    assert_eq!(memory.items(), items);
}

#[tokio::test]
async fn a_sink_that_fails_as_a_whole_fails_the_call() {
    let failing = Arc::new(Script::new([Fails(Throttled)]));
    let memory = Arc::new(MemorySink::new());
    let both = FanOut::<dyn Sink<Quote>>::new(failing).with(memory.clone());
    assert_eq!(both.write(&quotes(&[0])).await.unwrap_err().kind(), Throttled);
    assert_eq!(memory.items(), []);
    assert!(both.write(&quotes(&[0])).await.unwrap().is_complete());
    assert_eq!(memory.items().len(), 1);
}

#[tokio::test]
async fn an_alert_that_one_target_puts_off_is_not_told_twice_by_the_next() {
    let first = Arc::new(Script::new([Refuses(vec![(1, Throttled)])]));
    let second = Arc::new(MemoryAlerter::new());
    let both = FanOut::<dyn Alerter>::new(first).with(second.clone());
    let alerts = samples::alerts(3);
    assert_eq!(failures(both.notify(&alerts).await.unwrap()), [(1, Throttled)]);
    assert!(both.notify(&alerts[1..2]).await.unwrap().is_complete());
    assert_eq!(second.sent(), [0, 2, 1].map(|n| alerts[n].clone()));
}

#[tokio::test]
async fn an_alert_that_one_target_can_never_tell_is_told_by_the_others() {
    let first = Arc::new(Script::new([Refuses(vec![(0, Rejected), (1, Rejected)])]));
    let second = Arc::new(Script::new([Refuses(vec![(1, Throttled)])]));
    let last = Arc::new(MemoryAlerter::new());
    let all = FanOut::<dyn Alerter>::new(first).with(second.clone()).with(last.clone());
    let alerts = samples::alerts(3);
    // Given up only where nothing else is to be waited for.
    assert_eq!(failures(all.notify(&alerts).await.unwrap()), [(0, Rejected), (1, Throttled)]);
    assert_eq!(second.given(), [[0, 1, 2]]);
    assert_eq!(last.sent(), [0, 2].map(|n| alerts[n].clone()));
}

#[tokio::test]
async fn a_refusal_for_good_does_not_hide_one_that_may_pass() {
    let first = Arc::new(Script::new([Refuses(vec![(0, Throttled)])]));
    let second = Arc::new(Script::new([Fails(Rejected)]));
    let both = FanOut::<dyn Alerter>::new(first).with(second);
    let report = both.notify(&samples::alerts(2)).await.unwrap();
    assert_eq!(failures(report), [(0, Throttled), (1, Rejected)]);
}

#[tokio::test]
async fn best_effort_counts_for_nothing_and_comes_last() {
    let required = Arc::new(Script::new([Refuses(vec![(0, Throttled)])]));
    let failing = Arc::new(Script::new([Fails(Throttled)]));
    let screen = Arc::new(MemoryAlerter::new());
    let all = FanOut::<dyn Alerter>::new(required)
        .with_best_effort(failing)
        .with_best_effort(screen.clone());
    let alerts = samples::alerts(2);
    assert_eq!(failures(all.notify(&alerts).await.unwrap()), [(0, Throttled)]);
    assert_eq!(screen.sent(), alerts[1..]);
    assert!(all.notify(&alerts[..1]).await.unwrap().is_complete());
    assert_eq!(screen.sent().len(), 2);
}

#[tokio::test]
async fn a_target_that_fails_as_a_whole_keeps_the_others_quiet() {
    let required = Arc::new(Script::new([Fails(Throttled)]));
    let (other, screen) = (Arc::new(Script::new([])), Arc::new(Script::new([])));
    let all =
        FanOut::<dyn Alerter>::new(required).with(other.clone()).with_best_effort(screen.clone());
    let report = all.notify(&samples::alerts(2)).await.unwrap();
    assert_eq!(failures(report), [(0, Throttled), (1, Throttled)]);
    assert!(other.given().is_empty() && screen.given().is_empty());
}
