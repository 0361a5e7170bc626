//! Alerts in memory.

use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::{Alert, Alerter, BatchReport, Result};

/// An [`Alerter`] that keeps what it is told, every time that it is told it.
#[derive(Debug, Default)]
pub struct MemoryAlerter {
    sent: Mutex<Vec<Alert>>,
}

impl MemoryAlerter {
    /// One that was told nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What it was told, in order; an alert that was told twice is there twice.
    #[must_use]
    pub fn sent(&self) -> Vec<Alert> {
        lock(&self.sent).clone()
    }
}

#[async_trait]
impl Alerter for MemoryAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        lock(&self.sent).extend_from_slice(alerts);
        Ok(BatchReport::complete())
    }
}
