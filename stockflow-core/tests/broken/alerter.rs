use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, ErrorKind, Result,
    conformance::{Harness, Probe, alerter},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    TellsTwice,
    TellsNewestFirst,
    ReplacesTheEarlierCall,
    TellsTenAtMost,
    RefusesEmptyCalls,
}
use Defect::*;

#[derive(Debug, Default)]
struct Broken {
    told: Mutex<Vec<String>>,
    defect: Option<Defect>,
}

#[async_trait]
impl Alerter for Broken {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let mut told = self.told.lock().unwrap();
        let mut ids: Vec<String> = alerts.iter().map(|alert| alert.id().to_string()).collect();
        match self.defect {
            Some(TellsTwice) => ids.extend_from_within(..ids.len().min(1)),
            Some(TellsNewestFirst) => ids.reverse(),
            Some(ReplacesTheEarlierCall) => told.clear(),
            Some(TellsTenAtMost) => ids.truncate(12),
            Some(RefusesEmptyCalls) if ids.is_empty() => {
                return Err(Error::new(ErrorKind::Rejected, "broken", "notify"));
            }
            _ => {}
        }
        told.extend(ids);
        Ok(BatchReport::complete())
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Probe<Arc<Broken>, String>> {
    move || async move {
        let broken = Arc::new(Broken { defect, ..Broken::default() });
        Probe::new(Arc::clone(&broken), move || {
            std::future::ready(Ok(broken.told.lock().unwrap().clone()))
        })
    }
}

#[tokio::test]
async fn every_broken_alerter_is_noticed() {
    noticed!(alerter::all, with, {
        TellsTwice => alerter::every_alert_is_told_once,
        TellsNewestFirst => alerter::a_long_batch_is_told_whole,
        ReplacesTheEarlierCall => alerter::calls_keep_their_order,
        TellsTenAtMost => alerter::a_long_batch_is_told_whole,
        RefusesEmptyCalls => alerter::an_empty_batch_tells_nothing,
    });
}
