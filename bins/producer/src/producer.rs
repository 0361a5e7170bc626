//! A feed, a spool and a sink, put together.

use std::{path::Path, sync::Arc, time::Duration};

use stockflow_core::{Cursor, Quote, QuoteSource, Result, Sink, Timestamp};
use stockflow_local::{Lake, Spool, SpoolOptions};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{Failure, Status, delivery::Delivery, intake::Intake};

/// Takes quotes from a feed into a durable spool, and sends them from there.
///
/// | in the folder | what |
/// |---|---|
/// | `spool/` | quotes on their way, and how far feeds were read |
/// | `quarantine/` | what the feed could not read, or the stream will never take, with the reason |
#[derive(Debug)]
pub struct Producer {
    spool: Spool,
    quarantine: Lake,
    sink: Arc<dyn Sink<Quote>>,
    clock: fn() -> Timestamp,
    linger: Duration,
    drain: Duration,
    status: Arc<Status>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Quotes taken from the feed.
    pub taken: u64,
    /// Quotes that the stream has confirmed.
    pub delivered: u64,
    /// Quotes that wait in the spool for the next run.
    pub waiting: u64,
}

impl Producer {
    /// Opens the folder, or makes it. Only one process at a time can have it open.
    ///
    /// # Errors
    /// The folder cannot be made or read, or is open elsewhere.
    pub fn open(
        folder: impl AsRef<Path>,
        options: SpoolOptions,
        sink: Arc<dyn Sink<Quote>>,
    ) -> Result<Self> {
        let folder = folder.as_ref();
        let spool = Spool::open(folder.join("spool"), options)?;
        let status = Arc::new(Status::default());
        let first =
            spool.reader().read(1, 1)?.records.first().and_then(|r| r.position.sequence.as_u64());
        let last = spool.writer().last();
        status.with(|tally| tally.waiting = first.map_or(0, |first| last + 1 - first));
        Ok(Self {
            spool,
            quarantine: Lake::open(folder.join("quarantine"))?,
            sink,
            clock: crate::now,
            linger: Duration::from_millis(100),
            drain: Duration::from_secs(25),
            status,
        })
    }

    /// With another clock for arrival times, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    /// How long a quote waits for others to be sent with (default 100 ms).
    #[must_use]
    pub const fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// How long what was read may take to be sent, once asked to stop (default 25 s).
    #[must_use]
    pub const fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// How far each feed was read: what to open a feed with so that it goes on where it ended.
    #[must_use]
    pub fn cursors(&self) -> Vec<Cursor> {
        self.spool.cursors()
    }

    /// What is known while it runs.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Bytes that wait in the spool.
    pub(crate) fn waiting_bytes(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let writer = self.spool.writer();
        move || writer.waiting_bytes()
    }

    /// Takes quotes from `source` until it is exhausted or `stop` is ready, and sends what was taken, and what an earlier run left.
    ///
    /// While the stream does not take quotes they wait in the spool; when that is full, the source is not asked. Both go on by
    /// themselves.
    ///
    /// # Errors
    /// The source or the disk failed for good; the stream is not there or denies, and never took anything; or not everything was
    /// sent in time after `stop`. Nothing that was taken is lost: the next run sends it.
    pub async fn run(
        self,
        source: Box<dyn QuoteSource>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Summary, Failure> {
        let Self { spool, quarantine, sink, clock, linger, drain, status } = self;
        status.with(|tally| tally.ended = false);
        let intake = Intake {
            source,
            writer: spool.writer(),
            quarantine: quarantine.clone(),
            clock,
            status: Arc::clone(&status),
        };
        let delivery = Delivery {
            reader: spool.reader(),
            sink,
            quarantine,
            clock,
            linger,
            status: Arc::clone(&status),
        };
        // Heard by the intake while there is one, and afterwards by the wait for what it gave.
        let (asked, told) = watch::channel(false);
        let listening = tokio::spawn(async move {
            stop.await;
            asked.send_replace(true);
        });
        let intake = tokio::spawn(intake.run(heard(told.clone())));
        let mut delivery = tokio::spawn(delivery.run());
        let too_late = async {
            heard(told).await;
            sleep(drain).await;
        };
        let sent = tokio::select! {
            sent = &mut delivery => Some(sent),
            () = too_late => None,
        };
        listening.abort();
        intake.abort();
        let taken = joined(intake).await;
        match sent {
            Some(sent) => flatten(sent).and(taken)?,
            // Waited for, so that the spool is closed.
            None => {
                delivery.abort();
                joined(delivery).await.and(taken)?;
            }
        }
        let tally = status.tally();
        let summary =
            Summary { taken: tally.taken, delivered: tally.delivered, waiting: tally.waiting };
        if summary.waiting > 0 {
            let why = tally.failing.map_or_else(String::new, |(_, why)| format!(": {why}"));
            return Err(Failure::Failed(format!(
                "{} quotes were not sent within {drain:?} and wait in the spool for the next run{why}",
                summary.waiting
            )));
        }
        Ok(summary)
    }
}

/// Ready when the program is asked to stop, be it before or after the feed has ended.
async fn heard(mut told: watch::Receiver<bool>) {
    if told.wait_for(|asked| *asked).await.is_err() {
        std::future::pending().await
    }
}

/// The outcome of a task, unless it was told to end.
async fn joined(task: JoinHandle<Result<()>>) -> Result<(), Failure> {
    match task.await {
        Err(error) if error.is_cancelled() => Ok(()),
        outcome => flatten(outcome),
    }
}

fn flatten(outcome: Result<Result<()>, tokio::task::JoinError>) -> Result<(), Failure> {
    match outcome {
        Ok(outcome) => Ok(outcome?),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Failure::Failed(error.to_string())),
    }
}
