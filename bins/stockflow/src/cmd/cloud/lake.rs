//! `stockflow query --lake`: the engine of this machine answers, over a lake in S3.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use aws_sdk_s3::{Client, config::Builder};
use stockflow_aws::{
    meter::{Meter, StreamMode},
    prices::Prices,
    s3::{S3Lake, S3Location},
};
use stockflow_core::{Date, Result};
use stockflow_local::RemoteLake;
use tokio::runtime::Runtime;

use super::super::{query::Query, run::screen::Screen};
use crate::{Outcome, aws::sdk_config};

pub(in crate::cmd) fn lake(command: &Query, location: &str) -> Outcome {
    let location: S3Location = location.parse()?;
    let (runtime, meter) = (Runtime::new()?, Meter::new());
    let config = runtime.block_on(sdk_config())?;
    let client = Client::from_conf(Builder::from(&config).interceptor(meter.clone()).build());
    let screen = Screen::stderr();
    let bucket = Arc::new(Bucket {
        lake: S3Lake::new(&client, location.clone()),
        screen: screen.clone(),
        fetched: AtomicUsize::new(0),
    });
    let outcome = command.execute_over(Arc::clone(&bucket) as _, &runtime);
    screen.progress("");
    let days = bucket.fetched.load(Ordering::Relaxed);
    tell_cost(&meter, &location, days, &screen);
    outcome
}

/// Copies from S3, and says so.
#[derive(Debug)]
struct Bucket {
    lake: S3Lake,
    screen: Screen,
    fetched: AtomicUsize,
}

#[async_trait]
impl RemoteLake for Bucket {
    async fn days(&self) -> Result<Vec<Date>> {
        let days = self.lake.days().await?;
        if days.is_empty() {
            let location = self.lake.location();
            self.screen.line(&format!("warning: no day (dt=2026-11-23/) lies below {location}"));
        }
        Ok(days)
    }

    async fn fetch(&self, dt: Date, folder: &Path) -> Result<()> {
        self.screen.progress(&format!("copying {dt}"));
        self.fetched.fetch_add(1, Ordering::Relaxed);
        self.lake.copy_day(dt, folder).await
    }
}

/// What was read, and what the requests cost.
fn tell_cost(meter: &Meter, location: &S3Location, days: usize, screen: &Screen) {
    let (usage, prices) = (meter.usage(), Prices::us_east_1());
    let (requests, bytes) = (usage.calls_of("S3").sent, usage.s3.bytes_out);
    let usd = usage.bill(&prices, StreamMode::OnDemand).total();
    let Prices { region, date, .. } = prices;
    screen.line(&format!(
        "{bytes} bytes of {days} days read from {location} in {requests} requests, {usd:.6} $ at the list price of {region} ({date})"
    ));
}
