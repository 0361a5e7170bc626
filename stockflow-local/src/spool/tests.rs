//! The spool through ends, kills and damage.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use stockflow_core::{ErrorKind, Timestamp};
use tempfile::TempDir;

use super::*;

fn small() -> SpoolOptions {
    SpoolOptions::new(4096, 1 << 20).unwrap()
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder, small()).unwrap()
}

fn cursor(feed: &str, offset: u64) -> Cursor {
    Cursor { feed: feed.into(), offset: offset.to_string() }
}

fn at(micros: u64) -> Timestamp {
    Timestamp::MIN.saturating_add(Duration::from_micros(micros))
}

/// Appends `count` records; each says its sequence number.
fn append(spool: &Spool, count: u64, cursors: &[Cursor]) -> u64 {
    let mut writer = spool.writer();
    let first = writer.last() + 1;
    let records = (first..first + count).map(|n| (at(n), text(n)));
    assert_eq!(writer.append(records, cursors).unwrap(), first + count - 1);
    first + count - 1
}

fn text(number: u64) -> String {
    format!("record {number} {}", "x".repeat(number as usize % 50))
}

/// Everything that can be read, each checked.
fn read_all(reader: &mut SpoolReader) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let batch = reader.read(7, 300).unwrap();
        if batch.records.is_empty() {
            return numbers;
        }
        for record in batch.records {
            let number = record.position.sequence.as_u64().unwrap();
            assert_eq!(record.data, text(number));
            assert_eq!(record.arrival, at(number));
            numbers.push(number);
        }
    }
}

/// The folder as a kill would leave it now.
fn killed(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some()).collect();
    paths.sort();
    paths
}

fn ack(reader: &mut SpoolReader, sequence: u64) {
    reader.ack(&stockflow_core::Position::new(sequence.into())).unwrap();
}

#[test]
fn what_is_appended_is_read_once_acknowledged_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 3, &[cursor("a", 3)]);
    append(&spool, 1, &[]);
    let mut reader = spool.reader();
    assert_eq!(read_all(&mut reader), [1, 2, 3, 4]);
    ack(&mut reader, 2);
    reader.rewind();
    assert_eq!(read_all(&mut reader), [3, 4]);
    drop((spool, reader));
    let spool = open(folder.path());
    assert_eq!((spool.cursors(), spool.damages()), (vec![cursor("a", 3)], &[][..]));
    let mut reader = spool.reader();
    assert_eq!(read_all(&mut reader), [3, 4]);
    ack(&mut reader, 4);
    ack(&mut reader, 1);
    ack(&mut reader, 99);
    assert_eq!(append(&spool, 1, &[]), 5);
    assert_eq!(read_all(&mut spool.reader()), [5]);
}

#[test]
fn segments_go_when_they_are_acknowledged_and_cursors_stay() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let many: Vec<Cursor> =
        (0..200).map(|n| cursor(&format!("a long name of feed {n}"), n)).collect();
    append(&spool, 1, &many);
    for n in 0..100 {
        append(&spool, 10, &[cursor("live", n)]);
    }
    assert!(segments(folder.path()).len() > 5);
    let waiting = spool.writer().waiting_bytes();
    let mut reader = spool.reader();
    assert_eq!(read_all(&mut reader).len(), 1001);
    ack(&mut reader, 1000);
    assert!(spool.writer().waiting_bytes() < waiting / 10);
    assert_eq!(segments(folder.path()).len(), 1);
    ack(&mut reader, 1001);
    assert_eq!(spool.writer().waiting_bytes(), 0);
    drop((spool, reader));
    let spool = open(folder.path());
    let mut expected = many;
    expected.push(cursor("live", 99));
    expected.sort_by(|a, b| a.feed.cmp(&b.feed));
    assert_eq!(spool.cursors(), expected);
    assert_eq!(append(&spool, 1, &[]), 1002);
}

#[test]
fn cursors_alone_take_up_no_room_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for n in 0..300 {
        append(&spool, 0, &[cursor("quiet feed", n)]);
    }
    assert_eq!(spool.writer().waiting_bytes(), 0);
    assert_eq!(segments(folder.path()).len(), 1);
    drop(spool);
    assert_eq!(open(folder.path()).cursors(), [cursor("quiet feed", 299)]);
}

#[test]
fn a_full_spool_refuses_until_something_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), SpoolOptions::new(4096, 8192).unwrap()).unwrap();
    let error = loop {
        let mut writer = spool.writer();
        let next = writer.last() + 1;
        match writer.append([(at(next), text(next))], &[cursor("a", next)]) {
            Ok(last) => assert_eq!(last, next),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.chain().contains("would pass the bound of 8192"), "{}", error.chain());
    let last = spool.writer().last();
    assert_eq!(spool.cursors(), [cursor("a", last)], "not that of the refused append");
    let mut reader = spool.reader();
    assert_eq!(read_all(&mut reader).len() as u64, last);
    ack(&mut reader, last);
    append(&spool, 1, &[]);
}

#[test]
fn an_append_cut_anywhere_by_a_kill_is_there_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 5, &[cursor("a", 5)]);
    let before = fs::read(&segments(folder.path())[0]).unwrap().len();
    // Larger than a block, so that there is more than one.
    let big = "y".repeat(150_000);
    let records = [(at(6), &big), (at(7), &big), (at(8), &big)];
    spool.writer().append(records, &[cursor("a", 8), cursor("b", 1)]).unwrap();
    let whole = fs::read(&segments(folder.path())[0]).unwrap();
    let blocks: Vec<usize> =
        (before..whole.len()).filter(|at| Header::read(&whole[*at..]).is_some()).collect();
    assert_eq!(blocks.len(), 3);
    let copy = killed(folder.path());
    let file = &segments(copy.path())[0];
    let near = |cut: usize| blocks.iter().chain([&whole.len()]).any(|at| cut.abs_diff(*at) < 60);
    for cut in (before..whole.len()).filter(|cut| near(*cut) || cut % 4099 == 0) {
        fs::write(file, &whole[..cut]).unwrap();
        let spool = open(copy.path());
        assert_eq!(spool.damages(), [], "cut at {cut}");
        assert_eq!(read_all(&mut spool.reader()), [1, 2, 3, 4, 5]);
        assert_eq!(spool.cursors(), [cursor("a", 5)]);
        assert_eq!(append(&spool, 1, &[]), 6);
        assert_eq!(read_all(&mut spool.reader()), [1, 2, 3, 4, 5, 6]);
        drop(spool);
        fs::remove_file(copy.path().join(position::FILE_NAME)).unwrap();
    }
}

#[test]
fn a_small_append_cut_at_any_byte_is_not_there_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 5, &[cursor("a", 5)]);
    let before = fs::read(&segments(folder.path())[0]).unwrap().len();
    append(&spool, 3, &[cursor("a", 8)]);
    let whole = fs::read(&segments(folder.path())[0]).unwrap();
    for cut in before..whole.len() {
        let copy = killed(folder.path());
        fs::write(&segments(copy.path())[0], &whole[..cut]).unwrap();
        let spool = open(copy.path());
        assert_eq!(spool.damages(), [], "cut at {cut} of {before} to {}", whole.len());
        assert_eq!(spool.cursors(), [cursor("a", 5)]);
        assert_eq!(append(&spool, 1, &[]), 6);
        assert_eq!(read_all(&mut spool.reader()), [1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_damaged_last_append_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 5, &[cursor("a", 5)]);
    let before = fs::read(&segments(folder.path())[0]).unwrap().len();
    let big = "y".repeat(150_000);
    let records = [(at(6), &big), (at(7), &big), (at(8), &big)];
    spool.writer().append(records, &[cursor("a", 8)]).unwrap();
    let copy = killed(folder.path());
    let file = &segments(copy.path())[0];
    let mut bytes = fs::read(file).unwrap();
    // In the second of its three blocks; the first, which has the cursor, and the last are sound.
    bytes[before + 200_000] ^= 1;
    fs::write(file, bytes).unwrap();
    let spool = open(copy.path());
    assert_eq!(spool.damages().len(), 1);
    assert_eq!(spool.damages()[0].lost, 7..8);
    let batch = spool.reader().read(100, usize::MAX).unwrap();
    let read: Vec<_> = batch.records.iter().filter_map(|r| r.position.sequence.as_u64()).collect();
    assert_eq!(read, [1, 2, 3, 4, 5, 6, 8]);
    assert_eq!(spool.cursors(), [cursor("a", 5)], "what is lost is read from the feed again");
}

#[test]
fn an_end_that_was_durable_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 5, &[]);
    append(&spool, 5, &[]);
    drop(spool);
    let file = &segments(folder.path())[0];
    let whole = fs::read(file).unwrap();
    for cut in [whole.len() - 1, whole.len() / 2, 10, 0] {
        let copy = killed(folder.path());
        let file = &segments(copy.path())[0];
        fs::write(file, &whole[..cut]).unwrap();
        let spool = open(copy.path());
        let read = read_all(&mut spool.reader());
        let lost = &spool.damages().last().unwrap().lost;
        assert_eq!(lost.start, read.len() as u64 + 1);
        assert!(lost.contains(&10), "{lost:?}");
        let next = append(&spool, 1, &[]);
        assert!(next > 10, "{next} is not one that was given before");
        assert_eq!(read_all(&mut spool.reader()).last(), Some(&next));
    }
}

#[test]
fn of_a_durable_append_that_was_cut_the_sound_blocks_stay() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let big = "y".repeat(150_000);
    spool.writer().append([(at(1), &big), (at(2), &big), (at(3), &big)], &[]).unwrap();
    drop(spool);
    let file = &segments(folder.path())[0];
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() - 1]).unwrap();
    let spool = open(folder.path());
    assert_eq!(spool.damages()[0].lost, 3..4);
    assert_eq!(spool.reader().read(100, usize::MAX).unwrap().records.len(), 2);
}

#[test]
fn a_second_process_is_refused_and_a_folder_that_is_none_too() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let error = Spool::open(folder.path(), small()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.chain().contains("another process is using it"), "{}", error.chain());
    drop(spool);
    open(folder.path());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Spool::open(&file, small()).unwrap_err();
    assert!(error.chain().contains(&file.display().to_string()), "{}", error.chain());
    let error = Spool::open(file.join("spool"), small()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(SpoolOptions::new(1, 1 << 20).is_err() && SpoolOptions::new(4096, 8191).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_the_file_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 100, &[cursor("a", 100)]);
    let full = folder.path().join("00000001.spool");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let error = spool.writer().append([(at(101), text(101))], &[cursor("a", 101)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.chain().contains("00000001.spool"), "{}", error.chain());
    assert_eq!(spool.cursors(), [cursor("a", 100)]);
    // The link is gone with the failed segment: there is room again.
    assert_eq!(append(&spool, 1, &[]), 101);
    assert_eq!(read_all(&mut spool.reader()).len(), 101);
    drop(spool);
    assert_eq!(read_all(&mut open(folder.path()).reader()).len(), 101);
}

#[test]
fn a_record_that_is_too_large_is_refused_and_an_empty_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let large = vec![0; block::MOST_DATA + 1];
    let error = spool.writer().append([(at(1), large)], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(spool.writer().append([(at(1), "")], &[]).unwrap(), 1);
    let none: [(Timestamp, &str); 0] = [];
    assert_eq!(spool.writer().append(none, &[]).unwrap(), 1);
    let batch = spool.reader().read(usize::MAX, 0).unwrap();
    assert_eq!((batch.records.len(), batch.records[0].data.len()), (1, 0));
}

#[test]
fn a_shard_is_named_by_a_spool_and_not_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let shard = || open(folder.path()).reader().read(1, 1).unwrap().shard;
    let first = shard();
    assert!(first.starts_with("spool-"), "{first}");
    assert_eq!(shard(), first);
    fs::write(folder.path().join(identity::FILE_NAME), "torn").unwrap();
    let spool = open(folder.path());
    assert_eq!(spool.damages().len(), 1);
    assert!(spool.damages()[0].file.ends_with(identity::FILE_NAME));
    drop(spool);
    assert_ne!(shard(), first);
    fs::remove_dir_all(folder.path()).unwrap();
    assert_ne!(shard(), first);
}

#[test]
fn a_reader_on_another_thread_sees_all_in_order_while_segments_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let mut reader = spool.reader();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut seen = Vec::new();
        while seen.len() < 2_000 {
            runtime.block_on(reader.ready());
            let batch = reader.read(50, usize::MAX).unwrap();
            assert!(!batch.records.is_empty(), "ready and nothing there");
            let numbers = batch.records.iter().filter_map(|r| r.position.sequence.as_u64());
            seen.extend(numbers);
            reader.ack(&batch.records.last().unwrap().position).unwrap();
        }
        seen
    });
    for _ in 0..200 {
        append(&spool, 10, &[]);
    }
    assert!(thread.join().unwrap().into_iter().eq(1..=2_000));
    assert_eq!(segments(folder.path()).len(), 1);
}

/// Three segments of several appends, by bytes.
fn written() -> (TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let mut last = 0;
    while segments(folder.path()).len() < 3 {
        last = append(&spool, 9, &[cursor("a", last + 9)]);
    }
    append(&spool, 9, &[cursor("a", last + 9)]);
    let mut reader = spool.reader();
    read_all(&mut reader);
    ack(&mut reader, 5);
    let copy = killed(folder.path());
    (copy, last + 9)
}

/// Whatever is damaged: each record is read as it was, or told as lost, and the spool goes on.
fn read_or_told(folder: &Path, last: u64) {
    let spool = open(folder);
    let mut reader = spool.reader();
    let read = read_all(&mut reader);
    assert!(read.is_sorted_by(|a, b| a < b));
    assert_eq!(reader.damages(), [], "all was told at opening");
    let lost: Vec<_> = spool.damages().iter().map(|damage| damage.lost.clone()).collect();
    let mut missing = (6..=last).filter(|number| !read.contains(number));
    assert!(missing.all(|number| lost.iter().any(|lost| lost.contains(&number))), "{lost:?}");
    for damage in spool.damages() {
        assert_eq!(damage.to_error().kind(), ErrorKind::Corrupt);
        assert!(damage.to_error().chain().contains("lost"), "{damage}");
    }
    let next = append(&spool, 3, &[cursor("b", 1)]);
    assert!(next > last);
    assert!(read_all(&mut spool.reader()).ends_with(&[next - 2, next - 1, next]));
    drop((spool, reader));
    let spool = open(folder);
    let again = read_all(&mut spool.reader());
    assert!(again.starts_with(&read) && again.ends_with(&[next]), "as before after an end");
    assert!(spool.cursors().contains(&cursor("b", 1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn flipped_and_cut_files_lose_only_what_is_told(
        damages in prop::collection::vec(
            (0usize..3, any::<prop::sample::Index>(), 0u8..8, any::<bool>(), 1usize..40), 1..4),
    ) {
        static WRITTEN: std::sync::OnceLock<(TempDir, u64)> = std::sync::OnceLock::new();
        let (folder, last) = WRITTEN.get_or_init(written);
        let copy = killed(folder.path());
        let files = segments(copy.path());
        for (file, at, bit, cut, length) in damages {
            let mut bytes = fs::read(&files[file]).unwrap();
            if bytes.is_empty() {
                continue;
            }
            let at = at.index(bytes.len());
            if cut && file < 2 {
                bytes.truncate(at);
            } else if bit == 0 {
                let end = bytes.len().min(at + length);
                bytes[at..end].fill(0);
            } else {
                bytes[at] ^= 1 << bit;
            }
            fs::write(&files[file], bytes).unwrap();
        }
        read_or_told(copy.path(), *last);
    }

    #[test]
    fn a_spool_is_what_was_appended_less_what_was_acknowledged(
        steps in prop::collection::vec((0u8..6, 1u64..40), 1..40),
    ) {
        let mut folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let mut reader = spool.reader();
        let (mut last, mut acked, mut seen) = (0, 0, 0);
        let mut cursors = BTreeMap::new();
        for (step, number) in steps {
            match step {
                0 | 1 => {
                    let noted = cursor(["a", "b"][number as usize % 2], last + number);
                    last = append(&spool, number, std::slice::from_ref(&noted));
                    cursors.insert(noted.feed, noted.offset);
                }
                2 => {
                    let batch = reader.read(number as usize, usize::MAX).unwrap();
                    for record in batch.records {
                        seen += 1;
                        prop_assert_eq!(record.position.sequence.as_u64(), Some(seen));
                    }
                }
                3 => {
                    acked = seen.max(acked).min(acked + number);
                    ack(&mut reader, acked);
                }
                _ => {
                    let copy = killed(folder.path());
                    if step == 4 {
                        drop(spool);
                        spool = open(copy.path());
                        folder = copy;
                    } else {
                        drop((spool, reader));
                        spool = open(folder.path());
                    }
                    reader = spool.reader();
                    seen = acked;
                    prop_assert_eq!(spool.damages(), &[]);
                }
            }
            let noted: BTreeMap<_, _> =
                spool.cursors().into_iter().map(|cursor| (cursor.feed, cursor.offset)).collect();
            prop_assert_eq!(&noted, &cursors);
            prop_assert_eq!(spool.writer().last(), last);
        }
        prop_assert_eq!(read_all(&mut spool.reader()), (acked + 1..=last).collect::<Vec<_>>());
    }
}

use super::block::Header;
