use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Error, ErrorKind, Quote, Result, Sink,
    conformance::{Harness, Probe, samples, sink},
};

use crate::is_noticed;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    DropsBeyondFiveHundred,
    WritesNewestFirst,
    WritesNewCallsInFront,
    AltersItems,
    RefusesEmptyCalls,
}
use Defect::*;

#[derive(Debug, Default)]
struct Broken {
    items: Mutex<Vec<Quote>>,
    defect: Option<Defect>,
}

#[async_trait]
impl Sink<Quote> for Broken {
    async fn write(&self, batch: &[Quote]) -> Result<BatchReport> {
        let mut items = self.items.lock().unwrap();
        let mut batch = batch.to_vec();
        match self.defect {
            Some(DropsBeyondFiveHundred) => batch.truncate(500),
            Some(WritesNewestFirst) => batch.reverse(),
            Some(AltersItems) => batch.iter_mut().for_each(|quote| quote.open = quote.low),
            Some(WritesNewCallsInFront) => {
                items.splice(0..0, batch);
                return Ok(BatchReport::complete());
            }
            Some(RefusesEmptyCalls) if batch.is_empty() => {
                return Err(Error::new(ErrorKind::Rejected, "broken", "write"));
            }
            _ => {}
        }
        items.extend(batch);
        Ok(BatchReport::complete())
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Probe<Arc<Broken>, Quote>> {
    move || async move {
        let broken = Arc::new(Broken { defect, ..Broken::default() });
        Probe::new(Arc::clone(&broken), move || {
            std::future::ready(Ok(broken.items.lock().unwrap().clone()))
        })
    }
}

#[tokio::test]
async fn every_broken_sink_is_noticed() {
    let mut items = samples::quotes(1_000);
    items.iter_mut().for_each(|quote| quote.open = quote.high);
    for defect in [
        DropsBeyondFiveHundred,
        WritesNewestFirst,
        WritesNewCallsInFront,
        AltersItems,
        RefusesEmptyCalls,
    ] {
        is_noticed(defect, sink::all(&with(Some(defect)), &items).await);
    }
    let (few, many) = (&items[..24], &items);
    let late = with(Some(WritesNewCallsInFront));
    is_noticed(WritesNewCallsInFront, sink::calls_keep_their_order(&late, few).await);
    sink::every_item_arrives(&late, many).await.expect("one call is in order");
    sink::all(&with(None), &items).await.expect("without a defect nothing is found");
}
