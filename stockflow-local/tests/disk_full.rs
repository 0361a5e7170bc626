//! A full disk, in the middle of files that were written before: told as such, and nothing that was stored is lost.
//!
//! A process may be told that its files must not grow beyond some size, by whatever user it is run. To a program that is
//! a disk that is full.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use stockflow_core::{
    Archive as _, ErrorKind, Judgement, Object, ObjectName, Position, Price, Quality, Quote,
    QuoteHistory as _, QuoteTable as _, Row, RowQuery, StoredRow, Timestamp, Volume,
};
use stockflow_local::{
    Lake, LocalTable, Spool, SpoolOptions, Store,
    lake::{days, objects},
};

const FOLDER: &str = "STOCKFLOW_TEST_FOLDER";

/// Runs the test of that name once more, in a process whose files stay below 1 or 2 MiB (`sh` counts in blocks of 512 or
/// 1,024 bytes): what it says that it stored in `folder`.
fn with_little_room(test: &str, folder: &Path) -> u64 {
    let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let stored = text.lines().find_map(|line| line.split_once("stored=")).unwrap().1;
    stored.split_whitespace().next().unwrap().parse().unwrap()
}

/// Where to write until nothing more fits, in the process with little room; none in the test that looks at it after.
fn little_room() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn row(second: u64) -> StoredRow {
    let price = Price::from_units(18_375_000_000).unwrap();
    let quote = Quote {
        symbol: "AAPL".parse().unwrap(),
        timestamp: Timestamp::MIN.saturating_add(std::time::Duration::from_secs(second)),
        open: price,
        high: price,
        low: price,
        price,
        previous_close: price,
        volume: Volume::new(second as i64).unwrap(),
    };
    let judgement =
        Judgement::Accepted { quality: Quality::GOOD, warming_up: 0, anomalies: Vec::new() };
    Row { quote, judgement }.into()
}

#[test]
fn what_the_spool_took_before_the_disk_was_full_is_there() {
    if let Some(folder) = little_room() {
        return spool_until_the_disk_is_full(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let stored =
        with_little_room("what_the_spool_took_before_the_disk_was_full_is_there", folder.path());
    assert!(stored > 100);
    let spool = Spool::open(folder.path(), SpoolOptions::default()).unwrap();
    assert_eq!(spool.damages(), []);
    let batch = spool.reader().read(usize::MAX, usize::MAX).unwrap();
    assert_eq!(batch.records.len() as u64, stored);
    let more = spool.writer().append([(Timestamp::MIN, "there is room again")], &[]).unwrap();
    assert_eq!(more, stored + 1);
}

fn spool_until_the_disk_is_full(folder: &Path) {
    let spool = Spool::open(folder, SpoolOptions::default()).unwrap();
    let mut writer = spool.writer();
    let line = [b'x'; 1_000];
    let (stored, error) = loop {
        let stored = writer.last();
        match writer.append([(Timestamp::MIN, line); 7], &[]) {
            Ok(last) => assert_eq!(last, stored + 7),
            Err(error) => break (stored, error),
        }
    };
    assert_eq!(error.kind(), ErrorKind::Exhausted, "{}", error.chain());
    assert!(error.chain().contains("00000000.spool"), "{}", error.chain());
    // What is smaller may still find room, in the place where the failed append was.
    let small = writer.append([(Timestamp::MIN, "y")], &[]).unwrap();
    assert_eq!(small, stored + 1);
    println!("stored={small}");
}

#[test]
fn what_the_table_took_before_the_disk_was_full_is_there() {
    if let Some(folder) = little_room() {
        return table_until_the_disk_is_full(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let stored =
        with_little_room("what_the_table_took_before_the_disk_was_full_is_there", folder.path());
    assert!(stored > 100);
    block_on(async {
        let table = LocalTable::new(&Store::open(folder.path()).unwrap());
        let all = RowQuery::latest("AAPL".parse().unwrap(), usize::MAX);
        let expected: Vec<StoredRow> = (0..stored).map(row).collect();
        assert!(table.rows(all).await.unwrap() == expected);
        table.put(&[row(stored)]).await.unwrap().into_result().unwrap();
    });
}

fn table_until_the_disk_is_full(folder: &Path) {
    let (stored, error) = block_on(async {
        let table = LocalTable::new(&Store::open(folder).unwrap());
        let mut stored = 0;
        loop {
            let rows: Vec<StoredRow> = (stored..stored + 100).map(row).collect();
            match table.put(&rows).await {
                Ok(report) => report.into_result().unwrap(),
                Err(error) => return (stored, error),
            }
            stored += 100;
        }
    });
    assert_eq!(error.kind(), ErrorKind::Exhausted, "{}", error.chain());
    assert!(error.chain().contains("stockflow.redb"), "{}", error.chain());
    println!("stored={stored}");
}

#[test]
fn what_the_lake_took_before_the_disk_was_full_is_there() {
    if let Some(folder) = little_room() {
        return lake_until_the_disk_is_full(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "what_the_lake_took_before_the_disk_was_full_is_there";
    assert_eq!(with_little_room(test, folder.path()), 1);
    let all = objects(folder.path(), days(folder.path()).unwrap()[0]).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].read().unwrap(), "{}\n");
    let left = std::fs::read_dir(folder.path().join("dt=1970-01-01")).unwrap().count();
    assert_eq!(left, 1, "nothing half-written stays behind");
}

fn lake_until_the_disk_is_full(folder: &Path) {
    let lake = Lake::open(folder).unwrap();
    let object = |number: u64, lines: Vec<u8>| {
        let first = Position::new(number.into());
        let name = ObjectName { dt: Timestamp::MIN.date(), shard: "spool-0".into(), first };
        Object { name, lines: lines.into() }
    };
    // Numbers without a pattern, so that compression does not make them small.
    let mut number = 1_u64;
    let mut lines = Vec::new();
    while lines.len() < 8 << 20 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        lines.extend_from_slice(format!("{number}\n").as_bytes());
    }
    block_on(async {
        lake.put(object(1, b"{}\n".to_vec())).await.unwrap();
        for name in [1, 2] {
            let error = lake.put(object(name, lines.clone())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Exhausted, "{}", error.chain());
            assert!(error.chain().contains("dt=1970-01-01"), "{}", error.chain());
        }
    });
    println!("stored=1");
}
