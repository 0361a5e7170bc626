//! A session over a data folder.

use std::{fmt, path::Path, sync::Arc};

use datafusion::{
    catalog::TableProvider,
    error::DataFusionError,
    execution::{memory_pool::FairSpillPool, runtime_env::RuntimeEnvBuilder},
    prelude::{SQLOptions, SessionConfig, SessionContext},
};
use stockflow_core::{Error, ErrorKind, Result};

use super::{
    alerts::alerts,
    answer::Answer,
    error::SqlError,
    judged::{anomalies, judged},
    lake::LakeTable,
    problems::Problems,
    remote::Remote,
};
use crate::{LocalReader, RemoteLake, compact::partition::Lease};

const BACKEND: &str = "sql";
/// Most that queries put on disk when they do not fit into memory, in bytes.
const SPILL_BYTES: u64 = 16 << 30;

/// Answers SQL queries over a data folder; a pipeline may be running on it.
///
/// Nothing can be changed by a query. What does not fit into the memory bound goes to the system's folder for temporary files.
///
/// ```no_run
/// use stockflow_local::SqlEngine;
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = SqlEngine::open("stockflow-data", SqlEngine::MEMORY_BYTES)?;
/// let mut answer = engine.query("SELECT symbol, AVG(volume) FROM stock_data_table GROUP BY symbol").await?;
/// while let Some(rows) = answer.next().await? {
///     println!("{rows:?}");
/// }
/// # Ok(()) }
/// ```
pub struct SqlEngine {
    context: SessionContext,
    problems: Problems,
    /// Keeps compactions from deleting what a query reads.
    _lease: Lease,
}

impl SqlEngine {
    /// Memory for the working sets of queries, in bytes, that most machines have.
    pub const MEMORY_BYTES: usize = 512 << 20;

    /// A session over the folder `data`, whose queries work in at most `memory_bytes`.
    ///
    /// # Errors
    /// The table cannot be read. A lake or a table that is not there has no rows.
    pub fn open(data: impl AsRef<Path>, memory_bytes: usize) -> Result<Self> {
        let data = data.as_ref();
        let reader = match LocalReader::open(data) {
            Ok(reader) => Some(Arc::new(reader)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let lake = data.join("lake");
        let lease = Lease::new(&lake);
        let problems = Problems::default();
        let tables = || {
            let context = session(memory_bytes)?;
            add_lake(&context, LakeTable::new(lake, problems.clone()))?;
            add_judged(&context, reader.as_ref())?;
            Ok(context)
        };
        let context = tables().map_err(unexpected)?;
        Ok(Self { context, problems, _lease: lease })
    }

    /// A session over a lake that lies elsewhere. A day is copied into `folder`, which should be empty, when the first query wants it:
    /// one that is bound to some days by `dt` copies these alone, and `LIMIT` without a condition no more than it needs.
    ///
    /// There is the table `stock_data_table` only.
    ///
    /// # Errors
    /// The engine cannot be started; what the lake says, queries tell.
    pub fn remote(
        lake: Arc<dyn RemoteLake>,
        folder: impl AsRef<Path>,
        memory_bytes: usize,
    ) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        let (problems, lease) = (Problems::default(), Lease::new(&folder));
        let table = LakeTable::new(folder.clone(), problems.clone());
        let tables = || {
            let context = session(memory_bytes)?;
            add_lake(&context, table.over(Remote::new(lake, folder)))?;
            Ok(context)
        };
        let context = tables().map_err(unexpected)?;
        Ok(Self { context, problems, _lease: lease })
    }

    /// Starts to answer one SELECT statement (or EXPLAIN, SHOW, DESCRIBE).
    ///
    /// # Errors
    /// [`SqlError::Query`] for what is no query, or none that only reads.
    pub async fn query(&self, sql: &str) -> Result<Answer, SqlError> {
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, read_only).await?;
        Ok(Answer::new(frame.execute_stream().await?))
    }

    /// What was left out of the answers since this was last asked, because it is damaged; each once, for people.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.problems.take()
    }
}

fn unexpected(error: DataFusionError) -> Error {
    Error::new(ErrorKind::Unexpected, BACKEND, "open").with_source(error)
}

/// The engine without tables.
fn session(memory_bytes: usize) -> datafusion::error::Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .with_max_temp_directory_size(SPILL_BYTES)
        .build_arc()?;
    let config = SessionConfig::new().with_information_schema(true);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

fn add_lake(context: &SessionContext, lake: LakeTable) -> datafusion::error::Result<()> {
    context.register_table("stock_data_table", Arc::new(lake)).map(drop)
}

fn add_judged(
    context: &SessionContext,
    reader: Option<&Arc<LocalReader>>,
) -> datafusion::error::Result<()> {
    let tables: [(&str, Arc<dyn TableProvider>); 3] = [
        ("judged_quotes", Arc::new(judged(reader.cloned()).into_table()?)),
        ("anomalies", Arc::new(anomalies(reader.cloned()).into_table()?)),
        ("alerts", Arc::new(alerts(reader.cloned()).into_table()?)),
    ];
    for (name, table) in tables {
        context.register_table(name, table)?;
    }
    Ok(())
}

impl fmt::Debug for SqlEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlEngine").finish_non_exhaustive()
    }
}
