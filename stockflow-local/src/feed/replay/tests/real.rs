use super::*;

fn data(name: &str) -> PathBuf {
    let folder = std::env::var_os("STOCKFLOW_TEST_DATA").expect("STOCKFLOW_TEST_DATA is set");
    Path::new(&folder).join(name)
}

async fn whole(name: &str, rows: usize) -> Vec<Quote> {
    let played = play(open(&[data(name)])).await;
    assert_eq!(played.unreadable, []);
    assert_eq!(played.quotes.len(), rows);
    assert!(are_in_order(&played.quotes));
    played.quotes
}

/// To the millisecond: what is finer are numbers, counted for each symbol.
fn are_in_order(quotes: &[Quote]) -> bool {
    quotes.is_sorted_by_key(|quote| quote.timestamp.as_micros() / 1_000)
}

#[tokio::test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn real_files_are_read_to_the_last_row() {
    let minutes = whole("quotes-minute.csv.gz", 9_357).await;
    assert_eq!(minutes[0].previous_close.to_string(), "48.85");
    whole("quotes-daily.csv.gz", 56_216).await;
    whole("quotes-tick.csv.gz", 538_129).await;
}

#[tokio::test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn no_two_real_ticks_of_a_symbol_share_a_key() {
    let mut keys: Vec<(Symbol, Timestamp)> = whole("quotes-tick.csv.gz", 538_129)
        .await
        .iter()
        .map(|quote| (quote.symbol, quote.timestamp))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 538_129);
}

#[tokio::test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn real_files_merge_in_time_order() {
    let played = play(open(&[data("quotes-tick.csv.gz"), data("quotes-minute.csv.gz")])).await;
    assert_eq!(played.quotes.len(), 538_129 + 9_357);
    assert!(are_in_order(&played.quotes));
}
