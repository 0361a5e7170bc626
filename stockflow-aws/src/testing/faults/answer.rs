//! Errors as the services word them.

use aws_smithy_runtime_api::{
    client::{
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// What a connector gives back.
pub(super) type Answer = Result<HttpResponse, ConnectorError>;

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// JSON, the operation in the header `x-amz-target`.
    Json,
    /// A form, the operation in the field `Action`, answered in XML.
    Form,
    /// S3: method and path, answered in XML.
    Rest,
}

/// The service's name for what it is asked for, and how it is asked.
pub(super) fn operation(request: &HttpRequest) -> (Dialect, &str) {
    if let Some(target) = request.headers().get("x-amz-target") {
        return (Dialect::Json, target.rsplit('.').next().unwrap_or(target));
    }
    let form = request
        .headers()
        .get("content-type")
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if !form {
        return (Dialect::Rest, request.method());
    }
    let body =
        request.body().bytes().and_then(|body| str::from_utf8(body).ok()).unwrap_or_default();
    let action = body.split('&').find_map(|field| field.strip_prefix("Action="));
    (Dialect::Form, action.unwrap_or_default())
}

pub(super) fn throttled(request: &HttpRequest) -> Answer {
    let (dialect, name) = operation(request);
    let (status, code) = match (dialect, name) {
        (Dialect::Json, "PutRecords" | "PutRecord" | "GetRecords") => {
            (400, "ProvisionedThroughputExceededException")
        }
        (Dialect::Json, _) => (400, "ThrottlingException"),
        (Dialect::Form, _) => (400, "Throttling"),
        (Dialect::Rest, _) => (503, "SlowDown"),
    };
    error(dialect, status, code, "Rate exceeded")
}

pub(super) fn server_error(request: &HttpRequest, unavailable: bool) -> Answer {
    let (dialect, _) = operation(request);
    let (status, code) = match (dialect, unavailable) {
        (Dialect::Json, true) => (503, "ServiceUnavailable"),
        (Dialect::Json, false) => (500, "InternalServerError"),
        (_, true) => (503, "ServiceUnavailable"),
        (_, false) => (500, "InternalError"),
    };
    error(dialect, status, code, "We encountered an internal error. Please try again.")
}

pub(super) fn expired(request: &HttpRequest) -> Answer {
    let (dialect, _) = operation(request);
    let code = if dialect == Dialect::Json { "ExpiredTokenException" } else { "ExpiredToken" };
    let status = if dialect == Dialect::Form { 403 } else { 400 };
    error(dialect, status, code, "The security token included in the request is expired")
}

fn error(dialect: Dialect, status: u16, code: &str, message: &str) -> Answer {
    let (kind, body) = match dialect {
        Dialect::Json => (
            "application/x-amz-json-1.1",
            format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
        ),
        Dialect::Form => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>injected</RequestId></ErrorResponse>"
            ),
        ),
        Dialect::Rest => (
            "application/xml",
            format!(
                "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>injected</RequestId></Error>"
            ),
        ),
    };
    response(status, kind, body)
}

/// An answer with a request id, as the services give one with every answer.
pub(super) fn response(status: u16, kind: &'static str, body: impl Into<SdkBody>) -> Answer {
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, body.into());
    response.headers_mut().insert("content-type", kind);
    response.headers_mut().insert("x-amzn-requestid", "injected");
    Ok(response)
}
