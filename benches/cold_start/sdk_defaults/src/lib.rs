//! Puts each record of an event into a table and a bucket.

use aws_lambda_events::{kinesis::KinesisEvent, streams::KinesisEventResponse};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Quote {
    symbol: String,
    price: f64,
    previous_close: f64,
    volume: i64,
    timestamp: String,
}

async fn handle(
    event: LambdaEvent<KinesisEvent>,
    dynamodb: &aws_sdk_dynamodb::Client,
    s3: &aws_sdk_s3::Client,
) -> Result<KinesisEventResponse, Error> {
    for record in event.payload.records {
        let data = record.kinesis.data.0;
        let quote: Quote = serde_json::from_slice(&data)?;
        let number = |value: f64| AttributeValue::N(value.to_string());
        dynamodb
            .put_item()
            .table_name("stock-market-table")
            .item("symbol", AttributeValue::S(quote.symbol.clone()))
            .item("timestamp", AttributeValue::S(quote.timestamp.clone()))
            .item("price", number(quote.price))
            .item("change", number(quote.price - quote.previous_close))
            .item("volume", AttributeValue::N(quote.volume.to_string()))
            .send()
            .await?;
        let key = format!("raw-data/{}/{}.json", quote.symbol, quote.timestamp.replace(':', "-"));
        s3.put_object().bucket("stock-market-data-bucket-7").key(key).body(data.into()).send().await?;
    }
    Ok(KinesisEventResponse::default())
}

/// Runs until Lambda ends it, by clients of this configuration.
///
/// # Errors
/// The connection to Lambda fails.
pub async fn serve(config: &aws_config::SdkConfig) -> Result<(), Error> {
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    run(service_fn(|event| handle(event, &dynamodb, &s3))).await
}
