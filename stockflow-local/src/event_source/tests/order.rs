//! Batches, windows, and what stays in order.

use super::*;

const KEYS: [&str; 5] = ["AAPL", "MSFT", "BRK-B", "^GSPC", "BTC-USD"];

/// Handles each batch for a while, so that those that may overlap do.
fn slow(
    stream: Stream,
    options: MappingOptions,
    clock: &Clock,
    seed: u64,
) -> (Mapping<impl Handler<u32>>, Seen) {
    let seen = Seen::default();
    let handlers = Arc::clone(&seen);
    let container = move || {
        let seen = Arc::clone(&handlers);
        move |invocation: Invocation<u32>| {
            let seen = Arc::clone(&seen);
            async move {
                let first = u64::from(invocation.records[0].data);
                invocation.clock.sleep(Duration::from_millis(first * 37 % 400)).await;
                seen.lock().unwrap().push(data(&invocation.records));
                Reply::success()
            }
        }
    };
    (EventSourceMapping::new(stream, options, clock, seed, container).unwrap(), seen)
}

fn put_all<H: Handler<u32>>(mapping: &mut Mapping<H>) {
    (0..200).for_each(|data| mapping.put(KEYS[data as usize % KEYS.len()], data));
}

fn overlaps(attempts: &[Attempt]) -> usize {
    let mut pairs = 0;
    for (index, a) in attempts.iter().enumerate() {
        pairs +=
            attempts[..index].iter().filter(|b| a.began < b.ended && b.began < a.ended).count();
    }
    pairs
}

/// The records of each key, in the order in which they were handled.
fn by_key(seen: &Seen) -> Vec<Vec<u32>> {
    let all: Vec<u32> = taken(seen).concat();
    let of = |key: u32| all.iter().copied().filter(move |data| data % 5 == key).collect();
    (0..5).map(of).collect()
}

#[test]
fn a_shard_is_handled_in_order_one_batch_at_a_time() {
    let options = MappingOptions { batch_size: 7, ..reporting() };
    let (mut mapping, seen) = slow(Stream::Kinesis, options, &clock(), 1);
    put_all(&mut mapping);
    mapping.run();
    assert_eq!(taken(&seen).concat(), (0..200).collect::<Vec<_>>());
    assert!(taken(&seen)[..28].iter().all(|batch| batch.len() == 7));
    assert_eq!(overlaps(mapping.attempts()), 0);
}

#[test]
fn parallel_batches_of_a_shard_keep_the_order_of_a_partition_key() {
    let options = MappingOptions { batch_size: 7, parallelization_factor: 10, ..reporting() };
    let (mut mapping, seen) = slow(Stream::Kinesis, options, &clock(), 1);
    put_all(&mut mapping);
    mapping.run();
    assert!(overlaps(mapping.attempts()) > 0);
    assert_ne!(taken(&seen).concat(), (0..200).collect::<Vec<_>>());
    for (key, handled) in by_key(&seen).into_iter().enumerate() {
        assert_eq!(handled, (0..200).filter(|data| data % 5 == key as u32).collect::<Vec<_>>());
    }
}

#[test]
fn with_parallel_batches_a_bad_record_blocks_the_keys_of_its_part_only() {
    let clock = clock();
    let options = MappingOptions { parallelization_factor: 10, batch_size: 2, ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock, errs(&[0]));
    (0..200).for_each(|data| mapping.put(KEYS[data as usize % KEYS.len()], data));
    mapping.run_until(clock.now().saturating_add(600 * SECOND));
    let done = |key: u32| taken(&seen).concat().into_iter().any(|data| data == 195 + key);
    assert!(!done(0) && (1..5).any(done));
}

#[test]
fn shards_are_handled_side_by_side() {
    let options = MappingOptions { shards: 4, batch_size: 7, ..reporting() };
    let (mut mapping, _) = slow(Stream::Kinesis, options, &clock(), 1);
    put_all(&mut mapping);
    mapping.run();
    assert!(overlaps(mapping.attempts()) > 0);
    let attempts = mapping.attempts();
    for shard in attempts.iter().map(|attempt| &attempt.shard) {
        let of: Vec<_> = attempts.iter().filter(|a| a.shard == *shard).cloned().collect();
        assert_eq!(overlaps(&of), 0);
    }
}

#[test]
fn dynamodb_streams_keep_the_order_of_an_item_and_no_other() {
    let delay = Duration::from_millis(500);
    let (mut mapping, seen) = slow(Stream::DynamoDb { delay }, reporting(), &clock(), 1);
    put_all(&mut mapping);
    mapping.run();
    let all = taken(&seen).concat();
    assert_ne!(all, (0..200).collect::<Vec<_>>());
    assert_eq!(all.len(), 200);
    for (key, handled) in by_key(&seen).into_iter().enumerate() {
        assert_eq!(handled, (0..200).filter(|data| data % 5 == key as u32).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_waits_for_its_window_unless_it_is_full() {
    let clock = clock();
    let options =
        MappingOptions { batch_size: 3, maximum_batching_window: 60 * SECOND, ..reporting() };
    let (mut mapping, seen) = slow(Stream::Kinesis, options, &clock, 1);
    let start = clock.now();
    (1..=2).for_each(|data| mapping.put("AAPL", data));
    assert!(!mapping.turn());
    assert_eq!(mapping.next_event(), Some(start.saturating_add(60 * SECOND)));
    mapping.put("AAPL", 3);
    assert!(mapping.turn());
    mapping.put("AAPL", 4);
    mapping.run();
    assert_eq!(taken(&seen), [&[1, 2, 3][..], &[4]]);
    assert!(mapping.attempts()[0].began == start);
    assert!(mapping.attempts()[1].began == start.saturating_add(60 * SECOND));
}

#[test]
fn a_batch_has_as_many_records_as_fit_into_an_event() {
    let clock = clock();
    let options = MappingOptions {
        payload_limit: 1_000,
        maximum_batching_window: 60 * SECOND,
        ..reporting()
    };
    let (mapping, seen) = slow(Stream::Kinesis, options, &clock, 1);
    let mut mapping = mapping.with_payload_sizes(|data| *data as usize);
    let start = clock.now();
    // The last of these is larger than an event may be, and comes alone.
    [400, 300, 299, 2, 998, 1, 5_000].into_iter().for_each(|data| mapping.put("AAPL", data));
    mapping.put("AAPL", 7);
    mapping.run();
    assert_eq!(taken(&seen), [&[400, 300, 299][..], &[2, 998], &[1], &[5_000], &[7]]);
    // A full event does not wait for the window, and what is left does.
    let begins: Vec<_> = mapping.attempts().iter().map(|attempt| attempt.began).collect();
    assert!(begins[3] < start.saturating_add(60 * SECOND));
    assert_eq!(begins[4], start.saturating_add(60 * SECOND));
}

#[test]
fn what_the_filter_holds_back_never_reaches_the_function() {
    let (mapping, seen) = slow(Stream::Kinesis, reporting(), &clock(), 1);
    let mut mapping = mapping.with_filter(|data| data % 3 == 0);
    (0..10).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(taken(&seen).concat(), [0, 3, 6, 9]);
}

#[test]
fn sequence_numbers_ascend_and_are_too_long_for_an_integer() {
    let (mut mapping, _) = slow(Stream::Kinesis, reporting(), &clock(), 1);
    put_all(&mut mapping);
    assert!(mapping.records().windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    assert!(mapping.records()[0].sequence.to_string().parse::<u128>().is_err());
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let history = |seed| {
        let options = MappingOptions {
            shards: 2,
            batch_size: 5,
            parallelization_factor: 3,
            bisect_batch_on_function_error: true,
            maximum_retry_attempts: Some(2),
            ..reporting()
        };
        let (mut mapping, _) = slow(Stream::Kinesis, options, &clock(), seed);
        let faults =
            MappingFaults { crashes: 20, lost_answers: 20, redelivered: 20, recycled: 20, cut: 20 };
        mapping.set_faults(faults).unwrap();
        put_all(&mut mapping);
        mapping.run();
        (mapping.attempts().to_vec(), mapping.given_up().to_vec())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5), history(6));
}
