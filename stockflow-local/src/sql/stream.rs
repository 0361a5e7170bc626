//! Tables whose rows come out of an iterator.

use std::{fmt, sync::Arc};

use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef},
    catalog::streaming::StreamingTable,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{stream::RecordBatchStreamAdapter, streaming::PartitionStream},
};

pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// A partition whose batches are made while they are read.
pub(super) struct Lazy<F> {
    schema: SchemaRef,
    make: F,
}

impl<F: Fn() -> Batches + Send + Sync> Lazy<F> {
    pub(super) const fn new(schema: SchemaRef, make: F) -> Self {
        Self { schema, make }
    }
}

impl<F: Fn() -> Batches + Send + Sync + 'static> Lazy<F> {
    /// A table of this one partition.
    pub(super) fn into_table(self) -> Result<StreamingTable> {
        StreamingTable::try_new(Arc::clone(&self.schema), vec![Arc::new(self)])
    }
}

impl<F: Fn() -> Batches + Send + Sync> PartitionStream for Lazy<F> {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = futures_util::stream::iter((self.make)());
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

impl<F> fmt::Debug for Lazy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").field("schema", &self.schema).finish_non_exhaustive()
    }
}
