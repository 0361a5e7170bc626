//! How far feeds were read: [`CursorStore`].

use super::{Harness, Outcome};
use crate::{Cursor, CursorStore};

/// Every behaviour of this module.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<H>(harness: &H) -> Outcome
where
    H: Harness<Backend: CursorStore>,
{
    run!(harness:
        a_new_store_has_none,
        a_cursor_replaces_that_of_its_feed_only,
        the_last_cursor_of_a_call_counts,
        names_and_offsets_come_back_as_they_were,
    )
}

fn cursor(feed: &str, offset: &str) -> Cursor {
    Cursor { feed: feed.to_owned(), offset: offset.to_owned() }
}

async fn ensure_holds<S: CursorStore>(store: &S, expected: &[Cursor], when: &str) -> Outcome {
    let mut found = store.load().await?;
    found.sort_by(|a, b| a.feed.cmp(&b.feed));
    let mut expected = expected.to_vec();
    expected.sort_by(|a, b| a.feed.cmp(&b.feed));
    ensure_eq!(found, expected, "{when}");
    Ok(())
}

/// Also after a call that stores nothing.
pub async fn a_new_store_has_none<H>(h: &H) -> Outcome
where
    H: Harness<Backend: CursorStore>,
{
    let store = h.fresh().await;
    ensure_holds(&store, &[], "at the beginning").await?;
    store.store(&[]).await?;
    ensure_holds(&store, &[], "after none were stored").await
}

/// Whichever way it moves: an offset is the feed's own, and has no order for the store.
pub async fn a_cursor_replaces_that_of_its_feed_only<H>(h: &H) -> Outcome
where
    H: Harness<Backend: CursorStore>,
{
    let store = h.fresh().await;
    store.store(&[cursor("a", "5"), cursor("b", "7")]).await?;
    for offset in ["10", "9", "end"] {
        store.store(&[cursor("a", offset)]).await?;
        let expected = [cursor("a", offset), cursor("b", "7")];
        ensure_holds(&store, &expected, "after one of two feeds went on").await?;
    }
    Ok(())
}

/// A batch may have two of one feed.
pub async fn the_last_cursor_of_a_call_counts<H>(h: &H) -> Outcome
where
    H: Harness<Backend: CursorStore>,
{
    let store = h.fresh().await;
    store.store(&[cursor("a", "1"), cursor("b", "1"), cursor("a", "2")]).await?;
    ensure_holds(&store, &[cursor("a", "2"), cursor("b", "1")], "after a call with one feed twice")
        .await
}

/// Blanks, line feeds, quotes, nothing at all, and Kinesis' sequence numbers of 56 digits.
pub async fn names_and_offsets_come_back_as_they_were<H>(h: &H) -> Outcome
where
    H: Harness<Backend: CursorStore>,
{
    let store = h.fresh().await;
    let long = "49590338271490256608559692538361571095921575989136588898";
    let odd = ["a b", "a\nb", "a\tb", "\"a\"", "../a", "ä", "a\u{0}b", "{}", " ", "a"];
    let mut expected: Vec<Cursor> =
        odd.iter().zip(odd.iter().rev()).map(|(feed, offset)| cursor(feed, offset)).collect();
    expected.push(cursor("kinesis/quotes/shardId-000000000000", long));
    expected.push(cursor("empty", ""));
    for one in &expected {
        store.store(std::slice::from_ref(one)).await?;
    }
    ensure_holds(&store, &expected, "after odd names").await
}
