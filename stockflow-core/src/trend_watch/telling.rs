//! Alerts that were won: sent, then marked as sent.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::{AT_ONCE, BACKEND, Round, TrendWatch, Won, step};
use crate::{Alert, Error, ErrorKind, ItemFailure, Result, Timestamp};

impl TrendWatch {
    /// Sends all alerts that were won, and marks those that were taken over.
    pub(super) async fn send(&self, now: Timestamp, round: &mut Round) {
        let mut won = std::mem::take(&mut round.won);
        if won.is_empty() {
            return;
        }
        // People read them in the order of the market; those of a symbol come so already, and keep their order.
        won.sort_by_key(|won| won.alert.cause);
        let alerts: Vec<Alert> = won.iter().map(|won| won.alert.clone()).collect();
        let errors = self.notify(&alerts).await;
        step("sent");
        let marks: Vec<_> =
            alerts.iter().zip(errors).map(|(alert, error)| self.mark(alert, error, now)).collect();
        let outcomes: Vec<Result<Told>> = stream::iter(marks).buffered(AT_ONCE).collect().await;
        for (Won { checkpoint, alert }, outcome) in won.into_iter().zip(outcomes) {
            match outcome {
                Ok(Told::Sent) => round.counts.alerts += 1,
                Ok(Told::Never) => round.counts.undeliverable += 1,
                Err(error) => {
                    let before = alert.cause.saturating_sub(Duration::from_micros(1));
                    round.stop(alert.symbol, Some(before));
                    round.failures.push(ItemFailure { index: checkpoint, error });
                }
            }
        }
        step("marked");
    }

    /// What kept each alert from being sent, if something did.
    async fn notify(&self, alerts: &[Alert]) -> Vec<Option<Error>> {
        let mut errors: Vec<Option<Error>> = Vec::new();
        errors.resize_with(alerts.len(), || None);
        match self.alerter.notify(alerts).await {
            Ok(report) => {
                report.into_failures().into_iter().for_each(|f| errors[f.index] = Some(f.error))
            }
            Err(error) => {
                let (kind, text) = (error.kind(), error.chain());
                errors.fill_with(|| {
                    Some(Error::new(kind, BACKEND, "notify").with_source(text.as_str()))
                });
            }
        }
        errors
    }

    /// Marks an alert as sent, unless `error` kept it from being sent.
    async fn mark(&self, alert: &Alert, error: Option<Error>, now: Timestamp) -> Result<Told> {
        match error {
            None => self.ledger.mark_sent(&alert.id(), now).await.map(|()| Told::Sent),
            Some(error) if error.kind() == ErrorKind::Rejected => {
                tracing::error!(alert = %alert.id(), error = error.chain(), "alert cannot be delivered");
                Ok(Told::Never)
            }
            Some(error) => Err(error),
        }
    }
}

/// What became of an alert.
#[derive(Clone, Copy, Debug)]
enum Told {
    Sent,
    /// It can never be delivered as it is.
    Never,
}
