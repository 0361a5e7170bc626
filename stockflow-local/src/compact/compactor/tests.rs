//! Every record once for a reader: through every interruption, redelivery and damage.

use std::collections::BTreeMap;

use stockflow_core::{Archive as _, Object, ObjectName, Position, wire};
use tempfile::TempDir;

use super::*;
use crate::{Lake, Spool, SpoolOptions, compact::partition::Lease};

const DAY: &str = "2026-11-23";

struct Data {
    folder: TempDir,
}

impl Data {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    fn day(&self) -> PathBuf {
        self.lake().join(format!("dt={DAY}"))
    }

    /// Archives the records of these numbers as one object named by the first.
    fn put(&self, numbers: impl IntoIterator<Item = u64>) {
        self.put_as("spool-0", numbers);
    }

    /// As [`put`](Self::put), in the name of another shard.
    fn put_as(&self, shard: &str, numbers: impl IntoIterator<Item = u64>) {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        let first = Position::new(numbers[0].into());
        let name = ObjectName { dt: DAY.parse().unwrap(), shard: shard.into(), first };
        let lines: String = numbers.iter().map(|&n| line(n) + "\n").collect();
        let lake = Lake::open(self.lake()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(lake.put(Object { name, lines: lines.into() })).unwrap();
    }

    fn object(&self, first: u64) -> PathBuf {
        self.day().join(format!("spool-0-{first:020}.ndjson.zst"))
    }

    fn compact(&self) -> CompactedDay {
        Compactor::open(self.folder.path()).unwrap().compact(DAY.parse().unwrap()).unwrap()
    }

    /// Compacts, but dies after so many steps; whether it came to its end before.
    fn compact_and_die(&self, mut after: usize) -> bool {
        let compactor = Compactor::open(self.folder.path()).unwrap();
        let outcome = compactor.compact_with(DAY.parse().unwrap(), &mut |step| {
            if after == 0 {
                return Err(Error::new(ErrorKind::Unexpected, "test", step));
            }
            after -= 1;
            Ok(())
        });
        outcome.is_ok()
    }

    /// What a reader sees, with how often.
    fn seen(&self) -> BTreeMap<String, usize> {
        let day = Day::open(&self.lake(), DAY.parse().unwrap()).unwrap();
        let mut lines: Vec<String> = self.compacted().iter().map(text).collect();
        for object in &day.objects {
            for line in object.uncovered().unwrap().split(|b| *b == b'\n').filter(|l| !l.is_empty())
            {
                lines.push(text(&wire::decode(line).unwrap().quote));
            }
        }
        counted(lines)
    }

    fn compacted(&self) -> Vec<stockflow_core::Quote> {
        let day = Day::open(&self.lake(), DAY.parse().unwrap()).unwrap();
        let Some(path) = day.parquet() else { return Vec::new() };
        let mut reader = QuoteReader::open(&path).unwrap();
        std::iter::from_fn(|| reader.next_quote().unwrap()).collect()
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.day()).unwrap();
        let mut names: Vec<String> =
            names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Record number `n`: few symbols and times, so that keys repeat, and every 10th record twice.
fn line(n: u64) -> String {
    let n = if n % 10 == 9 { n - 1 } else { n };
    let second = (n * 7) % 60;
    format!(
        "{{\"symbol\":\"S{}\",\"open\":10,\"high\":10,\"low\":10,\"price\":10.{n},\"previous_close\":10,\"change\":0,\
         \"change_percent\":0,\"volume\":{n},\"timestamp\":\"{DAY}T14:30:{second:02}.000000Z\"}}",
        n % 3
    )
}

fn text(quote: &stockflow_core::Quote) -> String {
    let mut json = Vec::new();
    wire::encode(quote, &mut json);
    String::from_utf8(json).unwrap()
}

fn counted(lines: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

fn expected(numbers: impl IntoIterator<Item = u64>) -> BTreeMap<String, usize> {
    let quotes = numbers.into_iter().map(|n| wire::decode(line(n).as_bytes()).unwrap().quote);
    counted(quotes.map(|quote| text(&quote)).collect())
}

#[test]
fn a_day_becomes_one_sorted_file_and_compacting_again_changes_nothing() {
    let data = Data::new();
    for start in [0, 20, 40] {
        data.put(start..start + 20);
    }
    let report = data.compact();
    assert_eq!((report.rows, report.taken, report.kept), (60, 3, false));
    let quotes = data.compacted();
    assert!(quotes.is_sorted_by_key(crate::compact::merge::key));
    assert_eq!(data.seen(), expected(0..60));
    let files = data.files();
    assert_eq!(files.len(), 2, "{files:?}");
    let again = data.compact();
    assert_eq!((again.rows, again.taken, data.files()), (60, 0, files));
}

#[test]
fn killed_after_any_step_no_record_is_lost_or_doubled() {
    for later in [false, true] {
        for after in 0.. {
            let data = Data::new();
            data.put(0..20);
            data.put(20..40);
            if later {
                data.compact();
                data.put(40..55);
                data.put(55..60);
            }
            let all = expected(0..if later { 60 } else { 40 });
            let ended = data.compact_and_die(after);
            assert_eq!(data.seen(), all, "killed after {after} steps");
            // Dies once more, at another place.
            data.compact_and_die(after / 2);
            assert_eq!(data.seen(), all, "killed after {after} steps, and again");
            data.compact();
            assert_eq!(data.seen(), all);
            assert_eq!(data.files().len(), 2, "{:?}", data.files());
            if ended {
                assert!(after >= 8, "only {after} steps");
                break;
            }
        }
    }
}

#[test]
fn files_stay_while_somebody_reads() {
    let data = Data::new();
    data.put(0..20);
    let lease = Lease::new(&data.lake());
    assert!(data.compact().kept);
    assert!(data.object(0).exists());
    assert_eq!(data.seen(), expected(0..20));
    drop(lease);
    let report = data.compact();
    assert_eq!((report.kept, report.taken, report.rows), (false, 0, 20));
    assert!(!data.object(0).exists());
}

#[test]
fn what_was_appended_to_a_covered_object_counts_once() {
    let data = Data::new();
    data.put(0..20);
    let lease = Lease::new(&data.lake());
    data.compact();
    data.put(0..30);
    assert_eq!(data.seen(), expected(0..30));
    drop(lease);
    assert_eq!(data.compact().rows, 30);
    assert_eq!(data.seen(), expected(0..30));
}

#[test]
fn a_covered_name_that_is_given_to_other_records_loses_none() {
    let data = Data::new();
    data.put(0..20);
    let lease = Lease::new(&data.lake());
    data.compact();
    data.put([0, 70, 71]);
    drop(lease);
    let all = expected((0..20).chain([0, 70, 71]));
    assert_eq!(data.seen(), all);
    data.compact();
    assert_eq!(data.seen(), all);
}

#[test]
fn what_is_delivered_again_after_its_compaction_counts_once() {
    let cuts: [&[(u64, u64)]; 4] =
        [&[(0, 20)], &[(0, 12)], &[(0, 12), (12, 45)], &[(5, 20), (20, 40)]];
    for cut in cuts {
        let data = Data::new();
        data.put(0..20);
        data.put(20..40);
        data.compact();
        let end = cut.iter().map(|(_, end)| *end).max().unwrap().max(40);
        for &(from, to) in cut {
            data.put(from..to);
            assert_eq!(data.seen(), expected(0..40), "not before they were compared: {cut:?}");
        }
        data.compact();
        assert_eq!(data.seen(), expected(0..end), "{cut:?}");
        assert_eq!(data.files().len(), 2);
    }
}

#[test]
fn what_the_pipeline_may_still_write_is_left_alone() {
    let data = Data::new();
    let spool = Spool::open(data.folder.path().join("spool"), SpoolOptions::default()).unwrap();
    let now = stockflow_core::Timestamp::MIN;
    spool.writer().append((1..40).map(|n| (now, line(n))), &[]).unwrap();
    let mut reader = spool.reader();
    let batch = reader.read(19, 1 << 20).unwrap();
    let shard = batch.shard.clone();
    data.put_as(&shard, 1..20);
    data.put_as(&shard, 20..40);
    let report = data.compact();
    assert_eq!((report.taken, report.open), (0, 2), "nothing is acknowledged");
    reader.ack(&batch.records.last().unwrap().position).unwrap();
    let report = data.compact();
    assert_eq!((report.taken, report.open, report.rows), (1, 1, 19));
    // Delivered again in another batch, as a pipeline does that was killed.
    data.put_as(&shard, 20..30);
    data.put_as(&shard, 30..40);
    let batch = reader.read(100, 1 << 20).unwrap();
    reader.ack(&batch.records.last().unwrap().position).unwrap();
    assert_eq!(data.compact().rows, 39);
    assert_eq!(data.seen(), expected(1..40));
}

#[test]
fn what_an_earlier_spool_left_is_final() {
    let data = Data::new();
    data.put_as("spool-20251123T143000Z-5eed5eed", 1..20);
    let spool = Spool::open(data.folder.path().join("spool"), SpoolOptions::default()).unwrap();
    spool.writer().append([(stockflow_core::Timestamp::MIN, line(1))], &[]).unwrap();
    let report = data.compact();
    assert_eq!((report.taken, report.open), (1, 0));
}

#[test]
fn a_damaged_object_is_told_and_costs_no_other() {
    let data = Data::new();
    data.put(0..20);
    data.put(20..40);
    data.put(40..60);
    let whole = fs::read(data.object(20)).unwrap();
    for damage in [&whole[..whole.len() / 2], b"", b"no object"] {
        fs::write(data.object(20), damage).unwrap();
        let report = data.compact();
        assert_eq!((report.damaged.len(), report.rows), (1, 40));
        assert!(report.damaged[0].chain().contains("spool-0-00000000000000000020"));
        assert!(data.object(20).exists());
    }
    fs::write(data.object(20), whole).unwrap();
    assert_eq!(data.compact().rows, 60);
    assert_eq!(data.seen(), expected(0..60));
}

#[test]
fn a_damaged_parquet_file_is_told_and_nothing_is_deleted_for_it() {
    let data = Data::new();
    data.put(0..20);
    data.compact();
    data.put(20..40);
    let path = Day::open(&data.lake(), DAY.parse().unwrap()).unwrap().parquet().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let compactor = Compactor::open(data.folder.path()).unwrap();
    let error = compactor.compact(DAY.parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.chain().contains("compacted-"), "{}", error.chain());
    assert!(data.object(20).exists());
}

#[test]
fn prices_keep_every_digit() {
    let data = Data::new();
    let precise = line(1).replace("\"open\":10,", "\"open\":987654321.12345678,");
    let name = ObjectName {
        dt: DAY.parse().unwrap(),
        shard: "spool-0".into(),
        first: Position::new(1.into()),
    };
    let lake = Lake::open(data.lake()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lines = format!("{precise}\n{}\n", line(2));
    runtime.block_on(lake.put(Object { name, lines: lines.into() })).unwrap();
    data.compact();
    let opens: Vec<String> = data.compacted().iter().map(|quote| quote.open.to_string()).collect();
    assert!(
        opens.contains(&"987654321.12345678".to_owned()) && opens.contains(&"10".to_owned()),
        "{opens:?}"
    );
}

#[test]
fn a_folder_without_a_lake_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Compactor::open(folder.path()).unwrap_err().kind(), ErrorKind::NotFound);
}
