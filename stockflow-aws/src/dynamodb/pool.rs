//! Many items, in batches side by side, until each is done, refused, or the time is over.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use stockflow_core::{BatchReport, Error, ErrorKind, ItemFailure, Result};
use tokio::time::sleep;

use super::call::attempt;
use crate::{
    error::Call,
    patience::{Attempts, Patience},
};

/// How much is sent at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    /// Most items in a batch.
    pub(super) items: usize,
    /// Most batches on their way.
    pub(super) batches: usize,
}

/// What a batch came to.
#[derive(Debug)]
pub(super) struct Sent<T> {
    /// What the service left undone.
    pub(super) left: Vec<usize>,
    /// What it answered.
    pub(super) answer: T,
}

/// Sends the items of these indices by `send`; tells what was not done, and the answers.
///
/// What is left undone goes into one queue, so that batches stay full however many items each leaves. A batch that is refused as
/// a whole is halved until the item is found that it was refused for.
///
/// # Errors
/// One that trying again does not mend, and that is about no single item.
pub(super) async fn drain<T, F, Fut>(
    indices: impl IntoIterator<Item = usize>,
    lanes: Lanes,
    call: Call<'_>,
    patience: Patience,
    send: F,
) -> Result<(BatchReport, Vec<T>)>
where
    T: Send,
    F: Fn(Vec<usize>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Sent<T>>> + Send,
{
    let mut attempts = patience.begin();
    let mut pool = Pool::new(indices);
    let mut flights = FuturesUnordered::new();
    let mut answers = Vec::new();
    loop {
        while flights.len() < lanes.batches
            && let Some(batch) = pool.next(lanes, flights.len())
        {
            let (wait, sent) = (attempts.wait_after(batch.failures), send(batch.indices.clone()));
            flights.push(async move {
                if !wait.is_zero() {
                    sleep(wait).await;
                }
                (batch, attempt(call, sent).await)
            });
        }
        let Ok(Some((batch, outcome))) = next(&attempts, &mut flights).await else { break };
        match outcome {
            Ok(sent) => {
                pool.note(batch, sent.left);
                answers.push(sent.answer);
            }
            Err(error) => pool.set_back(batch, error)?,
        }
    }
    Ok((pool.report(call), answers))
}

/// The next batch that comes back; an error when the time is over.
async fn next<Fut: Future + Send>(
    attempts: &Attempts,
    flights: &mut FuturesUnordered<Fut>,
) -> Result<Option<Fut::Output>, crate::patience::DeadlinePassed>
where
    Fut::Output: Send,
{
    attempts.within(flights.next()).await
}

#[derive(Debug)]
struct Batch {
    indices: Vec<usize>,
    failures: u32,
}

#[derive(Debug)]
struct Pool {
    /// Each with how often it failed.
    queue: VecDeque<(usize, u32)>,
    /// Halves of batches that were refused as a whole.
    suspects: Vec<Vec<usize>>,
    undone: BTreeSet<usize>,
    refused: BTreeMap<usize, Error>,
    /// Batches in a row that failed as a whole.
    streak: u32,
    last: Option<(ErrorKind, String)>,
}

impl Pool {
    fn new(indices: impl IntoIterator<Item = usize>) -> Self {
        let queue: VecDeque<_> = indices.into_iter().map(|index| (index, 0)).collect();
        let undone = queue.iter().map(|(index, _)| *index).collect();
        let (suspects, refused) = (Vec::new(), BTreeMap::new());
        Self { queue, suspects, undone, refused, streak: 0, last: None }
    }

    /// The next batch to send while `flights` others are on their way.
    fn next(&mut self, lanes: Lanes, flights: usize) -> Option<Batch> {
        if let Some(indices) = self.suspects.pop() {
            return Some(Batch { indices, failures: 0 });
        }
        // What was left undone waits for company: others on their way may leave some too.
        let again = self.queue.front().is_some_and(|(_, failures)| *failures > 0);
        if again && flights > 0 && self.queue.len() < lanes.items {
            return None;
        }
        let taken = self.queue.drain(..lanes.items.min(self.queue.len()));
        let (indices, failures): (Vec<_>, Vec<_>) = taken.unzip();
        // Where nothing gets through, whatever is sent, what was not sent yet waits too.
        let streak = self.streak / lanes.batches as u32;
        let failures = failures.into_iter().max()?.max(streak);
        Some(Batch { indices, failures })
    }

    /// Takes in a batch of which all is done but `left`.
    fn note(&mut self, batch: Batch, left: Vec<usize>) {
        // Where a part got through, the service is not in trouble: the rest need not wait long.
        let all = left.len() == batch.indices.len();
        let failures = if all { batch.failures + 1 } else { 1 };
        self.streak = if all { self.streak + 1 } else { 0 };
        for index in &batch.indices {
            self.undone.remove(index);
        }
        if !left.is_empty() {
            self.last = Some((ErrorKind::Throttled, "the service left it undone".into()));
        }
        self.undone.extend(&left);
        self.queue.extend(left.into_iter().map(|index| (index, failures)));
    }

    /// Takes in a batch of which nothing is known to be done.
    fn set_back(&mut self, mut batch: Batch, error: Error) -> Result<()> {
        if error.is_retryable() {
            self.last = Some((error.kind(), error.chain()));
            self.streak += 1;
            let failures = batch.failures + 1;
            self.queue.extend(batch.indices.into_iter().map(|index| (index, failures)));
        } else if error.kind() != ErrorKind::Rejected {
            return Err(error);
        } else if let [index] = batch.indices[..] {
            self.undone.remove(&index);
            self.refused.insert(index, error);
        } else {
            let half = batch.indices.split_off(batch.indices.len() / 2);
            self.suspects.extend([batch.indices, half]);
        }
        Ok(())
    }

    fn report(self, call: Call<'_>) -> BatchReport {
        let (kind, cause) = self.last.unwrap_or((ErrorKind::Unavailable, "no answer".into()));
        let late = self.undone.into_iter().map(|index| {
            let cause = format!("not done by the deadline of the call: {cause}");
            ItemFailure { index, error: call.error(kind).with_source(cause) }
        });
        let refused = self.refused.into_iter().map(|(index, error)| ItemFailure { index, error });
        BatchReport::partial(late.chain(refused).collect())
    }
}
