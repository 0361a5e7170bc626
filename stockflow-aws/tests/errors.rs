//! What a caller is told when AWS says no: by the words of each service, which no emulator has all of.
#![cfg(all(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns",
    feature = "testing"
))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use stockflow_aws::{
    Patience,
    athena::Athena,
    dynamodb::{DynamoLedger, DynamoTable},
    kinesis::{KinesisReader, KinesisSink},
    s3::S3Lake,
    sns::SnsAlerter,
};
use stockflow_core::{
    AlertLedger as _, Alerter as _, Error, ErrorKind, QuoteTable as _, SinkExt as _,
    conformance::samples::{self, symbol},
};

/// Answers every request in the same way.
#[derive(Clone, Debug)]
struct Stub {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: String,
}

impl HttpConnector for Stub {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = self.status.try_into().unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(self.body.clone()));
        for (name, value) in self.headers {
            response.headers_mut().insert(*name, *value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Stub {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// An error in JSON, as DynamoDB, Kinesis and Athena write it.
fn json(status: u16, code: &str) -> Stub {
    let body = format!("{{\"__type\":\"com.amazonaws#{code}\",\"message\":\"words of AWS\"}}");
    Stub { status, headers: &[("x-amzn-requestid", "REQUEST-7")], body }
}

/// An error in XML, as S3 writes it.
fn s3(status: u16, code: &str) -> Stub {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>words of AWS</Message></Error>"
    );
    Stub { status, headers: &[("x-amz-request-id", "REQUEST-7")], body }
}

/// An error in XML, as SNS writes it.
fn sns(status: u16, code: &str) -> Stub {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>words of AWS</Message></Error>\
         <RequestId>REQUEST-7</RequestId></ErrorResponse>"
    );
    Stub { status, headers: &[("x-amzn-requestid", "REQUEST-7")], body }
}

fn config(stub: Stub, region: Option<&'static str>) -> SdkConfig {
    let credentials = Credentials::new("A", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(Region::from_static))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(SharedHttpClient::new(stub))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Athena,
    Kinesis,
    Ledger,
    Reader,
    S3,
    Sns,
    Table,
}

const ALL: [Service; 7] = [
    Service::Athena,
    Service::Kinesis,
    Service::Ledger,
    Service::Reader,
    Service::S3,
    Service::Sns,
    Service::Table,
];

impl Service {
    fn says(self, status: u16, code: &str) -> Stub {
        match self {
            Self::S3 => s3(status, code),
            Self::Sns => sns(status, code),
            _ => json(status, code),
        }
    }

    /// The error of a call; it is tried for some milliseconds only.
    async fn error(self, config: &SdkConfig) -> Error {
        let hasty = Patience::default().with_deadline(Duration::from_millis(150));
        match self {
            Self::Athena => {
                let athena = Athena::new(&aws_sdk_athena::Client::new(config), "stocks").unwrap();
                athena.with_patience(hasty).start("SELECT 1", &[]).await.unwrap_err()
            }
            Self::Kinesis => {
                let client = aws_sdk_kinesis::Client::new(config);
                let sink = KinesisSink::new(&client, "quotes").unwrap().with_patience(hasty);
                sink.write_all(&samples::quotes(3)).await.unwrap_err()
            }
            Self::Reader => {
                let client = aws_sdk_kinesis::Client::new(config);
                let reader = KinesisReader::new(&client, "quotes").unwrap();
                reader.with_patience(hasty).next_batch().await.unwrap_err()
            }
            Self::Ledger => {
                let ledger = DynamoLedger::new(dynamodb(config), "alerts").unwrap();
                let alert = samples::alerts(1).remove(0);
                ledger.with_patience(hasty).status(&alert.id()).await.unwrap_err()
            }
            Self::Table => {
                let table = DynamoTable::new(dynamodb(config), "quotes").unwrap();
                table.with_patience(hasty).newest(&[symbol("A")]).await.unwrap_err()
            }
            Self::S3 => {
                let client = aws_sdk_s3::Client::new(config);
                let lake = S3Lake::new(&client, "s3://bucket/lake".parse().unwrap());
                lake.with_patience(hasty).days().await.unwrap_err()
            }
            Self::Sns => {
                let client = aws_sdk_sns::Client::new(config);
                let topic = SnsAlerter::new(&client, "arn:aws:sns:us-east-1:123456789012:alerts");
                let topic = topic.unwrap().with_patience(hasty);
                topic.notify(&samples::alerts(2)).await.unwrap_err()
            }
        }
    }
}

fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let retry = aws_smithy_types::retry::RetryConfig::disabled();
    let config = aws_sdk_dynamodb::Config::from(config).to_builder().retry_config(retry);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

#[tokio::test(start_paused = true)]
async fn every_backend_maps_what_aws_says_to_a_kind_with_the_request_id() {
    use ErrorKind::{Denied, Throttled, Unavailable};
    for service in ALL {
        for (status, code, kind) in [
            (400, "ThrottlingException", Throttled),
            (400, "ProvisionedThroughputExceededException", Throttled),
            (503, "SlowDown", Throttled),
            (429, "NobodyKnows", Throttled),
            (403, "AccessDenied", Denied),
            (400, "UnrecognizedClientException", Denied),
            (403, "NobodyKnows", Denied),
            // Instance metadata serves expired credentials for minutes.
            (400, "ExpiredTokenException", Unavailable),
            (403, "ExpiredToken", Unavailable),
            (500, "InternalFailure", Unavailable),
            (502, "NobodyKnows", Unavailable),
            (400, "ValidationException", ErrorKind::Rejected),
            (418, "NobodyKnows", ErrorKind::Rejected),
        ] {
            let error = service.error(&config(service.says(status, code), Some("us-east-1"))).await;
            let chain = error.chain();
            assert_eq!(error.kind(), kind, "{service:?} {status} {code}: {chain}");
            assert!(chain.contains("request id REQUEST-7"), "{service:?} {code}: {chain}");
            assert!(chain.contains("words of AWS"), "{service:?} {code}: {chain}");
            assert!(!chain.contains("secret"), "{chain}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_says_what_to_do() {
    for (service, stub, name) in [
        (Service::Table, json(400, "ResourceNotFoundException"), "table `quotes`"),
        (Service::Ledger, json(400, "ResourceNotFoundException"), "table `alerts`"),
        (Service::Kinesis, json(400, "ResourceNotFoundException"), "stream `quotes`"),
        (Service::Reader, json(400, "ResourceNotFoundException"), "stream `quotes`"),
        (Service::Sns, sns(404, "NotFound"), "topic `arn:aws:sns"),
        (Service::S3, s3(404, "NoSuchBucket"), "bucket `bucket`"),
        // A bucket of another region.
        (Service::S3, s3(301, "PermanentRedirect"), "bucket `bucket`"),
        (Service::S3, s3(400, "AuthorizationHeaderMalformed"), "bucket `bucket`"),
    ] {
        let error = service.error(&config(stub, Some("us-east-1"))).await;
        let chain = error.chain();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{service:?}: {chain}");
        let todo = "does not exist in this account and region: check its name and AWS_REGION, or create it";
        assert!(chain.contains(name) && chain.contains(todo), "{service:?}: {chain}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_region_every_backend_says_so_at_once() {
    for service in ALL {
        let error = service.error(&config(service.says(200, ""), None)).await;
        let chain = error.chain();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{service:?}: {chain}");
        assert!(chain.contains("set AWS_REGION"), "{service:?}: {chain}");
    }
}
