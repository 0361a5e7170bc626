//! Feeds: [`QuoteSource`].

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::{Outcome, Violation};
use crate::{Cursor, Quote, QuoteSource, SourceBatch, Unreadable};

/// Opens one and the same feed again and again.
pub trait SourceHarness: Sync {
    /// What is tested.
    type Source: QuoteSource;

    /// The feed from its start, or where `cursors` say: the last of each of its parts.
    fn open(&self, cursors: &[Cursor]) -> impl Future<Output = Self::Source> + Send;

    /// What the feed delivers from its start to its end.
    fn expected(&self) -> Vec<Quote>;

    /// How many things that are no quotes it delivers besides.
    fn unreadable(&self) -> usize {
        0
    }
}

/// Every behaviour that every feed has to show. Feeds with cursors run
/// [`goes_on_from_every_cursor`] too.
///
/// # Errors
/// The first [`Violation`].
pub async fn all<H: SourceHarness>(harness: &H) -> Outcome {
    run!(harness:
        every_quote_comes_once_in_order,
        an_exhausted_feed_stays_exhausted,
        two_readings_are_the_same,
        a_dropped_call_loses_nothing,
    )
}

/// What a feed delivered.
#[derive(Debug, Default, PartialEq)]
struct Delivered {
    quotes: Vec<Quote>,
    unreadable: Vec<Unreadable>,
}

impl Delivered {
    fn add(&mut self, batch: SourceBatch) {
        self.quotes.extend(batch.quotes);
        self.unreadable.extend(batch.unreadable);
    }

    fn ensure_all<H: SourceHarness>(&self, harness: &H) -> Outcome {
        let expected = harness.expected();
        let differ =
            self.quotes.iter().zip(&expected).position(|(found, expected)| found != expected);
        if let Some(at) = differ {
            ensure_eq!(self.quotes[at], expected[at], "quote number {at}");
        }
        ensure_eq!(self.quotes.len(), expected.len(), "number of quotes");
        ensure_eq!(self.unreadable.len(), harness.unreadable(), "number of unreadable things");
        Ok(())
    }
}

async fn read_all(source: &mut impl QuoteSource) -> Result<Delivered, Violation> {
    let mut delivered = Delivered::default();
    while let Some(batch) = source.next_batch().await? {
        delivered.add(batch);
    }
    Ok(delivered)
}

/// And everything that is no quote is told besides.
pub async fn every_quote_comes_once_in_order<H: SourceHarness>(h: &H) -> Outcome {
    read_all(&mut h.open(&[]).await).await?.ensure_all(h)
}

/// However often it is asked.
pub async fn an_exhausted_feed_stays_exhausted<H: SourceHarness>(h: &H) -> Outcome {
    let mut source = h.open(&[]).await;
    read_all(&mut source).await?;
    for _ in 0..3 {
        ensure_eq!(source.next_batch().await?, None, "batch after the end");
    }
    Ok(())
}

/// Unreadable things too, with the same origins: what is known of them does not depend on when they are read.
pub async fn two_readings_are_the_same<H: SourceHarness>(h: &H) -> Outcome {
    let first = read_all(&mut h.open(&[]).await).await?;
    let second = read_all(&mut h.open(&[]).await).await?;
    ensure!(first == second, "two readings of one feed differ");
    let mut origins: Vec<&str> = first.unreadable.iter().map(|u| u.origin.as_str()).collect();
    origins.sort_unstable();
    origins.dedup();
    ensure_eq!(origins.len(), first.unreadable.len(), "number of different origins");
    Ok(())
}

/// Calls are dropped wherever they wait.
pub async fn a_dropped_call_loses_nothing<H: SourceHarness>(h: &H) -> Outcome {
    let mut source = h.open(&[]).await;
    let mut delivered = Delivered::default();
    loop {
        // Dropped after one poll, unless that was enough; then a call that may end, for progress.
        match poll_once(source.next_batch()) {
            Poll::Ready(batch) => match batch? {
                Some(batch) => delivered.add(batch),
                None => break,
            },
            Poll::Pending => match source.next_batch().await? {
                Some(batch) => delivered.add(batch),
                None => break,
            },
        }
    }
    delivered.ensure_all(h)
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Opened with the cursors that came with the batches up to any one, it delivers exactly the rest.
pub async fn goes_on_from_every_cursor<H: SourceHarness>(h: &H) -> Outcome {
    let mut source = h.open(&[]).await;
    let mut before = Delivered::default();
    let mut cursors: Vec<Cursor> = Vec::new();
    let mut stops = 0;
    while let Some(batch) = source.next_batch().await? {
        let empty = batch.quotes.is_empty() && batch.unreadable.is_empty();
        ensure!(empty || !batch.cursors.is_empty(), "a batch without a cursor: {batch:?}");
        for cursor in &batch.cursors {
            cursors.retain(|known| known.feed != cursor.feed);
            cursors.push(cursor.clone());
        }
        before.add(batch);
        let rest = read_all(&mut h.open(&cursors).await).await?;
        let whole = Delivered {
            quotes: [before.quotes.as_slice(), &rest.quotes].concat(),
            unreadable: [before.unreadable.as_slice(), &rest.unreadable].concat(),
        };
        whole.ensure_all(h).map_err(|violation| {
            Violation::new(format!("goes_on_from_every_cursor: at {cursors:?}: {violation}"))
        })?;
        stops += 1;
    }
    ensure!(stops >= 2, "a feed of one batch shows nothing, deliver it in several");
    Ok(())
}
