//! The store against the table in memory, and through crashes.

use proptest::prelude::*;
use stockflow_core::{
    QuoteHistory as _, QuoteTable as _, RowKey, RowQuery, StoredRow, Symbol, Timestamp,
    memory::MemoryTable,
};

use super::*;
use crate::{LocalTable, samples::row};

/// So small that every way through the code is taken.
const TINY: plan::Limits = plan::Limits { small: 3, run: 4, rows: 24, bytes: 700 };
const SYMBOLS: [&str; 12] = ["A", "AA", "AB", "B", "BA", "C", "D", "DD", "E", "F", "G", "^G"];

fn open_tiny(folder: &Path) -> Store {
    let path = folder.join(Store::FILE_NAME);
    let database = open::builder(1 << 20).create(&path).unwrap();
    open::with_database(database, open::faults(path), TINY).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<StoredRow>),
    PutAbsent(Vec<StoredRow>),
    Newest,
    Reopen,
}

fn any_row() -> impl Strategy<Value = StoredRow> {
    (0..SYMBOLS.len(), 0u64..40, any::<bool>(), 0i64..9).prop_map(
        |(symbol, second, mark, volume)| {
            let mut row = row(SYMBOLS[symbol], second, mark);
            row.row.quote.volume = volume.try_into().unwrap();
            row
        },
    )
}

fn any_step() -> impl Strategy<Value = Step> {
    let rows = || {
        prop_oneof![
            prop::collection::vec(any_row(), 0..4),
            prop::collection::vec(any_row(), 8..24),
            // Wide: few rows of many symbols.
            (0u64..40).prop_map(|second| SYMBOLS.map(|symbol| row(symbol, second, true)).into()),
        ]
    };
    prop_oneof![
        6 => rows().prop_map(Step::Put),
        2 => rows().prop_map(Step::PutAbsent),
        2 => Just(Step::Newest),
        1 => Just(Step::Reopen),
    ]
}

async fn same_answers(store: &Store, memory: &MemoryTable) {
    let table = LocalTable::new(store);
    let symbols: Vec<Symbol> = SYMBOLS.iter().map(|s| s.parse().unwrap()).collect();
    let start = row("A", 0, false).row.quote.timestamp;
    let at = |second| start.saturating_add(std::time::Duration::from_secs(second));
    let mut all = Vec::new();
    for &symbol in &symbols {
        for query in [
            RowQuery::latest(symbol, usize::MAX),
            RowQuery::latest(symbol, 3),
            RowQuery::up_to(symbol, at(20), 5),
            RowQuery::between(symbol, at(10), at(30)),
            RowQuery::between(symbol, at(30), at(10)),
            RowQuery::latest(symbol, 0),
        ] {
            assert_eq!(table.rows(query).await.unwrap(), memory.rows(query).await.unwrap());
        }
        all.extend(memory.rows(RowQuery::latest(symbol, usize::MAX)).await.unwrap());
    }
    let newest = table.newest(&symbols).await.unwrap();
    assert_eq!(newest, memory.newest(&symbols).await.unwrap());
    let keys: Vec<RowKey> = (0..40)
        .flat_map(|second| symbols.iter().map(move |&symbol| (symbol, at(second))))
        .map(|(symbol, timestamp)| RowKey { symbol, timestamp })
        .collect();
    let there = table.contains(&keys).await.unwrap();
    assert_eq!(there, memory.contains(&keys).await.unwrap());
    all.sort_by_key(|row| row.row.key());
    assert_eq!(store.row_count().unwrap(), all.len() as u64);
    assert_eq!(scan(|after| store.scan(after, 7).unwrap()), all);
}

fn scan(page: impl Fn(Option<RowKey>) -> Vec<StoredRow>) -> Vec<StoredRow> {
    let mut rows: Vec<StoredRow> = Vec::new();
    loop {
        let next = page(rows.last().map(|row| row.row.key()));
        if next.is_empty() {
            return rows;
        }
        rows.extend(next);
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_store_answers_as_a_table_in_memory_does_and_after_a_kill_too(
        steps in prop::collection::vec(any_step(), 1..24)
    ) {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let memory = MemoryTable::new();
            let mut store = open_tiny(folder.path());
            for step in steps {
                let table = LocalTable::new(&store);
                match step {
                    Step::Put(rows) => {
                        assert!(table.put(&rows).await.unwrap().is_complete());
                        let _ = memory.put(&rows).await.unwrap();
                    }
                    Step::PutAbsent(rows) => {
                        assert!(table.put_absent(&rows).await.unwrap().is_complete());
                        let _ = memory.put_absent(&rows).await.unwrap();
                    }
                    Step::Newest => {
                        let symbols = SYMBOLS.map(|s| s.parse().unwrap());
                        table.newest(&symbols).await.unwrap();
                    }
                    Step::Reopen => {
                        drop(table);
                        drop(store);
                        store = open_tiny(folder.path());
                    }
                }
            }
            same_answers(&store, &memory).await;
            // A copy of the file as it is while it is open is what a kill leaves.
            let killed = tempfile::tempdir().unwrap();
            let name = Store::FILE_NAME;
            std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
            let reader = LocalReader::open(killed.path()).unwrap();
            let all = scan(|after| store.scan(after, 1_000).unwrap());
            assert_eq!(scan(|after| reader.scan(after, 5).unwrap()), all);
            drop(reader);
            same_answers(&open_tiny(killed.path()), &memory).await;
        });
    }
}

#[test]
fn the_table_passes_the_suite_with_any_limits() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let folders = std::sync::Mutex::new(Vec::new());
    for tiny in [false, true] {
        let harness = || async {
            let folder = tempfile::tempdir().unwrap();
            let opened =
                if tiny { open_tiny(folder.path()) } else { Store::open(folder.path()).unwrap() };
            folders.lock().unwrap().push(folder);
            LocalTable::new(&opened)
        };
        runtime.block_on(stockflow_core::conformance::table::all(&harness)).unwrap();
    }
}

#[test]
fn wide_batches_wait_and_move_to_the_table_in_runs() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = open_tiny(folder.path());
        let table = LocalTable::new(&store);
        let mut most = 0;
        for second in 0..40 {
            let rows: Vec<StoredRow> = SYMBOLS.iter().map(|s| row(s, second, false)).collect();
            let _ = table.put(&rows).await.unwrap();
            let memory = store.inner.memory();
            most = most.max(memory.recent.rows);
            assert!(memory.recent.rows <= TINY.rows);
            assert!(memory.recent.chunks.len() <= 2 * TINY.rows / SYMBOLS.len() + 2);
            let held: usize = memory.recent.chunks.iter().map(|(_, rows)| rows).sum();
            assert_eq!(held, memory.recent.rows);
        }
        assert!(most > SYMBOLS.len(), "rows did wait: {most}");
        assert_eq!(scan(|after| store.scan(after, 100).unwrap()).len(), 40 * SYMBOLS.len());
    });
}

#[test]
fn feed_tells_checkpoints_in_the_order_of_the_puts_until_they_are_acknowledged() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let told = store.watch_feed();
        assert_eq!((*told.borrow(), store.feed(10).unwrap().len()), (0, 0));
        let table = LocalTable::new(&store);
        let _ =
            table.put(&[row("B", 1, false), row("B", 2, true), row("A", 2, true)]).await.unwrap();
        let _ = table.put(&[row("A", 3, false)]).await.unwrap();
        // Put again, as after a crash: it is told again.
        let _ = table.put(&[row("A", 2, true), row("A", 4, true)]).await.unwrap();
        assert_eq!(*told.borrow(), 4);
        let expected = [
            (1, row("B", 2, true)),
            (2, row("A", 2, true)),
            (3, row("A", 2, true)),
            (4, row("A", 4, true)),
        ];
        assert_eq!(store.feed(10).unwrap(), expected);
        assert_eq!(store.feed(3).unwrap(), expected[..3]);
        assert_eq!(store.feed_after(2, 1).unwrap(), expected[2..3]);

        store.ack_feed(1);
        store.ack_feed(0);
        assert_eq!(store.feed(10).unwrap(), expected[1..]);
        drop((table, store));
        store = Store::open(folder.path()).unwrap();
        assert_eq!(store.feed(10).unwrap(), expected[1..], "an end makes it durable");
        store.ack_feed(4);
        store.sync().await.unwrap();
        assert_eq!(store.feed(10).unwrap(), []);
        let _ = LocalTable::new(&store).put(&[row("C", 1, true)]).await.unwrap();
        assert_eq!(store.feed(10).unwrap(), [(5, row("C", 1, true))]);
    });
}

#[test]
fn a_long_feed_is_read_in_pieces_and_cut_off_behind() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let rows: Vec<StoredRow> = (0..5_000).map(|second| row("A", second, true)).collect();
        let _ = LocalTable::new(&store).put(&rows).await.unwrap();
        let mut seen = Vec::new();
        while let Some((last, _)) = seen.last().cloned().or(Some((0, rows[0].clone()))) {
            let piece = store.feed_after(last, 777).unwrap();
            if piece.is_empty() {
                break;
            }
            seen.extend(piece);
            store.ack_feed(last);
            store.sync().await.unwrap();
        }
        assert!(seen.iter().map(|(number, _)| *number).eq(1..=5_000));
        assert!(seen.into_iter().map(|(_, row)| row).eq(rows));
    });
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let error = LocalReader::open(folder.path()).unwrap_err();
        assert_eq!(error.kind(), stockflow_core::ErrorKind::NotFound);
        let store = Store::open(folder.path()).unwrap();
        let _ = LocalTable::new(&store).put(&[row("A", 1, false)]).await.unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert_eq!(error.kind(), stockflow_core::ErrorKind::Denied);
        assert!(error.chain().contains("another process is using it"), "{}", error.chain());
        let reader = LocalReader::open(folder.path()).unwrap();
        let _ = LocalTable::new(&store).put(&[row("A", 2, false)]).await.unwrap();
        let query = RowQuery::latest("A".parse().unwrap(), 9);
        assert_eq!(reader.query(&query).unwrap(), [row("A", 1, false)], "as it was at opening");
        let later = LocalReader::open(folder.path()).unwrap();
        assert_eq!(later.query(&query).unwrap().len(), 2);
    });
}

#[test]
fn a_file_of_a_later_format_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let txn = store.inner.database.begin_write().unwrap();
    txn.open_table(schema::META).unwrap().insert(schema::meta::FORMAT, 7).unwrap();
    txn.commit().unwrap();
    drop(store);
    let errors =
        [Store::open(folder.path()).unwrap_err(), LocalReader::open(folder.path()).unwrap_err()];
    for error in errors {
        assert_eq!(error.kind(), stockflow_core::ErrorKind::Corrupt);
        assert!(error.chain().ends_with("written in format 7, this program reads up to format 1"));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(file.join("data")).unwrap_err();
    assert_eq!(error.kind(), stockflow_core::ErrorKind::Denied);
    assert!(error.chain().contains("file/data"), "{}", error.chain());
    std::fs::write(folder.path().join(Store::FILE_NAME), "this is no database").unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(error.chain().contains(Store::FILE_NAME), "{}", error.chain());
}

#[test]
fn unknown_symbols_have_no_rows() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let table = LocalTable::new(&Store::open(folder.path()).unwrap());
        let symbol: Symbol = "NONE".parse().unwrap();
        assert_eq!(table.newest(&[symbol, symbol]).await.unwrap(), [None, None]);
        assert_eq!(
            table.rows(RowQuery::between(symbol, Timestamp::MIN, Timestamp::MAX)).await.unwrap(),
            []
        );
        assert!(table.put(&[]).await.unwrap().is_complete());
    });
}
