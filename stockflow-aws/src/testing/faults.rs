//! A client that fails by seed.

mod answer;
mod form;
mod json;
mod partial;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

use self::answer::Answer;

/// What may go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Refused for its rate, in the service's own words; nothing was done.
    Throttle,
    /// Status 500 or 503; nothing was done.
    ServerError,
    /// The credentials are told to be expired; nothing was done.
    ExpiredCredentials,
    /// The connection breaks: in half of the cases before the request was read, in the other half after it was done.
    Reset,
    /// The client gives up waiting: in half of the cases the request was done.
    Timeout,
    /// No answer, ever: in half of the cases the request was done. Whoever waits needs a deadline of his own.
    Hang,
    /// Of a `PutRecords`, `BatchWriteItem`, `BatchGetItem` or `PublishBatch`, some items are done and the others refused,
    /// each with the same probability, with status 200. Other requests are passed on.
    Partial,
}

const KINDS: usize = 7;

/// How often which fault happens, and by which seed.
///
/// A request rolls once, so the probabilities of the faults must not sum to more than 1; [`Fault::Partial`] rolls by itself,
/// and for each item.
///
/// ```
/// use stockflow_aws::{client, testing::{Fault, Faults}};
///
/// let faults = Faults::by_seed(7).with(Fault::Throttle, 0.5).with(Fault::ServerError, 0.1);
/// let http = faults.around(client::https());
/// assert_eq!(http.count(Fault::Throttle), 0);
/// // aws_config::defaults(...).http_client(http.clone())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    seed: u64,
    chances: [f64; KINDS],
}

impl Faults {
    /// No faults yet; `seed` decides which requests the faults will hit.
    #[must_use]
    pub const fn by_seed(seed: u64) -> Self {
        Self { seed, chances: [0.0; KINDS] }
    }

    /// With a fault of that kind in the part `chance` (0 to 1) of all requests, or items for [`Fault::Partial`].
    #[must_use]
    pub const fn with(mut self, fault: Fault, chance: f64) -> Self {
        self.chances[fault as usize] = chance.clamp(0.0, 1.0);
        self
    }

    /// A client that passes requests on to `inner`, or fails.
    ///
    /// Partial failures change the request, so its signature does not hold any more: `inner` must lead to a service that does not
    /// check it, as emulators do by default.
    #[must_use]
    pub fn around(self, inner: SharedHttpClient) -> FaultyClient {
        FaultyClient { inner, state: Arc::new(State::new(self)) }
    }

    /// The fault that `roll` (0 to 1) means, partial ones aside.
    fn fault_at(&self, mut roll: f64) -> Option<Fault> {
        const WHOLE: [Fault; KINDS - 1] = [
            Fault::Throttle,
            Fault::ServerError,
            Fault::ExpiredCredentials,
            Fault::Reset,
            Fault::Timeout,
            Fault::Hang,
        ];
        WHOLE.into_iter().find(|fault| {
            roll -= self.chances[*fault as usize];
            roll < 0.0
        })
    }
}

/// An HTTP client for the SDK that fails as [`Faults`] say, and counts what it did.
#[derive(Clone)]
pub struct FaultyClient {
    inner: SharedHttpClient,
    state: Arc<State>,
}

impl FaultyClient {
    /// How many requests were asked for.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// How many requests met that fault; of [`Fault::Partial`], how many items were refused.
    #[must_use]
    pub fn count(&self, fault: Fault) -> u64 {
        self.state.counts[fault as usize].load(Ordering::Relaxed)
    }
}

impl fmt::Debug for FaultyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyClient").field("faults", &self.state.faults).finish_non_exhaustive()
    }
}

impl HttpClient for FaultyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Faulty { inner, state: Arc::clone(&self.state) })
    }
}

#[derive(Debug)]
struct State {
    faults: Faults,
    requests: AtomicU64,
    counts: [AtomicU64; KINDS],
}

impl State {
    fn new(faults: Faults) -> Self {
        Self { faults, requests: AtomicU64::new(0), counts: Default::default() }
    }

    fn note(&self, fault: Fault, times: u64) {
        self.counts[fault as usize].fetch_add(times, Ordering::Relaxed);
    }
}

/// The random numbers of one request: SplitMix64, begun at a place that the seed and the request's number give.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// A number from 0 (inclusive) to 1 (exclusive).
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Debug)]
struct Faulty {
    inner: SharedHttpConnector,
    state: Arc<State>,
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.state.requests.fetch_add(1, Ordering::Relaxed);
        let mut dice =
            Dice(self.state.faults.seed.wrapping_add(number.wrapping_mul(0xd134_2543_de82_ef95)));
        let fault = self.state.faults.fault_at(dice.roll());
        if let Some(fault) = fault {
            self.state.note(fault, 1);
        }
        let inner = self.inner.clone();
        let state = Arc::clone(&self.state);
        HttpConnectorFuture::new(async move {
            let done = dice.roll() < 0.5;
            match fault {
                None => pass_on(inner, request, &state, dice).await,
                Some(Fault::Throttle) => answer::throttled(&request),
                Some(Fault::ServerError) => answer::server_error(&request, done),
                Some(Fault::ExpiredCredentials) => answer::expired(&request),
                Some(fault) => {
                    if done {
                        // What the service answers is lost on the way.
                        drop(inner.call(request).await);
                    }
                    match fault {
                        Fault::Hang => std::future::pending().await,
                        Fault::Timeout => Err(ConnectorError::timeout("no answer in time".into())),
                        _ => Err(ConnectorError::io("connection reset by peer".into())),
                    }
                }
            }
        })
    }
}

async fn pass_on(
    inner: SharedHttpConnector,
    request: HttpRequest,
    state: &State,
    mut dice: Dice,
) -> Answer {
    let chance = state.faults.chances[Fault::Partial as usize];
    if chance == 0.0 {
        return inner.call(request).await;
    }
    let Some(split) = partial::split(&request, || dice.roll() < chance) else {
        return inner.call(request).await;
    };
    state.note(Fault::Partial, split.refused());
    split.run(inner, request).await
}
