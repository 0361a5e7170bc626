//! Reading rows: [`QuoteHistory`](crate::QuoteHistory). The rows are put by the table that is read.

use super::{
    Harness, Outcome,
    samples::{self, SYMBOLS, at, row, symbol},
};
use crate::{QuoteHistory as _, QuoteTable, RowQuery, StoredRow, Symbol, Timestamp};

/// Every behaviour of this module.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<H: Harness<Backend: QuoteTable>>(harness: &H) -> Outcome {
    run!(harness:
        rows_come_back_as_they_were_put,
        rows_come_in_the_order_of_market_time,
        a_limit_keeps_the_newest,
        bounds_are_exclusive_below_and_inclusive_above,
        symbols_are_kept_apart,
        a_symbol_without_rows_is_empty,
        all_of_a_long_history_is_read,
    )
}

pub(super) async fn put<T: QuoteTable>(table: &T, rows: &[StoredRow]) -> Outcome {
    Ok(table.put(rows).await?.into_result()?)
}

/// Every row of `symbol`.
pub(super) const fn everything(symbol: Symbol) -> RowQuery {
    RowQuery { symbol, up_to: Timestamp::MAX, after: None, limit: None }
}

async fn seconds<T: QuoteTable>(table: &T, query: RowQuery) -> Result<Vec<u64>, super::Violation> {
    let rows = table.rows(query).await?;
    Ok(rows.iter().map(|row| row.row.quote.timestamp.since(at(0)).as_secs()).collect())
}

/// Every field is as it was: flags, findings to the last bit, marks, the ends of every range.
pub async fn rows_come_back_as_they_were_put<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let table = h.fresh().await;
    let rows = samples::extreme_rows(symbol("AAPL"));
    put(&table, &rows).await?;
    let found = table.rows(everything(symbol("AAPL"))).await?;
    ensure_eq!(found, rows, "rows of one symbol");
    Ok(())
}

/// Late rows too, whatever the order of writing.
pub async fn rows_come_in_the_order_of_market_time<H: Harness<Backend: QuoteTable>>(
    h: &H,
) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    put(&table, &[row(a, 50), row(a, 10), row(a, 30)]).await?;
    put(&table, &[samples::late(a, 20), row(a, 60), row(a, 5)]).await?;
    table.put_absent(&[samples::late(a, 40)]).await?.into_result()?;
    ensure_eq!(seconds(&table, everything(a)).await?, [5, 10, 20, 30, 40, 50, 60], "times");
    Ok(())
}

/// Counted from the upper bound, and given in ascending order all the same.
pub async fn a_limit_keeps_the_newest<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    put(&table, &(0..10).map(|n| row(a, n)).collect::<Vec<_>>()).await?;
    let cases: [(RowQuery, &[u64]); 6] = [
        (RowQuery::latest(a, 3), &[7, 8, 9]),
        (RowQuery::latest(a, 100), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (RowQuery::latest(a, 0), &[]),
        (RowQuery::up_to(a, at(4), 2), &[3, 4]),
        (RowQuery { limit: Some(2), ..RowQuery::between(a, at(3), at(7)) }, &[6, 7]),
        (RowQuery { limit: Some(20), ..RowQuery::between(a, at(3), at(7)) }, &[4, 5, 6, 7]),
    ];
    for (query, expected) in cases {
        ensure_eq!(seconds(&table, query).await?, expected, "{query:?}");
    }
    Ok(())
}

/// Also between two rows, beyond both ends, and where the bounds cross.
pub async fn bounds_are_exclusive_below_and_inclusive_above<H: Harness<Backend: QuoteTable>>(
    h: &H,
) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    put(&table, &[row(a, 10), row(a, 20), row(a, 30)]).await?;
    let cases: [(u64, u64, &[u64]); 8] = [
        (10, 30, &[20, 30]),
        (9, 30, &[10, 20, 30]),
        (10, 29, &[20]),
        (11, 19, &[]),
        (20, 20, &[]),
        (30, 10, &[]),
        (0, 5, &[]),
        (30, 99, &[]),
    ];
    for (after, up_to, expected) in cases {
        let found = seconds(&table, RowQuery::between(a, at(after), at(up_to))).await?;
        ensure_eq!(found, expected, "after {after} s up to {up_to} s");
    }
    let all = RowQuery::between(a, Timestamp::MIN, Timestamp::MAX);
    ensure_eq!(seconds(&table, all).await?, [10, 20, 30], "from the first to the last moment");
    Ok(())
}

/// Also where one is the beginning of another, or has characters that mean something elsewhere.
pub async fn symbols_are_kept_apart<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let table = h.fresh().await;
    let rows: Vec<StoredRow> = (0..)
        .zip(SYMBOLS)
        .flat_map(|(n, s)| [row(symbol(s), n), row(symbol(s), n + 100)])
        .collect();
    put(&table, &rows).await?;
    for (n, text) in SYMBOLS.iter().enumerate() {
        let found = table.rows(everything(symbol(text))).await?;
        ensure_eq!(found, &rows[2 * n..2 * n + 2], "rows of {text}");
    }
    Ok(())
}

/// It is no error.
pub async fn a_symbol_without_rows_is_empty<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let table = h.fresh().await;
    ensure_eq!(table.rows(everything(symbol("A"))).await?, [], "rows of an empty table");
    put(&table, &[row(symbol("AA"), 1)]).await?;
    ensure_eq!(table.rows(RowQuery::latest(symbol("A"), 5)).await?, [], "rows of another symbol");
    Ok(())
}

/// A backend that reads in pages reads all of them, and one that writes in parts writes all of them.
pub async fn all_of_a_long_history_is_read<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    // Findings make the rows long: more than 1 MB in all, a page of the stores that have pages.
    let template = samples::extreme_rows(a).remove(0);
    let long = |n| {
        let mut long = template.clone();
        long.row.quote.timestamp = at(n);
        long
    };
    let rows: Vec<StoredRow> = (0..3_000).map(long).collect();
    put(&table, &rows).await?;
    ensure_eq!(table.rows(everything(a)).await?.len(), 3_000, "number of rows");
    let newest = table.rows(RowQuery::latest(a, 2_500)).await?;
    ensure!(newest == rows[500..], "the newest 2,500 of 3,000 rows are not those that were put");
    Ok(())
}
