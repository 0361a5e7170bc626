//! The table `alerts`, out of the ledger.

use std::sync::{Arc, LazyLock};

use datafusion::{
    arrow::{
        array::{ArrayRef, Float64Array, RecordBatch, StringViewArray},
        datatypes::{DataType, Field, Schema, SchemaRef},
    },
    error::{DataFusionError, Result},
};
use stockflow_core::{Alert, AlertStatus};

use super::{
    quotes::text,
    stream::{Batches, Lazy},
};
use crate::{AlertQuery, LedgerEntry, LocalReader};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let double = |name| Field::new(name, DataType::Float64, false);
    let mut fields =
        ["timestamp", "symbol", "severity", "kind", "rule", "direction"].map(text).to_vec();
    fields.extend(["price", "change_percent", "value", "threshold", "score"].map(double));
    // Null: not sent yet.
    fields.push(Field::new("sent", DataType::Utf8View, true));
    fields.push(text("id"));
    Arc::new(Schema::new(fields))
});

/// `alerts`, in the order of their causes.
pub(super) fn alerts(reader: Option<Arc<LocalReader>>) -> Lazy<impl Fn() -> Batches + Send + Sync> {
    Lazy::new(Arc::clone(&SCHEMA), move || {
        let reader = reader.clone();
        Box::new(reader.into_iter().map(|reader| {
            let entries = reader.alerts(&AlertQuery::default());
            batch(&entries.map_err(|e| DataFusionError::External(e.into()))?)
        }))
    })
}

fn batch(entries: &[LedgerEntry]) -> Result<RecordBatch> {
    let texts = |value: &dyn Fn(&LedgerEntry) -> Option<String>| -> ArrayRef {
        Arc::new(entries.iter().map(value).collect::<StringViewArray>())
    };
    let alert_texts = |value: &dyn Fn(&Alert) -> String| texts(&|entry| Some(value(&entry.alert)));
    let doubles = |value: fn(&Alert) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(entries.iter().map(|entry| value(&entry.alert))))
    };
    let columns = vec![
        alert_texts(&|alert| alert.cause.to_string()),
        alert_texts(&|alert| alert.symbol.to_string()),
        alert_texts(&|alert| alert.severity.to_string()),
        alert_texts(&|alert| alert.kind.to_string()),
        alert_texts(&|alert| alert.rule.to_string()),
        alert_texts(&|alert| alert.evidence.direction.to_string()),
        doubles(|alert| alert.price.to_f64()),
        doubles(|alert| alert.change_percent),
        doubles(|alert| alert.evidence.value),
        doubles(|alert| alert.evidence.threshold),
        doubles(|alert| alert.evidence.score),
        texts(&|entry| match entry.status {
            AlertStatus::Sent { at } => Some(at.to_string()),
            AlertStatus::Claimed { .. } => None,
        }),
        alert_texts(&|alert| alert.id().to_string()),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}
