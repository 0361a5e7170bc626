//! What the SDK's errors mean to a caller.

use std::{error::Error as StdError, fmt};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{
    orchestrator::HttpResponse,
    result::{ConnectorError, SdkError},
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use stockflow_core::{Error, ErrorKind};

/// Which operation of which backend was called, and on what: the words of its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) backend: &'static str,
    pub(crate) operation: &'static str,
    /// The resource with its sort, as "table `stock-market-table`".
    pub(crate) resource: &'a str,
}

impl Call<'_> {
    /// The error of this call.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let kind = kind_of(&error);
        let request = error.raw_response().and_then(request_id).map(str::to_owned);
        let hint = hint(kind, &error, self.resource);
        let cause: Box<dyn StdError + Send + Sync> = match &error {
            // The service's own words; the structure around them says nothing more.
            SdkError::ServiceError(service) => {
                match (service.err().code(), service.err().message()) {
                    (Some(code), Some(message)) => format!("{code}: {message}").into(),
                    (Some(code), None) => code.into(),
                    _ => status_line(service.raw()).into(),
                }
            }
            _ => error.into_source().unwrap_or_else(Into::into),
        };
        self.error(kind).with_source(Cause { hint, request, cause })
    }

    /// An error of this call that the service did not answer with: a refused item of a batch, an answer out of shape.
    pub(crate) const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.backend, self.operation)
    }
}

/// What to do, what AWS calls the request, and what went wrong.
#[derive(Debug)]
struct Cause {
    hint: Option<String>,
    request: Option<String>,
    cause: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => f.write_str(hint)?,
            None => f.write_str("the call was not answered with success")?,
        }
        self.request.as_ref().map_or(Ok(()), |id| write!(f, " (request id {id})"))
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.cause.as_ref())
    }
}

fn kind_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> ErrorKind {
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            service.err().code().and_then(kind_of_code).unwrap_or_else(|| kind_of_status(status))
        }
        SdkError::ResponseError(response) => match kind_of_status(response.raw().status().as_u16())
        {
            // Cut off, or not understood, in the middle of a success: it may have been done, and can be asked for again.
            ErrorKind::Unexpected => ErrorKind::Unavailable,
            kind => kind,
        },
        SdkError::TimeoutError(_) => ErrorKind::Unavailable,
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(lacks_credentials) =>
        {
            ErrorKind::Denied
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(lacks_region) =>
        {
            ErrorKind::Rejected
        }
        SdkError::DispatchFailure(_) => ErrorKind::Unavailable,
        SdkError::ConstructionFailure(_) => ErrorKind::Rejected,
        _ => ErrorKind::Unexpected,
    }
}

/// What an error code of a service, or of one item of a batch, means; `None` for one that is not known here.
pub(crate) fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "ProvisionedThroughputExceededException"
        | "ProvisionedThroughputExceeded"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttled"
        | "ThrottledException"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottlingError"
        | "KMSThrottlingException"
        | "KMSThrottling"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded" => ErrorKind::Throttled,
        // Instance metadata may serve expired credentials for minutes, so an expired one is worth another try.
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerErrorException"
        | "InternalServerException"
        | "InternalError"
        | "InternalErrorException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "TransactionInProgressException"
        // Of S3: what arrived is not what was sent, or an object changed while it was read.
        | "BadDigest"
        | "IncompleteBody"
        | "XAmzContentSHA256Mismatch"
        | "PreconditionFailed"
        | "OperationAborted" => ErrorKind::Unavailable,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "AuthFailure"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSecurity"
        | "InvalidSignatureException"
        | "KMSAccessDenied"
        | "KMSAccessDeniedException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => ErrorKind::Denied,
        // S3's words for a bucket of another region.
        "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "PermanentRedirect"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NotFound"
        | "NotFoundException"
        | "ResourceNotFoundException" => ErrorKind::NotFound,
        "LimitExceededException" | "ItemCollectionSizeLimitExceededException" => {
            ErrorKind::Exhausted
        }
        "ConditionalCheckFailedException"
        | "InvalidArgumentException"
        | "InvalidParameter"
        | "InvalidParameterException"
        | "InvalidParameterValue"
        | "InvalidRequestException"
        | "ParameterValueInvalid"
        | "SerializationException"
        | "ValidationError"
        | "ValidationException" => ErrorKind::Rejected,
        _ => return None,
    })
}

const fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        429 => ErrorKind::Throttled,
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        408 | 500..=599 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::Rejected,
        _ => ErrorKind::Unexpected,
    }
}

fn lacks_credentials(error: &ConnectorError) -> bool {
    causes(error).any(|cause| cause.is::<CredentialsError>())
}

/// By the words of the rules that find a service's endpoint: their error's type is not public.
fn lacks_region(error: &ConnectorError) -> bool {
    // S3 has words of its own.
    let words = ["Missing Region", "A region must be set"];
    causes(error).any(|cause| words.iter().any(|words| cause.to_string().contains(words)))
}

/// An error and what caused it.
fn causes(error: &ConnectorError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |&error| error.source())
}

fn hint<E: ProvideErrorMetadata>(
    kind: ErrorKind,
    error: &SdkError<E, HttpResponse>,
    resource: &str,
) -> Option<String> {
    Some(match (kind, error) {
        (ErrorKind::Denied, SdkError::DispatchFailure(_)) => {
            "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role".into()
        }
        (ErrorKind::Rejected, SdkError::DispatchFailure(_)) => {
            "no AWS region: set AWS_REGION, or `region` in the profile".into()
        }
        (ErrorKind::Denied, _) => format!(
            "access to {resource} was refused: check that the credentials are of the right account and that their policy allows this action on it"
        ),
        (ErrorKind::NotFound, _) => format!(
            "{resource} does not exist in this account and region: check its name and AWS_REGION, or create it"
        ),
        (ErrorKind::Unavailable, SdkError::DispatchFailure(_)) => format!(
            "no connection for {resource}: check the network, AWS_REGION and AWS_ENDPOINT_URL"
        ),
        (ErrorKind::Throttled, _) => format!("{resource} is asked for more than it is provisioned for"),
        (ErrorKind::Rejected, _) => format!("{resource} does not take the request as it is"),
        (ErrorKind::Exhausted, _) => format!("{resource} is at a limit of the account or of the service"),
        _ => return None,
    })
}

/// The name under which AWS' support finds the request.
fn request_id(response: &HttpResponse) -> Option<&str> {
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| response.headers().get(name))
}

fn status_line(response: &HttpResponse) -> String {
    format!("answered with status {} and no error code", response.status().as_u16())
}
