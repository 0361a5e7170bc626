//! A Lambda function of one's own behind a Kinesis stream, tested against all that an event source mapping may do to it.
//!
//! `cargo run -p stockflow-examples --example own_lambda`

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stockflow_core::{Symbol, Timestamp, wire};
use stockflow_local::event_source::{
    Attempt, Clock, EventSourceMapping, Invocation, MappingFaults, MappingOptions, Reply, Stream,
};

/// What the function writes to: how many quotes there are of each symbol, and what it could not read.
#[derive(Debug, Default)]
struct Database {
    counts: BTreeMap<Symbol, u64>,
    seen: BTreeSet<(Symbol, Timestamp)>,
    unreadable: BTreeSet<String>,
}

type Shared = Arc<Mutex<Database>>;

fn open(database: &Shared) -> MutexGuard<'_, Database> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As one would write it at first: counts what comes, and fails where it cannot.
async fn hopeful(database: &Shared, invocation: Invocation<String>) -> Reply {
    for record in &invocation.records {
        // What the call of a database takes. A container may be killed here, or its time may be over.
        invocation.clock.sleep(Duration::from_millis(4)).await;
        match wire::decode(record.data.as_bytes()) {
            Ok(decoded) => *open(database).counts.entry(decoded.quote.symbol).or_default() += 1,
            Err(_) => return Reply::Error,
        }
    }
    Reply::success()
}

/// As it has to be: what comes twice counts once, and what can never be read is set aside, so that it blocks nothing.
async fn careful(database: &Shared, invocation: Invocation<String>) -> Reply {
    for record in &invocation.records {
        invocation.clock.sleep(Duration::from_millis(4)).await;
        // Shortly before the end, say where to go on: what is done need not be done again.
        if invocation.deadline.since(invocation.clock.now()) < Duration::from_millis(500) {
            return Reply::failed([&record.sequence]);
        }
        let mut database = open(database);
        let Ok(decoded) = wire::decode(record.data.as_bytes()) else {
            database.unreadable.insert(record.sequence.to_string());
            continue;
        };
        let symbol = decoded.quote.symbol;
        // One transaction in a real database: a condition on the key, and the count.
        if database.seen.insert((symbol, decoded.quote.timestamp)) {
            *database.counts.entry(symbol).or_default() += 1;
        }
    }
    Reply::success()
}

/// 300 quotes of three symbols, and a line in between that is none.
fn lines() -> impl Iterator<Item = (&'static str, String)> {
    (0..300).map(|n| {
        let symbol = ["AAPL", "MSFT", "NVDA"][n % 3];
        let (minute, second) = (n / 60, n % 60);
        let line = format!(
            r#"{{"symbol":"{symbol}","open":180,"high":184,"low":179,"price":{price},"previous_close":175,"volume":{n},"timestamp":"2026-11-23T14:{minute:02}:{second:02}Z"}}"#,
            price = 180 + n % 5,
        );
        (symbol, if n == 150 { "so much for the feed".to_owned() } else { line })
    })
}

/// Plays one history: what is in the database at its end, and what the mapping did.
fn play(seed: u64, is_careful: bool) -> Result<(Shared, Vec<Attempt>, usize), Box<dyn Error>> {
    let database = Shared::default();
    let container = {
        let database = Arc::clone(&database);
        // Called at each cold start; what a handler remembers dies with its container.
        move || {
            let database = Arc::clone(&database);
            move |invocation| {
                let database = Arc::clone(&database);
                async move {
                    if is_careful {
                        careful(&database, invocation).await
                    } else {
                        hopeful(&database, invocation).await
                    }
                }
            }
        }
    };
    // The settings of the real mapping.
    let options = MappingOptions {
        shards: 2,
        batch_size: 50,
        report_batch_item_failures: true,
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(20),
        ..MappingOptions::default()
    };
    let clock = Clock::new("2026-11-23T15:00:00Z".parse()?);
    let mut mapping = EventSourceMapping::new(Stream::Kinesis, options, &clock, seed, container)?;
    mapping.set_faults(MappingFaults {
        crashes: 10,
        lost_answers: 5,
        redelivered: 10,
        recycled: 10,
        cut: 30,
    })?;
    lines().for_each(|(symbol, line)| mapping.put(symbol, line));
    mapping.run();
    let lost = mapping.given_up().iter().map(|batch| batch.records.len()).sum();
    Ok((database, mapping.attempts().to_vec(), lost))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (database, attempts, lost) = play(1, false)?;
    println!("the hopeful function, after one history of {} invocations:", attempts.len());
    for attempt in attempts.iter().take(8) {
        println!(
            "  {} {} container {}: {} records, {:?}",
            attempt.began,
            attempt.shard,
            attempt.container,
            attempt.sequences.len(),
            attempt.outcome,
        );
    }
    println!("  ...");
    println!("  counted {:?} instead of 99, 100 and 100", open(&database).counts.values());
    println!("  and {lost} records were given up");

    let seeds = 300;
    for seed in 0..seeds {
        let (database, _, lost) = play(seed, true)?;
        let database = open(&database);
        let counts: Vec<u64> = database.counts.values().copied().collect();
        assert_eq!(
            (counts, database.unreadable.len(), lost),
            (vec![99, 100, 100], 1, 0),
            "seed {seed}"
        );
    }
    println!("the careful one counts right and gives up nothing, in each of {seeds} histories");
    Ok(())
}
