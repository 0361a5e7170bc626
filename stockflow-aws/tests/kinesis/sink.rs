//! The sink on a stream that refuses, fails, hangs, throttles and reshards.

use std::{error::Error as _, time::Duration};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use stockflow_aws::{
    Patience,
    kinesis::KinesisSink,
    testing::{Fault, Faults},
};
use stockflow_core::{ErrorKind, Quote, Sink as _};
use tokio::time::Instant;

use crate::{
    fake::{self, Fake},
    stream::{assert_in_order, assert_on_stream, market, quotes_on},
};

type Form = fn(KinesisSink) -> KinesisSink;
const PLAIN: Form = |sink| sink;
const FORMS: [Form; 3] = [PLAIN, KinesisSink::with_aggregation, KinesisSink::with_compression];
const DEADLINE: Duration = Duration::from_secs(60);

/// Writes until everything is there, as a caller does who may lose nothing; each call is back by its deadline.
async fn write_all(sink: &KinesisSink, batch: &[Quote]) {
    let mut left: Vec<Quote> = batch.to_vec();
    while !left.is_empty() {
        let begin = Instant::now();
        let outcome = sink.write(&left).await;
        // Tokio's timer counts whole milliseconds.
        assert!(begin.elapsed() <= DEADLINE + Duration::from_millis(2), "{:?}", begin.elapsed());
        if let Ok(report) = outcome {
            left = report.failures().iter().map(|failure| left[failure.index]).collect();
        }
    }
}

fn sink_on(http: SharedHttpClient, form: Form) -> KinesisSink {
    let patience = Patience::default().with_deadline(DEADLINE);
    form(KinesisSink::new(&fake::client(http), "quotes").unwrap().with_patience(patience))
}

/// How many requests these quotes took, with these faults, all of them arrived.
async fn requests_of(market: &[Quote], form: Form, faults: Faults) -> u64 {
    let fake = Fake::new(4, 0);
    fake.state().latency = 30;
    let http = faults.around(SharedHttpClient::new(fake.clone()));
    let sink = sink_on(SharedHttpClient::new(http.clone()), form);
    write_all(&sink, market).await;
    assert_on_stream(&fake, market);
    http.requests()
}

/// Half of the entries refused, half of the requests throttled, a tenth failed, each by itself and then all at once; with what that
/// may cost in requests for one without faults. Whoever sends it, half of what is sent fails, so twice; all at once 4.4 times.
/// The rest is for the last entries, when requests are not full any more.
fn troubles(seed: u64) -> [(Faults, f64); 4] {
    let none = Faults::by_seed(seed);
    let partial = none.clone().with(Fault::Partial, 0.5);
    let throttle = none.clone().with(Fault::Throttle, 0.5);
    let broken = none.with(Fault::ServerError, 0.1);
    let all = partial.clone().with(Fault::Throttle, 0.5).with(Fault::ServerError, 0.1);
    [(partial, 2.4), (throttle, 2.4), (broken, 1.2), (all, 6.5)]
}

/// 100,000 quotes with each fault.
async fn all_arrives_under_faults(seeds: [u64; 2], form: Form) {
    let market = market(50_000, 2_000);
    let faultless = requests_of(&market, form, Faults::by_seed(0)).await;
    for seed in seeds {
        for (faults, cost) in troubles(seed) {
            let requests = requests_of(&market, form, faults.clone()).await;
            println!("{faults:?}: {requests} requests instead of {faultless}");
            // Of few requests, some are down to chance.
            let limit = cost * faultless as f64 + 8.0;
            assert!(requests as f64 <= limit, "{faults:?}: {requests} instead of {faultless}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_order_holds_whatever_is_refused() {
    all_arrives_under_faults([1, 2], PLAIN).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_order_holds_whatever_is_refused_of_aggregates() {
    all_arrives_under_faults([3, 4], KinesisSink::with_aggregation).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_order_holds_whatever_is_refused_of_compressed_quotes() {
    all_arrives_under_faults([5, 6], KinesisSink::with_compression).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_order_holds_where_answers_are() {
    for (seed, form) in (10..16).zip(FORMS.into_iter().cycle()) {
        let fake = Fake::new(3, seed);
        fake.state().latency = 50;
        let http = Faults::by_seed(seed)
            .with(Fault::Partial, 0.2)
            .with(Fault::Hang, 0.1)
            .with(Fault::Timeout, 0.1)
            .with(Fault::Reset, 0.1)
            .with(Fault::ExpiredCredentials, 0.1)
            .around(SharedHttpClient::new(fake.clone()));
        let sink = sink_on(SharedHttpClient::new(http), form);
        let market = market(2_000, 40);
        for batch in market.chunks(500) {
            write_all(&sink, batch).await;
        }
        assert_on_stream(&fake, &market);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_order_holds_while_shards_split_and_merge() {
    for (seed, form) in (20..32).zip(FORMS.into_iter().cycle()) {
        let fake = Fake::new(2, seed);
        let each = [600, 15, 2][(seed - 20) as usize % 3];
        fake.state().reshard_at = (1..12).map(|n| n * each).collect();
        let http = Faults::by_seed(seed)
            .with(Fault::Partial, 0.2)
            .with(Fault::Throttle, 0.1)
            .around(SharedHttpClient::new(fake.clone()));
        let sink = sink_on(SharedHttpClient::new(http), form);
        let market = market(10_000, 100);
        for batch in market.chunks(1_000) {
            write_all(&sink, batch).await;
        }
        let shards = fake.state().shards.len();
        assert!(shards > 8, "seed {seed}: only {shards} shards");
        assert_on_stream(&fake, &market);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_asked_for_too_much_costs_at_most_twice_the_requests() {
    for form in [PLAIN, KinesisSink::with_compression] {
        let packed = form as usize != PLAIN as usize;
        let mut counts = Vec::new();
        for limited in [false, true] {
            let fake = Fake::new(4, 40);
            fake.state().latency = 20;
            // A shard's limit is 1,000 records; of compressed ones it is the bytes, about 40.
            fake.state().capacity = limited.then_some(if packed { 40.0 } else { 1_000.0 });
            let sink = sink_on(SharedHttpClient::new(fake.clone()), form);
            let market = market(120_000, 2_000);
            let mut batches = market.chunks(if packed { 20_000 } else { 4_000 });
            // Until the sink has learned how fast the stream is.
            write_all(&sink, batches.next().unwrap()).await;
            let learning = fake.count("PutRecords");
            for batch in batches {
                write_all(&sink, batch).await;
            }
            counts.push(fake.count("PutRecords") - learning);
            assert_on_stream(&fake, &market);
        }
        println!("{counts:?}");
        assert!(counts[1] <= 2 * counts[0], "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_chance_is_back_by_its_deadline_and_says_what_is_not_there() {
    for fault in [Fault::Throttle, Fault::Hang, Fault::Reset] {
        let fake = Fake::new(1, 0);
        let http = Faults::by_seed(0).with(fault, 1.0).around(SharedHttpClient::new(fake.clone()));
        let sink = sink_on(SharedHttpClient::new(http), PLAIN);
        let begin = Instant::now();
        let error = sink.write(&market(100, 10)).await.unwrap_err();
        assert!(error.is_retryable(), "{}", error.chain());
        assert!(begin.elapsed() <= DEADLINE + Duration::from_millis(2));
    }
    // A stream that takes ten records, and no more.
    let fake = Fake::new(1, 0);
    let sink = sink_on(SharedHttpClient::new(fake.clone()), PLAIN);
    let market = market(100, 10);
    sink.write(&market[..50]).await.unwrap().into_result().unwrap();
    fake.state().capacity = Some(1e-9);
    let report = sink.write(&market).await;
    assert_eq!(report.unwrap_err().kind(), ErrorKind::Throttled);
    fake.state().capacity = Some(1.0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let report = sink.write(&market[50..]).await;
    let report = report.unwrap();
    let taken: Vec<usize> =
        (0..50).filter(|at| report.failures().iter().all(|failed| failed.index != *at)).collect();
    assert!(!taken.is_empty() && taken.len() < 50, "some, not all");
    let mut there: Vec<Quote> = market[..50].to_vec();
    there.extend(taken.iter().map(|at| market[50 + at]));
    assert_in_order(&quotes_on(&fake), &there);
    let failure = &report.failures()[0];
    assert_eq!(failure.error.kind(), ErrorKind::Throttled);
    assert!(failure.error.source().unwrap().to_string().contains("Rate exceeded"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_is_given_up_and_sent_again_within_the_call() {
    let fake = Fake::new(1, 0);
    let http = Faults::by_seed(7).with(Fault::Hang, 0.3);
    let http = http.around(SharedHttpClient::new(fake.clone()));
    let sink = KinesisSink::new(&fake::client(http.clone()), "quotes").unwrap();
    let sink = sink.with_patience(Patience::default().with_deadline(Duration::from_secs(600)));
    let market = market(200, 10);
    sink.write(&market).await.unwrap().into_result().unwrap();
    assert!(http.count(Fault::Hang) > 3);
    assert_on_stream(&fake, &market);
}

#[tokio::test(start_paused = true)]
async fn many_symbols_and_one_symbol_arrive() {
    for form in FORMS {
        let fake = Fake::new(2, 50);
        let sink = sink_on(SharedHttpClient::new(fake.clone()), form);
        let wide = market(3_000, 3_000);
        let narrow = market(400, 1);
        write_all(&sink, &wide).await;
        assert_on_stream(&fake, &wide);
        fake.state().shards.iter_mut().for_each(|shard| shard.records.clear());
        write_all(&sink, &narrow).await;
        assert_on_stream(&fake, &narrow);
    }
}
