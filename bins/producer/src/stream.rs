//! The stream that quotes go to.

use std::sync::Arc;

use aws_config::{BehaviorVersion, retry::RetryConfig};
use aws_sdk_kinesis::Client;
use stockflow_aws::{client, kinesis::KinesisSink};
use stockflow_core::{Quote, Sink};

use crate::{Failure, RecordForm};

/// A sink for the stream named `stream`, with region, credentials and endpoint as every tool of AWS finds them: environment,
/// profile, single sign-on, the machine's role.
///
/// # Errors
/// The name is not one that a stream can have. Nothing is asked of AWS yet.
pub async fn sink(stream: &str, records: RecordForm) -> Result<Arc<dyn Sink<Quote>>, Failure> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client::https())
        // The sink sends again by itself.
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    let sink = KinesisSink::new(&Client::new(&config), stream)?;
    Ok(Arc::new(match records {
        RecordForm::Plain => sink,
        RecordForm::Aggregated => sink.with_aggregation(),
        RecordForm::Compressed => sink.with_compression(),
    }))
}
