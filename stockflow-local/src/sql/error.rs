//! Why a query has no answer.

use datafusion::error::DataFusionError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The query cannot be answered as it is: the engine's own words.
    #[error("{0}")]
    Query(String),
    /// The data or the machine failed.
    #[error("{0}")]
    Failed(String),
}

impl From<DataFusionError> for SqlError {
    fn from(error: DataFusionError) -> Self {
        use DataFusionError as E;
        let text = error.strip_backtrace();
        match error.find_root() {
            // The lake's, whose message says this level only.
            E::External(error) if error.is::<stockflow_core::Error>() => {
                let error = error.downcast_ref::<stockflow_core::Error>();
                Self::Failed(error.map(stockflow_core::Error::chain).unwrap_or(text))
            }
            E::IoError(_)
            | E::ObjectStore(_)
            | E::ParquetError(_)
            | E::External(_)
            | E::Internal(_)
            | E::ExecutionJoin(_) => Self::Failed(text),
            _ => Self::Query(text),
        }
    }
}
