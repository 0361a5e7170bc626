//! The lake against the suite, through crashes and damage.

use proptest::prelude::*;
use stockflow_core::{
    ErrorKind,
    conformance::{self, Probe},
};

use super::*;

fn object(day: &str, number: u64, lines: &str) -> Object {
    let first = Position::new(number.into());
    let name = ObjectName { dt: day.parse().unwrap(), shard: "spool-0".into(), first };
    Object { name, lines: lines.to_owned().into() }
}

fn read_all(root: &Path) -> Vec<Result<Object>> {
    let days = days(root).unwrap().into_iter();
    days.flat_map(|day| objects(root, day).unwrap())
        .map(|object| Ok(Object { lines: object.read()?, name: object.name().unwrap() }))
        .collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lake_passes_the_suite() {
    let harness = || async {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path()).unwrap();
        let folder = Arc::new(folder);
        Probe::new(lake, move || {
            let folder = Arc::clone(&folder);
            async move { read_all(folder.path()).into_iter().collect() }
        })
    };
    conformance::archive::all(&harness).await.unwrap();
}

#[test]
fn unfinished_objects_are_not_listed_and_go_when_the_lake_is_opened() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path()).unwrap();
        let kept = object("2026-11-23", 1, "{}\n");
        lake.put(kept.clone()).await.unwrap();
        let day = folder.path().join("dt=2026-11-23");
        let left = day.join(format!("spool-0-2.7{UNFINISHED}"));
        let of_others = [day.join("part-0.parquet"), day.join("part-1.parquet.tmp")];
        for path in of_others.iter().chain([&left]) {
            fs::write(path, "half").unwrap();
        }
        fs::create_dir(folder.path().join("dt=someday")).unwrap();
        assert_eq!(
            read_all(folder.path()).into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            [kept]
        );
        Lake::open(folder.path()).unwrap();
        assert!(!left.exists() && of_others.iter().all(|path| path.exists()));
    });
}

#[test]
fn a_damaged_object_is_told_with_its_path_and_costs_no_other() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path()).unwrap();
        let lines: String = (0..2_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let all = [1, 2, 3].map(|n| object("2026-11-23", n, &lines));
        for object in &all {
            lake.put(object.clone()).await.unwrap();
        }
        let hit = &objects(folder.path(), "2026-11-23".parse().unwrap()).unwrap()[1];
        let whole = fs::read(hit.path()).unwrap();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let damage = (any::<prop::sample::Index>(), 0u8..8, any::<bool>());
        let check = |(at, bit, cut): (prop::sample::Index, u8, bool)| {
            let at = at.index(whole.len());
            let mut bytes = whole.clone();
            if cut {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << bit
            }
            fs::write(hit.path(), bytes).unwrap();
            let found = read_all(folder.path());
            assert!(found[0].as_ref().is_ok_and(|object| *object == all[0]));
            assert!(found[2].as_ref().is_ok_and(|object| *object == all[2]));
            match &found[1] {
                // A bit that means nothing to a reader.
                Ok(object) => assert!(*object == all[1] && !cut),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Corrupt);
                    let path = hit.path().display().to_string();
                    assert!(error.chain().contains(&path), "{}", error.chain());
                }
            }
            Ok(())
        };
        runner.run(&damage, check).unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_object_as_it_was() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path()).unwrap();
        let before = object("2026-11-23", 1, "{}\n");
        lake.put(before.clone()).await.unwrap();
        let name = before.name.to_stem();
        let next = folder.path().join(format!("dt=2026-11-23/{name}.1{UNFINISHED}"));
        std::os::unix::fs::symlink("/dev/full", next).unwrap();
        let error = lake.put(object("2026-11-23", 1, "{\"n\":2}\n")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exhausted);
        assert!(error.chain().contains("dt=2026-11-23"), "{}", error.chain());
        assert_eq!(read_all(folder.path()).pop().unwrap().unwrap(), before);
        let after = object("2026-11-23", 1, "{\"n\":3}\n");
        lake.put(after.clone()).await.unwrap();
        assert_eq!(read_all(folder.path()).pop().unwrap().unwrap(), after);
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for root in [file.clone(), file.join("lake")] {
            let error = Lake::open(&root).unwrap_err();
            assert!(error.chain().contains(&root.display().to_string()), "{}", error.chain());
        }
        let lake = Lake::open(folder.path()).unwrap();
        fs::write(folder.path().join("dt=2026-11-23"), "in the way").unwrap();
        let error = lake.put(object("2026-11-23", 1, "{}\n")).await.unwrap_err();
        assert!(error.chain().contains("dt=2026-11-23"), "{}", error.chain());
        assert_eq!(days("/nowhere").unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn what_a_feed_could_not_read_is_kept_once() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Lake::open(folder.path()).unwrap();
        let item = |line: u64| Unreadable {
            origin: format!("a.csv:{line}"),
            reason: "price is missing".into(),
            data: "AAPL,,".into(),
        };
        let now: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
        for _ in 0..2 {
            quarantine.put_unreadable(&[item(3), item(9)], now).await.unwrap();
        }
        quarantine.put_unreadable(&[item(4)], now).await.unwrap();
        quarantine.put_unreadable(&[], now).await.unwrap();
        let found: Vec<Object> = read_all(folder.path()).into_iter().map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        let lines: usize =
            found.iter().map(|o| o.lines.iter().filter(|b| **b == b'\n').count()).sum();
        assert_eq!(lines, 3);
    });
}
