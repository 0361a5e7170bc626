//! Counts what AWS bills for the calls of a program.
//!
//! A [`Meter`] is an interceptor of the SDK: clients that were built with it are counted, others are not, and pay nothing. What a bill
//! counts is often not what a program sends (a record of 200 bytes is billed as 1,024, an item of 1,025 as two units), so the meter
//! counts in units of the bill, and [`Usage::bill`] puts [prices](crate::prices) on them.
//!
//! ```
//! use stockflow_aws::{meter::{Meter, StreamMode}, prices::Prices};
//!
//! let meter = Meter::new();
//! // let dynamodb = aws_sdk_dynamodb::Config::from(&sdk_config).to_builder().interceptor(meter.clone()).build();
//! // ... a million quotes later:
//! let usage = meter.usage();
//! println!("{} write units", usage.dynamodb.write_units);
//! let bill = usage.bill(&Prices::us_east_1(), StreamMode::OnDemand);
//! println!("{bill}");
//! assert_eq!(bill.per_million(1_000_000), Some(0.0), "nothing was called");
//! ```
//!
//! # What is counted, and how
//!
//! Every attempt that is sent is a request, also one that the SDK makes again by itself.
//!
//! | service | unit | from |
//! |---|---|---|
//! | DynamoDB | write and read units, with those of indexes | the answer: the meter asks for `ReturnConsumedCapacity` where the caller does not |
//! | DynamoDB | a failed condition, a cancelled transaction | worked out: the size of the item that was in the way if the answer has it, or else of the one sent |
//! | Kinesis | PUT units of 25 KiB, bytes in by whole KiB | the records that were taken; partition keys do not count |
//! | Kinesis | bytes out | the records that were read |
//! | S3 | requests by price, bytes both ways | the operation; refused ones too, but not those that S3 failed (5xx) |
//! | SNS | publishes of 64 KiB each, messages | text, subject and attributes of what was sent; a batch is added up |
//! | Athena | queries, bytes scanned, by whole MB and at least 10 MB | the last look at a query that was started through the same meter; failed ones are free |
//! | others | requests | |
//!
//! # What is not
//!
//! What AWS does by itself: Lambda's own price and its reads of streams, deliveries of SNS, storage, hours of streams and
//! machines, KMS on behalf of a service. Those need no meter: they follow from hours, bytes and messages, and their prices are in the
//! same [file](crate::prices). PartiQL, `SubscribeToShard` and S3 Select are counted as requests only. Of a request without an
//! answer nobody can say whether it was done: [`Calls::unanswered`] tells how many there are.

mod athena;
mod bill;
mod bought;
mod dynamodb;
mod item;
mod kinesis;
mod s3;
mod sns;
mod usage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
                FinalizerInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};

use self::bought::{Answer, Asked};
pub use self::{
    bill::{Bill, BillLine, StreamMode},
    usage::{AthenaUsage, Calls, DynamoUsage, KinesisUsage, S3Usage, SnsUsage, Usage},
};

/// Counts what is billed for the calls of all clients that it was given to, as an interceptor; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    usage: Usage,
    queries: athena::Running,
}

impl Meter {
    /// One that has counted nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was counted so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.state().usage.clone()
    }

    /// What was counted since the last time that it was taken; the meter goes on from zero.
    #[must_use]
    pub fn take(&self) -> Usage {
        std::mem::take(&mut self.state().usage)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counters are whole between any two of their changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Metadata>() else { return Ok(()) };
        if call.service() != "DynamoDB" {
            return Ok(());
        }
        let request = context.request_mut();
        let body = request.body().bytes().unwrap_or_default();
        if let Some(body) = dynamodb::ask_for_capacity(call.name(), body) {
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Metadata>() else { return Ok(()) };
        let asked = Asked::read(call, context.request());
        self.state().usage.calls.entry(asked.name.clone()).or_default().sent += 1;
        cfg.interceptor_state().store_put(asked);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An attempt that ended before it was sent has left what the one before it asked for, if there was one; it has no answer.
        let (Some(asked), Some(response)) = (cfg.load::<Asked>(), context.response()) else {
            return Ok(());
        };
        asked.settle(&Answer::of(response), &mut self.state());
        Ok(())
    }
}
