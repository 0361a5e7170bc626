//! The whole job on one machine: feed, spool, both stages, alerts.

mod intake;
mod nobody;
mod pause;
mod progress;
mod stage_one;
mod stage_two;
mod step;
mod summary;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use stockflow_core::{
    Alerter, Cursor, Processor, QuoteSource, Result, Row, Rules, Sink, Timestamp, TrendWatch,
    wrap::FanOut,
};
use tokio::{runtime::Handle, sync::watch, task::spawn_blocking};

use self::{
    intake::Intake, nobody::Nobody, progress::Shared, stage_one::StageOne, stage_two::StageTwo,
};
use crate::{
    lake::Lake,
    ledger::{AlertQuery, LedgerEntry, LocalLedger},
    spool::{Spool, SpoolOptions},
    store::Store,
    table::LocalTable,
};

pub use progress::Progress;
pub use summary::{StageTimes, Summary};

/// The pipeline over one data folder: whatever is killed, what a source was told is taken is neither lost nor done twice.
///
/// | in the folder | what |
/// |---|---|
/// | `spool/` | quotes on their way to stage 1 |
/// | `stockflow.redb` | judged rows, alert ledger, change feed between the stages |
/// | `lake/` | raw quotes by day, compressed NDJSON |
/// | `quarantine/` | what could not be read, with the reason |
///
/// ```no_run
/// use std::sync::Arc;
/// use stockflow_core::Rules;
/// use stockflow_local::{Pipeline, SimulatedMarket, alerter::ConsoleAlerter};
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let console = ConsoleAlerter::new(std::io::stdout());
/// let mut pipeline = Pipeline::open("data", Rules::default_set())?.with_alerter(Arc::new(console));
/// let market = SimulatedMarket::with_seed(7, pipeline.cursors())?;
/// let summary = pipeline.run(Box::new(market), std::future::pending()).await?;
/// println!("{} rows, {} alerts", summary.rows, summary.alerts);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Pipeline {
    dir: PathBuf,
    rules: Rules,
    spool: Spool,
    store: Store,
    lake: Arc<Lake>,
    quarantine: Arc<Lake>,
    sinks: Vec<Arc<dyn Sink<Row>>>,
    alerters: Vec<Arc<dyn Alerter>>,
    clock: fn() -> Timestamp,
    earliest_arrival: Timestamp,
    batch_window: Duration,
    batch_records: usize,
    progress: watch::Sender<Progress>,
}

impl Pipeline {
    /// Opens the data folder, or makes it. Only one process at a time can have it open.
    ///
    /// # Errors
    /// The folder cannot be made or read, is open elsewhere, or holds what is damaged beyond reading.
    pub fn open(dir: impl AsRef<Path>, rules: Rules) -> Result<Self> {
        let dir = dir.as_ref().to_path_buf();
        Ok(Self {
            spool: Spool::open(dir.join("spool"), SpoolOptions::default())?,
            store: Store::open(&dir)?,
            lake: Arc::new(Lake::open(dir.join("lake"))?),
            quarantine: Arc::new(Lake::open(dir.join("quarantine"))?),
            dir,
            rules,
            sinks: Vec::new(),
            alerters: Vec::new(),
            clock: system_clock,
            earliest_arrival: Timestamp::MIN,
            batch_window: Duration::from_secs(1),
            batch_records: 16_384,
            progress: watch::Sender::new(Progress::default()),
        })
    }

    /// Tells alerts to `alerter` too; an alert counts as sent when all alerters have it.
    #[must_use]
    pub fn with_alerter(mut self, alerter: Arc<dyn Alerter>) -> Self {
        self.alerters.push(alerter);
        self
    }

    /// Hands every judged row to `sink` too, at least once.
    #[must_use]
    pub fn with_sink(mut self, sink: Arc<dyn Sink<Row>>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// With another clock for arrival times and leases, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    /// Counts quotes as arrived no earlier than `time`, whatever the clock says: for a feed whose market time is not the machine's,
    /// and may be in its future. What is more than five minutes after its arrival is quarantined.
    #[must_use]
    pub const fn with_earliest_arrival(mut self, time: Timestamp) -> Self {
        self.earliest_arrival = time;
        self
    }

    /// How long stage 1 waits for a batch to fill up (default 1 s): the longest time from a quote to its row, and the
    /// shortest between two objects of the lake.
    #[must_use]
    pub const fn with_batch_window(mut self, window: Duration) -> Self {
        self.batch_window = window;
        self
    }

    /// Most records in a batch of stage 1 (default 16,384); up to eight times as many where a batch has more than an eighth as
    /// many symbols.
    #[must_use]
    pub fn with_batch_records(mut self, records: usize) -> Self {
        self.batch_records = records.max(1);
        self
    }

    /// How far each feed was read: what to open a feed with so that it goes on where it ended.
    #[must_use]
    pub fn cursors(&self) -> Vec<Cursor> {
        self.spool.cursors()
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The table of judged rows.
    #[must_use]
    pub fn table(&self) -> LocalTable {
        LocalTable::new(&self.store)
    }

    /// The ledger of alerts.
    #[must_use]
    pub fn ledger(&self) -> LocalLedger {
        LocalLedger::new(&self.store)
    }

    /// Alerts told, or to be told, of all runs, by market time of their cause.
    ///
    /// # Errors
    /// As for any read.
    pub fn alerts(&self, query: &AlertQuery) -> Result<Vec<LedgerEntry>> {
        self.store.alerts(query)
    }

    /// Counts while [`run`](Self::run) is at work.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Takes quotes from `source` until it is exhausted or `stop` is ready, and finishes what was taken: after a clean stop
    /// every quote taken is judged, stored, archived, and its alerts are told.
    ///
    /// What an earlier run left unfinished is finished first. Retryable errors of a backend are tried again until they pass.
    /// Alerts that cannot be delivered when the run ends stay pending, and are told by the next run.
    ///
    /// # Errors
    /// A backend failed for good (disk full, damaged file). Nothing that was taken is lost: a later run goes on with it.
    pub async fn run(
        &mut self,
        source: Box<dyn QuoteSource>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Summary> {
        let started = std::time::Instant::now();
        let shared = Arc::new(Shared::new(self.progress.clone()));
        shared.damaged(self.spool.damages().iter().cloned());
        let intake = Intake::new(
            source,
            self.spool.writer(),
            Arc::clone(&self.quarantine),
            (self.clock, self.earliest_arrival),
            Arc::clone(&shared),
        );
        let mut processor = Processor::new(
            &self.rules,
            Arc::new(self.table()),
            Arc::clone(&self.lake) as _,
            Arc::clone(&self.quarantine) as _,
        );
        for sink in &self.sinks {
            processor = processor.with_sink(Arc::clone(sink));
        }
        let one = StageOne {
            processor,
            reader: self.spool.reader(),
            batch_records: self.batch_records,
            symbols: 0,
            batch_window: self.batch_window,
            shared: Arc::clone(&shared),
        };
        let watch = TrendWatch::new(
            &self.rules,
            Arc::new(self.table()),
            Arc::new(self.ledger()),
            self.everybody(),
        )
        // The data folder is open in this process only: a claim without a mark is one that a crash left behind.
        .with_lease(Duration::ZERO);
        let two = StageTwo {
            watch,
            store: self.store.clone(),
            clock: self.clock,
            shared: Arc::clone(&shared),
        };

        let (one, two) = (blocking(one.run()), blocking(two.run()));
        let taken = blocking(intake.run(stop)).await;
        shared.intake_ended(taken.is_err());
        let stages = (one.await, two.await);
        taken.and(stages.0).and(stages.1)?;
        // The last marks and acknowledgements wait for a commit that would not come.
        self.store.sync().await?;
        Ok(shared.summary(started.elapsed(), self.store.row_count()?))
    }
}

impl Pipeline {
    fn everybody(&self) -> Arc<dyn Alerter> {
        let mut alerters = self.alerters.iter().cloned();
        match alerters.next() {
            None => Arc::new(Nobody),
            Some(first) if self.alerters.len() == 1 => first,
            Some(first) => Arc::new(alerters.fold(FanOut::<dyn Alerter>::new(first), FanOut::with)),
        }
    }
}

/// Runs a stage on a thread of its own: the embedded backends block.
fn blocking(
    stage: impl Future<Output = Result<()>> + Send + 'static,
) -> impl Future<Output = Result<()>> {
    let handle = Handle::current();
    let task = spawn_blocking(move || handle.block_on(stage));
    async move {
        match task.await {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// The machine's clock; before 1970 it counts as 1970.
pub(crate) fn system_clock() -> Timestamp {
    let micros =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}
