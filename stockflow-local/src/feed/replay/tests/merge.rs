use super::*;

fn prices(quotes: &[Quote]) -> Vec<i64> {
    quotes.iter().map(|quote| quote.price.units() / 100_000_000).collect()
}

#[tokio::test]
async fn files_are_merged_by_time_then_by_their_order_then_by_row() {
    let files = Files::new();
    let first =
        files.write("1", [HEADER, &row("A", 2, 1), &row("A", 2, 2), &row("A", 5, 3)].concat());
    let second =
        files.write("2", [HEADER, &row("B", 1, 4), &row("B", 2, 5), &row("B", 9, 6)].concat());
    let one_way = play(open(&[first.clone(), second.clone()])).await.quotes;
    // The second quote of A got the number 1: it is a microsecond later than both of B and A.
    assert_eq!(prices(&one_way), [4, 1, 5, 2, 3, 6]);
    let other_way = play(open(&[second, first])).await.quotes;
    assert_eq!(prices(&other_way), [4, 5, 1, 2, 3, 6]);
}

#[tokio::test]
async fn rows_out_of_order_keep_the_order_of_their_file() {
    let files = Files::new();
    let late =
        files.write("1", [HEADER, &row("A", 5, 1), &row("A", 3, 2), &row("A", 9, 3)].concat());
    let other = files.write("2", [HEADER, &row("B", 4, 4), &row("B", 7, 5)].concat());
    assert_eq!(prices(&play(open(&[late, other])).await.quotes), [4, 1, 2, 5, 3]);
}

#[tokio::test]
async fn the_same_content_is_read_once_under_any_name() {
    let files = Files::new();
    let text = [HEADER, &row("A", 1, 1), &row("A", 2, 2)].concat();
    let (one, two) = (files.write("1", &text), files.write("2", &text));
    let played = play(open(&[one, two.clone()])).await;
    assert_eq!(prices(&played.quotes), [1, 2]);
    // Nor is it read again, moved elsewhere, with the cursors of the first time.
    let last = played.cursors.last().unwrap();
    let again = play(Replay::open([two], ReplayOptions::default(), last).unwrap()).await;
    assert_eq!(again, Played::default());
}

#[tokio::test]
async fn only_the_chosen_symbols_come_and_others_can_be_had_later() {
    let files = Files::new();
    let rows: String =
        (0..900).map(|n| row(["A", "B", "C"][n as usize % 3], n / 9, n + 1)).collect();
    let path = files.write("1", [HEADER, &rows].concat());
    let choose = |names: &[&str], cursors: &[Cursor]| {
        let symbols = Some(names.iter().map(|name| name.parse().unwrap()).collect());
        Replay::open([&path], ReplayOptions { symbols, batch: 5 }, cursors).unwrap()
    };
    let a = play(choose(&["A", "C", "A"], &[])).await;
    assert_eq!(a.quotes.len(), 600);
    assert!(a.quotes.iter().all(|quote| quote.symbol.as_str() != "B"));
    let cursors = a.cursors.last().unwrap();
    assert!(play(choose(&["C", "A"], cursors)).await.quotes.is_empty(), "the same choice");
    assert_eq!(play(choose(&["B"], cursors)).await.quotes.len(), 300);
    let nobody = play(choose(&["X"], &[])).await;
    assert!(nobody.quotes.is_empty());
    assert!(nobody.cursors.len() > 10, "a batch is bounded even if nothing of it is wanted");
}

#[tokio::test]
async fn going_on_at_any_batch_gives_the_rest() {
    let files = Files::new();
    let many = |symbol: &str, from: u32, step: u32| -> String {
        let rows = (0..60).map(|n| {
            let bad = if n % 13 == 5 { "not a row\n" } else { "" };
            format!("{bad}{}", row(symbol, from + n / 4 * step, n + 1))
        });
        [HEADER.to_owned(), rows.collect()].concat()
    };
    files.write("lake/dt=2013-10-07/a.ndjson.zst", {
        let quotes = play(open(&[files.write("x", many("C", 3, 2))])).await.quotes;
        zstd(&ndjson(&quotes))
    });
    let paths = [
        files.write("1", gzip(many("A", 0, 1).as_bytes())),
        files.write("2", many("B", 2, 3)),
        files.path().join("lake"),
    ];
    for size in [1, 2, 7, 64, 1_000] {
        let open = |cursors: &[Cursor]| {
            let options = ReplayOptions { batch: size, ..ReplayOptions::default() };
            Replay::open(&paths, options, cursors).unwrap()
        };
        let whole = play(open(&[])).await;
        assert_eq!((whole.quotes.len(), whole.unreadable.len()), (180, 10));
        // As a pipeline keeps them: the newest of each feed.
        let mut kept: Vec<Cursor> = Vec::new();
        let (mut quotes, mut unreadable) = (0, 0);
        let mut first = open(&[]);
        while let Some(batch) = first.next_batch().await.unwrap() {
            assert!(batch.quotes.len() <= size && batch.unreadable.len() <= size);
            quotes += batch.quotes.len();
            unreadable += batch.unreadable.len();
            for cursor in batch.cursors {
                kept.retain(|old| old.feed != cursor.feed);
                kept.push(cursor);
            }
            let rest = play(open(&kept)).await;
            assert_eq!(rest.quotes, whole.quotes[quotes..]);
            assert_eq!(rest.unreadable, whole.unreadable[unreadable..]);
        }
        assert_eq!((quotes, unreadable), (180, 10));
    }
}
