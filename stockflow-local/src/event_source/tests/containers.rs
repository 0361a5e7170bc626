//! Containers: their memory, their starts, their ends.

use super::*;

/// A mapping whose containers count the batches that they have seen, and answer what `answer` says to that.
fn counting(
    options: MappingOptions,
    clock: &Clock,
    answer: impl Fn(u32, Invocation<u32>) -> (Duration, Reply) + Clone + Send + 'static,
) -> Mapping<impl Handler<u32>> {
    let container = move || {
        let answer = answer.clone();
        let mut seen = 0;
        move |invocation: Invocation<u32>| {
            seen += 1;
            let clock = invocation.clock.clone();
            let (takes, reply) = answer(seen, invocation);
            async move {
                clock.sleep(takes).await;
                reply
            }
        }
    };
    EventSourceMapping::new(Stream::Kinesis, options, clock, 7, container).unwrap()
}

fn one_by_one() -> MappingOptions {
    MappingOptions { batch_size: 1, maximum_retry_attempts: Some(0), ..reporting() }
}

fn containers<H: Handler<u32>>(mapping: &Mapping<H>) -> Vec<(u64, bool)> {
    mapping.attempts().iter().map(|attempt| (attempt.container, attempt.cold)).collect()
}

#[test]
fn a_container_is_warm_after_a_cold_start_and_remembers() {
    let clock = clock();
    let start = clock.now();
    let options = MappingOptions { cold_start: 2 * SECOND, ..one_by_one() };
    let answer = |seen, _| (SECOND, if seen <= 3 { Reply::success() } else { Reply::Error });
    let mut mapping = counting(options, &clock, answer);
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(containers(&mapping), [(0, true), (0, false), (0, false), (0, false)]);
    assert_eq!(mapping.attempts()[0].ended, start.saturating_add(3 * SECOND));
    assert_eq!(mapping.attempts()[3].outcome, Outcome::Error);
}

#[test]
fn an_error_leaves_the_container_alive_and_a_crash_does_not() {
    let clock = clock();
    let answer = |_, invocation: Invocation<u32>| {
        let reply = match invocation.records[0].data {
            1 => Reply::Error,
            2 => Reply::Crash,
            _ => Reply::success(),
        };
        (SECOND, reply)
    };
    let mut mapping = counting(one_by_one(), &clock, answer);
    (1..=3).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(outcomes(&mapping), [Outcome::Error, Outcome::Crashed, Outcome::Complete]);
    assert_eq!(containers(&mapping), [(0, true), (0, false), (1, true)]);
}

#[test]
fn a_timeout_fails_the_whole_batch_and_stops_the_container() {
    let clock = clock();
    let options = MappingOptions { timeout: 5 * SECOND, batch_size: 2, ..one_by_one() };
    let answer = |seen, _| ((if seen == 2 { 6 } else { 4 }) * SECOND, Reply::success());
    let mut mapping = counting(options, &clock, answer);
    (1..=6).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(outcomes(&mapping), [Outcome::Complete, Outcome::TimedOut, Outcome::Complete]);
    assert_eq!(data(&mapping.given_up()[0].records), [3, 4]);
    let stopped = &mapping.attempts()[1];
    assert_eq!(stopped.ended.since(stopped.began), 5 * SECOND);
    assert_eq!(containers(&mapping), [(0, true), (0, false), (1, true)]);
}

#[test]
fn a_handler_that_waits_for_something_else_is_stopped_at_its_deadline() {
    let container = || |_: Invocation<u32>| std::future::pending::<Reply>();
    let mut mapping =
        EventSourceMapping::new(Stream::Kinesis, one_by_one(), &clock(), 7, container).unwrap();
    mapping.put("AAPL", 1);
    mapping.run();
    assert_eq!(outcomes(&mapping), [Outcome::TimedOut]);
}

#[test]
fn a_lack_of_containers_delays_batches_and_uses_up_no_retry() {
    let clock = clock();
    let options = MappingOptions { shards: 8, reserved_concurrency: Some(2), ..one_by_one() };
    let mut mapping = counting(options, &clock, |_, _| (SECOND, Reply::success()));
    for data in 0..40 {
        mapping.put(&format!("S{data}"), data);
    }
    mapping.run();
    assert!(mapping.given_up().is_empty());
    let attempts = mapping.attempts();
    assert_eq!(attempts.len(), 40);
    let at = |time| attempts.iter().filter(|a| a.began <= time && time < a.ended).count();
    assert_eq!(attempts.iter().map(|attempt| at(attempt.began)).max(), Some(2));
}

#[test]
fn idle_containers_may_go_at_any_time() {
    let clock = clock();
    let mut mapping = counting(one_by_one(), &clock, |_, _| (SECOND, Reply::success()));
    mapping.set_faults(MappingFaults { recycled: 50, ..Default::default() }).unwrap();
    (1..=40).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    let cold = mapping.attempts().iter().filter(|attempt| attempt.cold).count();
    assert!((10..=30).contains(&cold), "{cold}");
}

#[test]
fn a_kill_reaches_every_place_at_which_a_handler_waits() {
    let reached = Arc::new(Mutex::new([0; 8]));
    let counts = Arc::clone(&reached);
    let container = move || {
        let reached = Arc::clone(&reached);
        move |invocation: Invocation<u32>| {
            let reached = Arc::clone(&reached);
            async move {
                for place in 0..8 {
                    reached.lock().unwrap()[place] += 1;
                    invocation.clock.sleep(Duration::from_millis(1)).await;
                }
                Reply::success()
            }
        }
    };
    let mut mapping =
        EventSourceMapping::new(Stream::Kinesis, reporting(), &clock(), 7, container).unwrap();
    mapping.set_faults(MappingFaults { crashes: 60, ..Default::default() }).unwrap();
    for data in 0..200 {
        mapping.put("AAPL", data);
        mapping.run();
    }
    // Fewer get to each place than to the one before: some were killed between any two.
    let counts = *counts.lock().unwrap();
    assert!(counts.windows(2).all(|pair| pair[0] > pair[1]), "{counts:?}");
}
