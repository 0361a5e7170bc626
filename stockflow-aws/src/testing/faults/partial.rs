//! Batches of which a part is refused.

use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::byte_stream::ByteStream;

use super::{
    answer::{self, Answer, Dialect},
    form, json,
};

/// A batch, cut into what is done and what is refused.
#[derive(Debug)]
pub(super) enum Split {
    Json(json::Split),
    Form(form::Split),
}

/// Cuts `request` in two, if it is a batch and `refuse` says so of some item.
pub(super) fn split(request: &HttpRequest, refuse: impl FnMut() -> bool) -> Option<Split> {
    let body = request.body().bytes()?;
    match answer::operation(request) {
        (Dialect::Json, operation) => json::split(operation, body, refuse).map(Split::Json),
        (Dialect::Form, "PublishBatch") => form::split(body, refuse).map(Split::Form),
        _ => None,
    }
}

impl Split {
    /// How many items are refused.
    pub(super) fn refused(&self) -> u64 {
        match self {
            Self::Json(split) => split.refused(),
            Self::Form(split) => split.refused(),
        }
    }

    /// Has the rest done by `inner`, and adds the refusals to its answer.
    pub(super) async fn run(self, inner: SharedHttpConnector, mut request: HttpRequest) -> Answer {
        let (rest, kind) = match &self {
            Self::Json(split) => (split.rest(), "application/x-amz-json-1.1"),
            Self::Form(split) => (split.rest(), "text/xml"),
        };
        let Some(rest) = rest else {
            return answer::response(200, kind, self.merge(&[]));
        };
        request.headers_mut().insert("content-length", rest.len().to_string());
        *request.body_mut() = rest.into();
        let mut answer = inner.call(request).await?;
        if !answer.status().is_success() {
            return Ok(answer);
        }
        let body = ByteStream::new(answer.take_body()).collect().await;
        let body = body.map_err(|error| super::ConnectorError::io(error.into()))?.into_bytes();
        answer::response(200, kind, self.merge(&body))
    }

    fn merge(self, answer: &[u8]) -> Vec<u8> {
        match self {
            Self::Json(split) => split.merge(answer),
            Self::Form(split) => split.merge(answer),
        }
    }
}
