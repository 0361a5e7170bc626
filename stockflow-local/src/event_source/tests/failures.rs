//! Retry, bisect, giving up.

use super::*;

fn bisecting(retries: Option<u32>) -> MappingOptions {
    MappingOptions {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: retries,
        ..reporting()
    }
}

#[test]
fn a_failed_batch_is_halved_down_to_the_bad_record_without_using_up_retries() {
    let (mut mapping, seen) = mapping(bisecting(Some(0)), &clock(), errs(&[3]));
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(taken(&seen), [&[1, 2, 3, 4][..], &[1, 2], &[3, 4], &[3], &[4]]);
    assert_eq!(data(&mapping.given_up()[0].records), [3]);
}

#[test]
fn a_batch_that_runs_out_of_time_or_kills_its_container_is_halved_too() {
    for (crashes, outcome) in [(false, Outcome::TimedOut), (true, Outcome::Crashed)] {
        let container = move || {
            move |invocation: Invocation<u32>| async move {
                let is_bad = invocation.records.iter().any(|record| record.data == 3);
                let hangs = if is_bad && !crashes { 9 * SECOND } else { Duration::ZERO };
                invocation.clock.sleep(hangs).await;
                if is_bad { Reply::Crash } else { Reply::success() }
            }
        };
        let mut mapping =
            EventSourceMapping::new(Stream::Kinesis, bisecting(Some(0)), &clock(), 7, container)
                .unwrap();
        (1..=4).for_each(|data| mapping.put("AAPL", data));
        mapping.run();
        let (bad, good) = (outcome, Outcome::Complete);
        assert_eq!(outcomes(&mapping), [bad, good, bad, bad, good]);
        assert_eq!(data(&mapping.given_up()[0].records), [3]);
        assert_eq!(mapping.given_up()[0].tries, 3);
    }
}

#[test]
fn an_unreadable_response_halves_its_batch() {
    let answer = |invocation: &Invocation<u32>| match invocation.records.len() {
        1 => Reply::success(),
        _ => Reply::failed(["no such number"]),
    };
    let (mut mapping, seen) = mapping(bisecting(Some(0)), &clock(), answer);
    (1..=3).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(taken(&seen), [&[1, 2, 3][..], &[1], &[2, 3], &[2], &[3]]);
    assert!(mapping.given_up().is_empty());
}

#[test]
fn a_destination_without_payload_is_told_where_the_records_are() {
    let options = MappingOptions { maximum_retry_attempts: Some(2), ..reporting() };
    let (mut mapping, _) = mapping(options, &clock(), errs(&[2]));
    (1..=3).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    let given_up = &mapping.given_up()[0];
    let notice = given_up.notice(Stream::Kinesis, "arn:aws:kinesis:eu-west-1:1:stream/s");
    let context = &notice["requestContext"];
    assert_eq!(context["condition"], "RetryAttemptsExhausted");
    assert_eq!(context["approximateInvokeCount"], 3);
    let info = &notice["KinesisBatchInfo"];
    assert_eq!(info["shardId"], "shardId-000000000000");
    assert_eq!(info["startSequenceNumber"], mapping.records()[0].sequence.to_string());
    assert_eq!(info["endSequenceNumber"], mapping.records()[2].sequence.to_string());
    assert_eq!(info["approximateArrivalOfFirstRecord"], "2026-11-23T14:30:00.000000Z");
    assert_eq!(info["batchSize"], 3);
    assert_eq!(info["streamArn"], "arn:aws:kinesis:eu-west-1:1:stream/s");
    let table = Stream::DynamoDb { delay: Duration::ZERO };
    assert_eq!(given_up.notice(table, "")["DDBStreamBatchInfo"]["batchSize"], 3);
}

#[test]
fn with_bisect_a_partial_response_splits_at_its_checkpoint_without_using_up_retries() {
    let (mut mapping, seen) = mapping(bisecting(Some(1)), &clock(), fails(&[3]));
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    // The split costs nothing; that the rest fails from its first record on costs the retry, and then the batch.
    assert_eq!(taken(&seen), [&[1, 2, 3, 4][..], &[3, 4], &[3, 4]]);
    assert_eq!(data(&mapping.given_up()[0].records), [3, 4]);
    assert_eq!(mapping.given_up()[0].reason, GiveUp::RetriesExhausted);
}

#[test]
fn without_bisect_a_partial_response_uses_up_a_retry() {
    let options = MappingOptions { maximum_retry_attempts: Some(1), ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock(), fails(&[2, 3, 4]));
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(taken(&seen), [&[1, 2, 3, 4][..], &[2, 3, 4]]);
    assert_eq!(data(&mapping.given_up()[0].records), [2, 3, 4]);
}

#[test]
fn a_batch_comes_again_as_often_as_retries_say_and_then_its_shard_goes_on() {
    let options = MappingOptions { batch_size: 2, maximum_retry_attempts: Some(2), ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock(), errs(&[1]));
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    assert_eq!(taken(&seen), [[1, 2], [1, 2], [1, 2], [3, 4]]);
    assert_eq!(data(&mapping.given_up()[0].records), [1, 2]);
    assert_eq!(mapping.given_up().len(), 1);
}

#[test]
fn by_default_a_bad_record_blocks_its_shard_and_no_other() {
    let clock = clock();
    let options = MappingOptions { shards: 2, batch_size: 1, ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock, errs(&[1]));
    for data in 1..=9 {
        mapping.put(if data % 2 == 1 { "a" } else { "b" }, data);
    }
    assert_ne!(mapping.records()[0].shard, mapping.records()[1].shard);
    mapping.run_until(clock.now().saturating_add(7 * 86_400 * SECOND));
    let seen = taken(&seen);
    assert!(seen.len() > 1_000, "{}", seen.len());
    assert!(seen.iter().all(|batch| batch[0] == 1 || batch[0] % 2 == 0));
    assert_eq!(seen.iter().filter(|batch| batch[0] != 1).count(), 4);
    assert!(mapping.given_up().is_empty());
}

#[test]
fn records_that_are_too_old_are_given_up_and_younger_ones_are_not() {
    let clock = clock();
    let options =
        MappingOptions { maximum_record_age: Some(60 * SECOND), batch_size: 2, ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock, errs(&[1]));
    (1..=3).for_each(|data| mapping.put("AAPL", data));
    // The first two are tried until they are too old; the third has never been tried by then.
    mapping.run_until(clock.now().saturating_add(50 * SECOND));
    (4..=5).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    let given_up: Vec<_> =
        mapping.given_up().iter().map(|g| (g.reason, data(&g.records))).collect();
    let too_old = GiveUp::RecordAgeExceeded;
    assert_eq!(given_up, [(too_old, vec![1, 2]), (too_old, vec![3])]);
    assert_eq!(taken(&seen).last().unwrap(), &[4, 5]);
}

#[test]
fn pauses_between_attempts_grow() {
    let options = MappingOptions { maximum_retry_attempts: Some(12), ..reporting() };
    let (mut mapping, _) = mapping(options, &clock(), errs(&[1]));
    mapping.put("AAPL", 1);
    mapping.run();
    let attempts = mapping.attempts();
    let pause = |at: usize| attempts[at + 1].began.since(attempts[at].ended);
    assert_eq!(attempts.len(), 13);
    assert!(pause(0) < SECOND && pause(11) > 10 * SECOND && pause(11) <= 30 * SECOND);
}

#[test]
fn what_comes_again_is_cut_anew() {
    let clock = clock();
    let options = MappingOptions { batch_size: 4, ..reporting() };
    let (mut mapping, seen) = mapping(options, &clock, fails(&[]));
    mapping.set_faults(MappingFaults { redelivered: 60, cut: 60, ..Default::default() }).unwrap();
    (1..=40).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    let seen = taken(&seen);
    let again = |longer: bool| {
        seen.windows(2).any(|pair| {
            pair[0][0] == pair[1][0]
                && if longer {
                    pair[1].len() > pair[0].len()
                } else {
                    pair[1].len() < pair[0].len()
                }
        })
    };
    assert!(again(true) && again(false), "{seen:?}");
}

#[test]
fn a_success_may_come_again() {
    let (mut mapping, seen) = mapping(reporting(), &clock(), fails(&[]));
    mapping.set_faults(MappingFaults { redelivered: 99, ..Default::default() }).unwrap();
    mapping.put("AAPL", 1);
    mapping.run();
    assert!(taken(&seen).len() > 3);
    assert!(outcomes(&mapping).iter().all(|outcome| *outcome == Outcome::Complete));
}

#[test]
fn a_lost_answer_is_a_failure_of_what_was_done() {
    let (mut mapping, seen) =
        mapping(MappingOptions { batch_size: 1, ..reporting() }, &clock(), fails(&[]));
    mapping.set_faults(MappingFaults { lost_answers: 90, ..Default::default() }).unwrap();
    (1..=20).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    let mut handled = taken(&seen).concat();
    assert!(handled.len() > 50, "{}", handled.len());
    handled.dedup();
    assert_eq!(handled, (1..=20).collect::<Vec<_>>());
    let lost = |outcome: &Outcome| *outcome == Outcome::AnswerLost;
    assert_eq!(outcomes(&mapping).iter().filter(|o| !lost(o)).count(), 20);
}

#[test]
fn settings_outside_of_lambdas_bounds_are_refused() {
    let refused = |options: MappingOptions| {
        let answer = |_: Invocation<u32>| async { Reply::success() };
        let made = EventSourceMapping::new(Stream::Kinesis, options, &clock(), 0, move || answer);
        made.unwrap_err().to_string()
    };
    let text = refused(MappingOptions { batch_size: 10_001, ..reporting() });
    assert!(text.contains("batch_size") && text.contains("10001"), "{text}");
    let text = refused(MappingOptions { parallelization_factor: 11, ..reporting() });
    assert!(text.contains("parallelization_factor"), "{text}");
    let text = refused(MappingOptions { maximum_record_age: Some(SECOND), ..reporting() });
    assert!(text.contains("maximum_record_age"), "{text}");
}
