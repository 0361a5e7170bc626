use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use stockflow_core::{
    Alerter, Sink,
    conformance::samples,
    memory::{MemoryAlerter, MemorySink},
    wrap::Throttle,
};

use crate::{block_on, quotes};

/// A clock that only waiting moves.
#[derive(Clone, Default)]
struct Clock(Arc<Mutex<Duration>>);

impl Clock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn add(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }

    fn throttle<T>(&self, inner: T, rate: u32, burst: u32) -> Throttle<T> {
        let (clock, waiting) = (self.clone(), self.clone());
        let pause = move |duration| {
            waiting.add(duration);
            std::future::ready(())
        };
        Throttle::new(inner, rate, move || clock.now(), pause).unwrap().with_burst(burst).unwrap()
    }
}

#[tokio::test]
async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
    let clock = Clock::default();
    let throttle = clock.throttle(MemoryAlerter::new(), 2, 3);
    let mut times = Vec::new();
    for alert in samples::alerts(7) {
        assert!(throttle.notify(&[alert]).await.unwrap().is_complete());
        times.push(clock.now().as_millis());
    }
    assert_eq!(times, [0, 0, 0, 500, 1_000, 1_500, 2_000]);
    clock.add(Duration::from_secs(60));
    for alert in samples::alerts(4) {
        assert!(throttle.notify(&[alert]).await.unwrap().is_complete());
    }
    assert_eq!(clock.now().as_millis(), 62_500, "a rest saves up one burst, no more");
    assert_eq!(throttle.inner().sent().len(), 11);
}

#[tokio::test]
async fn a_batch_beyond_the_burst_waits_until_it_is_paid_for() {
    let clock = Clock::default();
    let throttle = clock.throttle(MemorySink::new(), 10, 5);
    assert!(throttle.write(&quotes(&[0; 25])).await.unwrap().is_complete());
    assert_eq!(clock.now(), Duration::from_secs(2));
    assert!(throttle.write(&quotes(&[0; 1])).await.unwrap().is_complete());
    assert_eq!(clock.now(), Duration::from_millis(2_100));
}

proptest! {
    #[test]
    fn no_time_span_sees_more_than_burst_and_rate_allow(
        rate in 1..2_000_u32,
        burst in 1..50_u32,
        calls in prop::collection::vec((1..50_usize, 0..200_u64), 1..60),
    ) {
        let clock = Clock::default();
        let throttle = clock.throttle(MemorySink::new(), rate, burst);
        let mut passed: Vec<(Duration, usize)> = Vec::new();
        for (items, idle) in calls {
            clock.add(Duration::from_millis(idle));
            let items = items.min(burst as usize);
            prop_assert!(block_on(throttle.write(&quotes(&vec![0; items]))).unwrap().is_complete());
            passed.push((clock.now(), items));
        }
        for (n, (start, _)) in passed.iter().enumerate() {
            let mut items = 0;
            for (end, more) in &passed[n..] {
                items += *more as u128;
                let span = (*end - *start).as_nanos();
                // In whole nanoseconds, one of which may have been rounded away at the start of the span.
                let allowed = u128::from(burst) + (u128::from(rate) * (span + 1)).div_ceil(1_000_000_000);
                prop_assert!(items <= allowed, "{} items in {} ns, {} are allowed", items, span, allowed);
            }
        }
    }
}
