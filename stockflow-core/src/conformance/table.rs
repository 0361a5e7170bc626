//! Writing rows: [`QuoteTable`], and with it [`QuoteHistory`](crate::QuoteHistory).

use std::sync::Arc;

use super::{
    Harness, Outcome, concurrent, history,
    history::{everything, put},
    samples::{SYMBOLS, at, late, row, symbol},
};
use crate::{
    Checkpoint, Judgement, QuoteHistory as _, QuoteTable, RowKey, RowQuery, StoredRow, Symbol,
    Timestamp, Volume,
};

/// Every behaviour of this module and of [`history`].
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<H>(harness: &H) -> Outcome
where
    H: Harness<Backend: QuoteTable + 'static>,
{
    history::all(harness).await?;
    run!(harness:
        put_replaces_the_row_of_its_key,
        put_absent_leaves_an_existing_row_alone,
        newest_answers_in_the_order_of_the_symbols,
        newest_counts_late_rows,
        contains_answers_in_the_order_of_the_keys,
        long_batches_are_taken_whole,
        empty_calls_do_nothing,
        of_concurrent_put_absents_one_row_stays,
    )
}

/// Judgement and mark of the later call count, in every combination.
pub async fn put_replaces_the_row_of_its_key<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    let marked = StoredRow { checkpoint: Some(Checkpoint { previous: None }), ..row(a, 1) };
    for version in [row(a, 1), marked.clone(), late(a, 1), marked.clone(), row(a, 1), late(a, 1)] {
        put(&table, &[row(a, 0), version.clone(), row(a, 2)]).await?;
        let found = table.rows(everything(a)).await?;
        ensure_eq!(found, [row(a, 0), version, row(a, 2)], "after a replacement");
    }
    Ok(())
}

/// It is no failure either.
pub async fn put_absent_leaves_an_existing_row_alone<H: Harness<Backend: QuoteTable>>(
    h: &H,
) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    put(&table, &[row(a, 1), row(a, 3)]).await?;
    let report = table.put_absent(&[late(a, 0), late(a, 1), late(a, 2), late(a, 3)]).await?;
    ensure!(report.is_complete(), "rows that were there count as failures: {report:?}");
    let expected = [late(a, 0), row(a, 1), late(a, 2), row(a, 3)];
    ensure_eq!(table.rows(everything(a)).await?, expected, "after put_absent");
    table.put_absent(&[row(a, 0)]).await?.into_result()?;
    ensure_eq!(table.rows(everything(a)).await?, expected, "after the same keys again");
    Ok(())
}

/// Unknown symbols have none, and a symbol that is asked for twice is answered twice.
pub async fn newest_answers_in_the_order_of_the_symbols<H: Harness<Backend: QuoteTable>>(
    h: &H,
) -> Outcome {
    let table = h.fresh().await;
    let rows: Vec<StoredRow> = (0..).zip(SYMBOLS).map(|(n, s)| row(symbol(s), 10 + n)).collect();
    let older: Vec<StoredRow> = SYMBOLS.iter().map(|s| row(symbol(s), 0)).collect();
    put(&table, &rows).await?;
    put(&table, &older).await?;
    let mut symbols: Vec<Symbol> = SYMBOLS.iter().rev().map(|s| symbol(s)).collect();
    let mut expected: Vec<Option<StoredRow>> = rows.iter().rev().cloned().map(Some).collect();
    symbols.extend([symbol("UNKNOWN"), symbol("A")]);
    expected.extend([None, Some(rows[0].clone())]);
    ensure_eq!(table.newest(&symbols).await?, expected, "newest rows");
    Ok(())
}

/// The newest row is that of the latest market time, be it late.
pub async fn newest_counts_late_rows<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let (table, a) = (h.fresh().await, symbol("A"));
    put(&table, &[row(a, 1), row(a, 5)]).await?;
    table.put_absent(&[late(a, 3), late(a, 7)]).await?.into_result()?;
    ensure_eq!(table.newest(&[a]).await?, [Some(late(a, 7))], "newest row");
    Ok(())
}

/// A key is a symbol and a market time, to the microsecond.
pub async fn contains_answers_in_the_order_of_the_keys<H: Harness<Backend: QuoteTable>>(
    h: &H,
) -> Outcome {
    let (table, a, b) = (h.fresh().await, symbol("A"), symbol("AA"));
    put(&table, &[row(a, 1), row(a, 3), row(b, 2)]).await?;
    let key = |symbol, seconds| RowKey { symbol, timestamp: at(seconds) };
    let beside = RowKey { timestamp: micros_after(at(1), 1), ..key(a, 1) };
    let keys = [key(b, 2), key(a, 2), key(a, 1), beside, key(b, 1), key(a, 3), key(a, 1)];
    let expected = [true, false, true, false, false, true, true];
    ensure_eq!(table.contains(&keys).await?, expected, "keys that are there");
    Ok(())
}

fn micros_after(time: Timestamp, micros: u64) -> Timestamp {
    time.saturating_add(std::time::Duration::from_micros(micros))
}

/// Whatever the backend's own limits of a call are.
pub async fn long_batches_are_taken_whole<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let table = h.fresh().await;
    let symbols: Vec<Symbol> = (0..600).map(|n| symbol(&format!("S{n}"))).collect();
    let rows: Vec<StoredRow> = symbols.iter().map(|s| row(*s, 9)).collect();
    put(&table, &rows).await?;
    let lates: Vec<StoredRow> = symbols.iter().map(|s| late(*s, 3)).collect();
    table.put_absent(&lates).await?.into_result()?;
    let newest = table.newest(&symbols).await?;
    ensure!(newest.into_iter().eq(rows.iter().cloned().map(Some)), "newest rows of 600 symbols");
    let mut keys: Vec<RowKey> = rows.iter().chain(&lates).map(|row| row.row.key()).collect();
    keys.push(RowKey { symbol: symbols[0], timestamp: at(4) });
    let there = table.contains(&keys).await?;
    ensure_eq!(there.len(), 1_201, "answers about 1,201 keys");
    ensure!(there[..1_200].iter().all(|there| *there) && !there[1_200], "contains of 1,201 keys");
    Ok(())
}

/// They succeed.
pub async fn empty_calls_do_nothing<H: Harness<Backend: QuoteTable>>(h: &H) -> Outcome {
    let table = h.fresh().await;
    put(&table, &[]).await?;
    table.put_absent(&[]).await?.into_result()?;
    ensure!(table.newest(&[]).await?.is_empty(), "newest rows of no symbols");
    ensure!(table.contains(&[]).await?.is_empty(), "answers about no keys");
    Ok(())
}

/// Of several writers of one key the first counts, and the others change nothing.
pub async fn of_concurrent_put_absents_one_row_stays<H>(h: &H) -> Outcome
where
    H: Harness<Backend: QuoteTable + 'static>,
{
    let (table, a) = (Arc::new(h.fresh().await), symbol("A"));
    let version = |number: usize| {
        let mut row = late(a, 1);
        row.row.quote.volume = Volume::new(number as i64).unwrap_or(Volume::MAX);
        row
    };
    // Each reads after its own write: whoever wrote first, all have to see the same row.
    let answers = concurrent::at_once(8, |number| {
        let (table, row) = (Arc::clone(&table), version(number));
        async move {
            let report = table.put_absent(&[row]).await?;
            report.into_result()?;
            table.rows(RowQuery::latest(a, 1)).await
        }
    })
    .await?;
    let last = table.rows(everything(a)).await?;
    ensure!(
        matches!(last.as_slice(), [row] if matches!(row.row.judgement, Judgement::Late)),
        "one row of one key: {last:?}"
    );
    for seen in answers {
        ensure_eq!(seen?, last, "the row that a writer saw after its write");
    }
    Ok(())
}
