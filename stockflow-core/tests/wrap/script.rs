//! A backend that answers what it was told to.

use std::sync::Mutex;

use async_trait::async_trait;
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, ErrorKind, ItemFailure, Quote, Result, Sink, Timestamp,
};

/// Fails as a whole, or refuses items by index.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Fails(ErrorKind),
    Refuses(Vec<(usize, ErrorKind)>),
}

/// Gives its answers one after another, then accepts everything; remembers what it was given.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<Vec<Answer>>,
    given: Mutex<Vec<Vec<Timestamp>>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Mutex::new(answers), given: Mutex::default() }
    }

    /// Seconds of the items of each call.
    pub(crate) fn given(&self) -> Vec<Vec<u64>> {
        let second =
            |at: &Timestamp| at.since(stockflow_core::conformance::samples::at(0)).as_secs();
        let given = self.given.lock().expect("no panic before");
        given.iter().map(|call| call.iter().map(second).collect()).collect()
    }

    fn answer(&self, given: Vec<Timestamp>) -> Result<BatchReport> {
        self.given.lock().expect("no panic before").push(given);
        let error = |kind| Error::new(kind, "script", "call").with_source("as it was told");
        match self.answers.lock().expect("no panic before").pop() {
            None => Ok(BatchReport::complete()),
            Some(Answer::Fails(kind)) => Err(error(kind)),
            Some(Answer::Refuses(items)) => {
                let failure = |(index, kind)| ItemFailure { index, error: error(kind) };
                Ok(BatchReport::partial(items.into_iter().map(failure).collect()))
            }
        }
    }
}

#[async_trait]
impl Sink<Quote> for Script {
    async fn write(&self, batch: &[Quote]) -> Result<BatchReport> {
        self.answer(batch.iter().map(|quote| quote.timestamp).collect())
    }
}

#[async_trait]
impl Alerter for Script {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        self.answer(alerts.iter().map(|alert| alert.cause).collect())
    }
}

/// What a report says, in short.
pub(crate) fn failures(report: BatchReport) -> Vec<(usize, ErrorKind)> {
    report.into_failures().into_iter().map(|f| (f.index, f.error.kind())).collect()
}
