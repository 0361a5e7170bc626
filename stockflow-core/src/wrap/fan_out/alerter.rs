//! Alerters.

use std::sync::Arc;

use async_trait::async_trait;

use super::FanOut;
use crate::{Alert, Alerter, BatchReport, Error, ErrorKind, ItemFailure, Result, wrap::copy};

impl FanOut<dyn Alerter> {
    /// Gives to `target` too, after all others, what they have; whether it takes it counts for nothing.
    #[must_use]
    pub fn with_best_effort(mut self, target: Arc<dyn Alerter>) -> Self {
        self.best_effort.push(target);
        self
    }
}

/// What became of each alert so far.
struct Told<'a> {
    alerts: &'a [Alert],
    errors: Vec<Option<Error>>,
}

impl Told<'_> {
    /// Indices of what no target before refused for a reason that may pass.
    fn clear(&self) -> Vec<usize> {
        let clear = |index: &usize| {
            self.errors[*index].as_ref().is_none_or(|error| error.kind() == ErrorKind::Rejected)
        };
        (0..self.alerts.len()).filter(clear).collect()
    }

    /// Tells `indices` to `target`: what it refused, by index.
    async fn tell(&self, target: &dyn Alerter, indices: &[usize]) -> Vec<ItemFailure> {
        let outcome = if indices.len() == self.alerts.len() {
            target.notify(self.alerts).await
        } else {
            let alerts: Vec<Alert> = indices.iter().map(|&i| self.alerts[i].clone()).collect();
            target.notify(&alerts).await
        };
        match outcome {
            Ok(report) => report
                .into_failures()
                .into_iter()
                .filter_map(|f| indices.get(f.index).map(|&index| ItemFailure { index, ..f }))
                .collect(),
            Err(error) => {
                indices.iter().map(|&index| ItemFailure { index, error: copy(&error) }).collect()
            }
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Alerter for FanOut<dyn Alerter> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let mut told = Told { alerts, errors: alerts.iter().map(|_| None).collect() };
        for target in &self.required {
            let clear = told.clear();
            if clear.is_empty() {
                break;
            }
            for ItemFailure { index, error } in told.tell(target.as_ref(), &clear).await {
                // A refusal for good does not hide one that may pass, or the alert would be given up too early.
                if error.kind() != ErrorKind::Rejected || told.errors[index].is_none() {
                    told.errors[index] = Some(error);
                }
            }
        }
        let clear = told.clear();
        for target in self.best_effort.iter().filter(|_| !clear.is_empty()) {
            for ItemFailure { index, error } in told.tell(target.as_ref(), &clear).await {
                let (alert, error) = (alerts[index].id(), error.chain());
                tracing::warn!(%alert, error, "alert was not told by a target of best effort");
            }
        }
        let failure = |(index, error): (usize, Option<Error>)| {
            error.map(|error| ItemFailure { index, error })
        };
        Ok(BatchReport::partial(told.errors.into_iter().enumerate().filter_map(failure).collect()))
    }
}
