//! What a request asks for, and what its answer makes of it.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use serde_json::Value;

use super::{State, athena, dynamodb, kinesis, s3, sns};

/// What the attempt that is under way asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Service and operation, as `DynamoDB.PutItem`.
    pub(super) name: String,
    service: Service,
}

#[derive(Debug)]
enum Service {
    Athena(athena::Asked),
    DynamoDb(dynamodb::Asked),
    Kinesis(kinesis::Asked),
    S3(s3::Asked),
    Sns(sns::Asked),
    Other,
}

impl Storable for Asked {
    type Storer = StoreReplace<Self>;
}

impl Asked {
    pub(super) fn read(call: &Metadata, request: &HttpRequest) -> Self {
        let body = request.body().bytes().unwrap_or_default();
        let operation = call.name();
        let service = match call.service() {
            "Athena" => Service::Athena(athena::Asked::read(operation, body)),
            "DynamoDB" => Service::DynamoDb(dynamodb::Asked::read(operation, body)),
            "Kinesis" => Service::Kinesis(kinesis::Asked::read(operation, body)),
            "S3" => Service::S3(s3::Asked::read(operation, request)),
            "SNS" => Service::Sns(sns::Asked::read(operation, body)),
            _ => Service::Other,
        };
        Self { name: format!("{}.{operation}", call.service()), service }
    }

    pub(super) fn settle(&self, answer: &Answer<'_>, state: &mut State) {
        let calls = state.usage.calls.entry(self.name.clone()).or_default();
        calls.answered += 1;
        calls.refused += u64::from(!answer.is_success());
        match &self.service {
            Service::Athena(asked) => {
                asked.settle(answer, &mut state.usage.athena, &mut state.queries);
            }
            Service::DynamoDb(asked) => asked.settle(answer, &mut state.usage.dynamodb),
            Service::Kinesis(asked) => asked.settle(answer, &mut state.usage.kinesis),
            Service::S3(asked) => asked.settle(answer, &mut state.usage.s3),
            Service::Sns(asked) => asked.settle(answer, &mut state.usage.sns),
            Service::Other => {}
        }
    }
}

/// An answer, as far as it tells what is billed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// Empty if it is passed on as it comes.
    pub(super) body: &'a [u8],
    /// Of the whole body.
    pub(super) length: u64,
}

impl<'a> Answer<'a> {
    pub(super) fn of(response: &'a HttpResponse) -> Self {
        let body = response.body().bytes().unwrap_or_default();
        let length = response.headers().get("content-length").and_then(|text| text.parse().ok());
        let status = response.status().as_u16();
        Self { status, body, length: length.unwrap_or(body.len() as u64) }
    }

    pub(super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Null if it is no JSON.
    pub(super) fn json(&self) -> Value {
        json(self.body)
    }
}

/// Null if it is no JSON.
pub(super) fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// Bytes that a text in base64 stands for; 0 for what is no text.
pub(super) fn base64_bytes(text: &Value) -> u64 {
    let text = text.as_str().unwrap_or_default();
    let digits = text.trim_end_matches('=').len() as u64;
    digits * 3 / 4
}
