//! Runs a function in Lambda: `lambda_runtime`, with the body of the event as it came.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use lambda_runtime::{Error, LambdaEvent, LambdaInvocation, Runtime, tower};
use serde_json::Value;
use stockflow_core::Timestamp;
use tokio::time::Instant;

use super::Invocation;

/// The body of the event that is being handled. There is one at a time.
type Slot = Arc<Mutex<Bytes>>;

/// Handles events until Lambda ends the process; `handler` gets each body as it came, and answers with JSON.
///
/// The runtime's own decoding is left out: it is given `null`, and costs nothing for an event of 6 MB.
///
/// # Errors
/// The handler's go to Lambda, which brings the event again. Those of this function are of the connection to Lambda.
pub async fn run<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Bytes, Invocation) -> F,
    F: Future<Output = Result<Value, Error>>,
{
    let slot = Slot::default();
    let body = Arc::clone(&slot);
    let service = lambda_runtime::service_fn(move |event: LambdaEvent<()>| {
        let bytes = body.lock().map(|mut body| std::mem::take(&mut *body)).unwrap_or_default();
        handler(bytes, invocation(&event.context))
    });
    Runtime::new(service).layer(KeepBody(slot)).run().await
}

fn invocation(context: &lambda_runtime::Context) -> Invocation {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(context.deadline).saturating_sub(now);
    Invocation {
        request_id: context.request_id.clone(),
        now: Timestamp::MIN.saturating_add(now),
        deadline: Instant::now() + left,
    }
}

/// Puts each event's body aside before the runtime would decode it.
struct KeepBody(Slot);

impl<S> tower::Layer<S> for KeepBody {
    type Service = KeepBodyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        KeepBodyService { inner, slot: Arc::clone(&self.0) }
    }
}

struct KeepBodyService<S> {
    inner: S,
    slot: Slot,
}

impl<S: tower::Service<LambdaInvocation>> tower::Service<LambdaInvocation> for KeepBodyService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut event: LambdaInvocation) -> Self::Future {
        let body = std::mem::replace(&mut event.body, Bytes::from_static(b"null"));
        if let Ok(mut slot) = self.slot.lock() {
            *slot = body;
        }
        self.inner.call(event)
    }
}
