//! The program, killed a thousand times at random: nothing is lost, and stage 1 stores nothing twice.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "a test")]

#[path = "stub/kinesis.rs"]
mod kinesis;
#[path = "stub/market.rs"]
mod market;

use std::{
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use kinesis::Kinesis;

/// Kills in all.
const KILLS: u32 = 1_000;
/// Quotes of each of the files that are replayed one after the other until it was killed so often.
const QUOTES: u64 = 4_000;

/// When to kill.
#[derive(Clone, Copy)]
enum Aim {
    /// Not at all.
    Nothing,
    /// So long after the start.
    Start(Duration),
    /// So long after the stream has got so many requests.
    Request(u64, Duration),
}

/// Runs the program until it ends by itself, or kills it; whether it ended.
fn run(kinesis: &Kinesis, data: &Path, file: &Path, batch: u64, aim: Aim) -> bool {
    let before = kinesis.requests();
    let mut child = kinesis
        .producer(data)
        .arg("--replay")
        .arg(file)
        .args(["--batch-records", &batch.to_string()])
        .env("RUST_LOG", "error")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Aim::Request(requests, _) = aim {
        while kinesis.requests() < before + requests && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(300));
        }
    }
    if let Aim::Start(later) | Aim::Request(_, later) = aim {
        thread::sleep(later);
        // It may have ended by itself meanwhile.
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || output.status.code().is_none(), "{}: {text}", output.status);
    output.status.success()
}

fn replay(kills: u32, seed: u64) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotes.csv");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = seed;
    let mut dice = move |sides: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % sides
    };
    let (mut killed, mut files, mut sent_twice) = (0, 0, 0);
    while killed < kills {
        files += 1;
        market::write(&file, QUOTES, seed + files);
        let undisturbed = Kinesis::start(Duration::ZERO, 0);
        assert!(run(
            &undisturbed,
            &folder.path().join(format!("calm-{files}")),
            &file,
            1_000,
            Aim::Nothing
        ));
        let expected = runtime.block_on(market::rows(undisturbed.records()));

        let kinesis = Kinesis::start(Duration::from_millis(1), 5);
        let data = folder.path().join(format!("killed-{files}"));
        while killed < kills {
            let aim = if dice(5) == 0 {
                Aim::Start(Duration::from_micros(dice(100_000)))
            } else {
                Aim::Request(1 + dice(4), Duration::from_micros(dice(4_000)))
            };
            if run(&kinesis, &data, &file, 1 + dice(40), aim) {
                break;
            }
            killed += 1;
        }
        assert!(run(&kinesis, &data, &file, 500, Aim::Nothing), "nothing is left to do");
        let records = kinesis.records();
        sent_twice += records.len() as u64 - undisturbed.records().len() as u64;
        let found = runtime.block_on(market::rows(records));
        let differ = expected.iter().find(|(key, row)| found.get(*key) != Some(row));
        assert_eq!(differ, None, "lost or judged otherwise");
        assert_eq!(found.len(), expected.len(), "rows of nothing that was read");
    }
    println!("{killed} kills in {files} replays, {sent_twice} records sent twice");
    assert!(sent_twice > 0, "no kill hit anything");
    killed
}

#[test]
fn killed_a_thousand_times_it_loses_nothing_and_stage_1_stores_nothing_twice() {
    let begin = Instant::now();
    let halves: Vec<_> =
        (0..2).map(|half| thread::spawn(move || replay(KILLS / 2, 1 + 1_000 * half))).collect();
    let killed: u32 = halves.into_iter().map(|half| half.join().unwrap()).sum();
    assert_eq!(killed, KILLS);
    println!("{:?}", begin.elapsed());
}
