//! The table `stock_data_table`: raw objects and compacted files of all days as one.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::{
        array::{AsArray as _, BooleanArray, RecordBatch, StringViewArray},
        datatypes::{Schema, SchemaRef},
    },
    catalog::{Session, TableProvider},
    common::DFSchema,
    datasource::{
        listing::PartitionedFile,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        source::DataSourceExec,
        table_schema::TableSchema,
    },
    error::{DataFusionError, Result},
    execution::object_store::ObjectStoreUrl,
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    object_store::path::Path as StorePath,
    physical_expr::PhysicalExpr,
    physical_plan::{
        ExecutionPlan,
        empty::EmptyExec,
        streaming::{PartitionStream, StreamingTableExec},
        union::UnionExec,
    },
    scalar::ScalarValue,
};
use stockflow_core::Date;

use super::{
    problems::Problems,
    quotes::{DT, FILE_SCHEMA, QuoteColumns, SCHEMA},
    raw::RawBatches,
    remote::Remote,
    stream::Lazy,
};
use crate::{
    compact::partition::{Day, RawObject},
    lake::days,
};

/// The lake in a folder, as it is when a query starts.
#[derive(Debug)]
pub(super) struct LakeTable {
    lake: PathBuf,
    problems: Problems,
    /// Where the folder gets its days from, if it is not the lake itself.
    remote: Option<Remote>,
}

/// What a query has to read.
#[derive(Default)]
struct Input {
    files: Vec<PartitionedFile>,
    objects: Vec<(Date, RawObject)>,
}

impl LakeTable {
    pub(super) const fn new(lake: PathBuf, problems: Problems) -> Self {
        Self { lake, problems, remote: None }
    }

    /// A lake elsewhere, whose days come into the folder when they are wanted.
    pub(super) fn over(self, remote: Remote) -> Self {
        Self { remote: Some(remote), ..self }
    }

    /// The days that `filters` leave, or as many as have `limit` rows, all of them in the folder.
    async fn days(
        &self,
        state: &dyn Session,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Vec<Date>> {
        let external = |error: stockflow_core::Error| DataFusionError::External(error.into());
        if let Some(remote) = &self.remote {
            let days = remote.days().await.map_err(external)?;
            let limit = limit.filter(|_| filters.is_empty());
            return remote.fetch(wanted(days, state, filters)?, limit).await.map_err(external);
        }
        if !self.lake.is_dir() {
            return Ok(Vec::new());
        }
        wanted(days(&self.lake).map_err(external)?, state, filters)
    }

    /// Files and objects of those days.
    fn list(&self, days: Vec<Date>) -> Result<Input> {
        let mut input = Input::default();
        for dt in days {
            // A damaged manifest costs its day: without it, nobody knows what counts.
            match Day::open(&self.lake, dt) {
                Ok(day) => self.list_day(dt, day, &mut input)?,
                Err(error) => self.problems.note(error.chain()),
            }
        }
        Ok(input)
    }

    fn list_day(&self, dt: Date, day: Day, input: &mut Input) -> Result<()> {
        input.objects.extend(day.objects.into_iter().map(|object| (dt, object)));
        let Some(manifest) = &day.manifest else { return Ok(()) };
        let path = match manifest.verified(&day.folder) {
            Ok(path) => path,
            Err(error) => {
                self.problems.note(error.chain());
                return Ok(());
            }
        };
        let path = StorePath::from_absolute_path(std::path::absolute(path)?)
            .map_err(|e| DataFusionError::External(e.into()))?;
        let value = ScalarValue::Utf8View(Some(dt.to_string()));
        // The path is encoded already, and is given on as it is.
        let mut file = PartitionedFile::new("", manifest.bytes).with_partition_values(vec![value]);
        file.object_meta.location = path;
        input.files.push(file);
        Ok(())
    }

    fn scan_raw(
        &self,
        objects: Vec<(Date, RawObject)>,
        projection: Option<&Vec<usize>>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = QuoteColumns::new(projection.map(Vec::as_slice)).schema();
        let share = objects.len().div_ceil(partitions.max(1));
        let streams = objects.chunks(share.max(1)).map(|objects| {
            let (objects, projection) = (objects.to_vec(), projection.cloned());
            let problems = self.problems.clone();
            let make = move || {
                let (objects, problems) = (objects.clone(), problems.clone());
                Box::new(RawBatches::new(objects, projection.as_deref(), problems)) as _
            };
            Arc::new(Lazy::new(Arc::clone(&schema), make)) as Arc<dyn PartitionStream>
        });
        let streams = streams.collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, streams, None, [], false, None)?))
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = self.list(self.days(state, filters, limit).await?)?;
        let partitions = state.config().target_partitions();
        let mut plans = Vec::new();
        if !input.files.is_empty() {
            let predicate = predicate(state, filters)?;
            plans.push(scan_files(input.files, projection, predicate, limit, partitions)?);
        }
        if !input.objects.is_empty() {
            plans.push(self.scan_raw(input.objects, projection, partitions)?);
        }
        if plans.is_empty() {
            let schema = QuoteColumns::new(projection.map(Vec::as_slice)).schema();
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        UnionExec::try_new(plans)
    }
}

/// What lets a file skip rows that a query does not want.
fn predicate(state: &dyn Session, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let Some(filter) = conjunction(filters.to_vec()) else { return Ok(None) };
    let schema = DFSchema::try_from(Arc::clone(&SCHEMA))?;
    Ok(Some(state.create_physical_expr(filter, &schema)?))
}

fn scan_files(
    files: Vec<PartitionedFile>,
    projection: Option<&Vec<usize>>,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    limit: Option<usize>,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = TableSchema::builder(Arc::clone(&FILE_SCHEMA))
        .with_table_partition_cols(vec![Arc::clone(&DT)])
        .build();
    let mut source = ParquetSource::new(schema);
    if let Some(predicate) = predicate {
        source = source.with_predicate(predicate);
    }
    let groups = FileGroup::new(files).split_files(partitions);
    let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
        .with_file_groups(groups)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .build();
    Ok(DataSourceExec::from_data_source(scan))
}

/// The days that those of `filters` leave which speak of nothing but `dt`.
fn wanted(days: Vec<Date>, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Date>> {
    let of_dt = |filter: &&Expr| {
        let columns = filter.column_refs();
        columns.len() == 1 && columns.iter().all(|column| column.name == DT.name().as_str())
    };
    let Some(filter) = conjunction(filters.iter().filter(of_dt).cloned()) else {
        return Ok(days);
    };
    let schema = Arc::new(Schema::new(vec![Arc::clone(&DT)]));
    let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let texts = StringViewArray::from_iter_values(days.iter().map(ToString::to_string));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(texts)])?;
    let keep = filter.evaluate(&batch)?.into_array(days.len())?;
    let keep: &BooleanArray = keep.as_boolean();
    Ok(days
        .into_iter()
        .zip(keep)
        .filter(|(_, keep)| *keep != Some(false))
        .map(|(day, _)| day)
        .collect())
}
