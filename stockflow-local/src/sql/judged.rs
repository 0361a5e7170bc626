//! The tables `judged_quotes` and `anomalies`, out of the embedded table.

use std::sync::{Arc, LazyLock};

use datafusion::{
    arrow::{
        array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringViewArray},
        datatypes::{DataType, Field, Schema, SchemaRef},
    },
    error::{DataFusionError, Result},
};
use stockflow_core::{Anomaly, Judgement, Price, Quote, Row, RowKey, StoredRow};

use super::{
    quotes::{SCHEMA, text},
    stream::{Batches, Lazy},
};
use crate::LocalReader;

/// Rows that are read at once.
const PAGE: usize = 4_096;

static JUDGED: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields: Vec<Field> =
        SCHEMA.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.extend([
        Field::new("ohlc4", DataType::Float64, false),
        Field::new("late", DataType::Boolean, false),
        Field::new("quality", DataType::Utf8View, true),
        Field::new("warming_up", DataType::Int64, true),
        Field::new("anomalies", DataType::Utf8View, true),
    ]);
    Arc::new(Schema::new(fields))
});

static ANOMALIES: LazyLock<SchemaRef> = LazyLock::new(|| {
    let double = |name| Field::new(name, DataType::Float64, false);
    let mut fields = ["symbol", "timestamp", "rule", "direction"].map(text).to_vec();
    fields.extend(["score", "value", "threshold"].map(double));
    Arc::new(Schema::new(fields))
});

type Reader = Option<Arc<LocalReader>>;

/// `judged_quotes`.
pub(super) fn judged(reader: Reader) -> Lazy<impl Fn() -> Batches + Send + Sync> {
    Lazy::new(Arc::clone(&JUDGED), move || {
        Box::new(Pages::new(&reader).map(|rows| judged_batch(&rows?)))
    })
}

/// `anomalies`.
pub(super) fn anomalies(reader: Reader) -> Lazy<impl Fn() -> Batches + Send + Sync> {
    Lazy::new(Arc::clone(&ANOMALIES), move || {
        Box::new(Pages::new(&reader).map(|rows| anomalies_batch(&rows?)))
    })
}

/// All rows of the table by symbol and time.
struct Pages {
    reader: Reader,
    after: Option<RowKey>,
}

impl Pages {
    fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone(), after: None }
    }
}

impl Iterator for Pages {
    type Item = Result<Vec<Row>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = match self.reader.as_ref()?.scan(self.after, PAGE) {
            Ok(rows) => rows,
            Err(error) => {
                self.reader = None;
                return Some(Err(DataFusionError::External(error.into())));
            }
        };
        self.after = Some(rows.last()?.row.key());
        Some(Ok(rows.into_iter().map(|StoredRow { row, .. }| row).collect()))
    }
}

fn judged_batch(rows: &[Row]) -> Result<RecordBatch> {
    let doubles = |value: fn(&Quote) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| value(&row.quote))))
    };
    let texts = |value: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringViewArray>())
    };
    let volumes = rows.iter().map(|row| row.quote.volume.get());
    let late = BooleanArray::from_iter(rows.iter().map(|row| Some(row.is_late())));
    let columns: Vec<ArrayRef> = vec![
        texts(&|row| Some(row.quote.symbol.to_string())),
        doubles(|quote| quote.open.to_f64()),
        doubles(|quote| quote.high.to_f64()),
        doubles(|quote| quote.low.to_f64()),
        doubles(|quote| quote.price.to_f64()),
        doubles(|quote| quote.previous_close.to_f64()),
        doubles(|quote| quote.change_units() as f64 / Price::UNITS_PER_ONE as f64),
        doubles(|quote| quote.change_percent_e4() as f64 / 1e4),
        Arc::new(Int64Array::from_iter_values(volumes)),
        texts(&|row| Some(row.quote.timestamp.to_string())),
        texts(&|row| Some(row.quote.timestamp.date().to_string())),
        doubles(Quote::ohlc4),
        Arc::new(late),
        texts(&|row| listed(row.quality().names())),
        Arc::new(rows.iter().map(warming_up).collect::<Int64Array>()),
        texts(&|row| listed(row.anomalies().iter().map(|anomaly| anomaly.rule.as_ref()))),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&JUDGED), columns)?)
}

fn warming_up(row: &Row) -> Option<i64> {
    match row.judgement {
        Judgement::Accepted { warming_up, .. } => Some(warming_up.into()),
        Judgement::Late => None,
    }
}

/// Names with a space between; null without any.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn anomalies_batch(rows: &[Row]) -> Result<RecordBatch> {
    let found: Vec<(&Quote, &Anomaly)> = rows
        .iter()
        .flat_map(|row| row.anomalies().iter().map(move |anomaly| (&row.quote, anomaly)))
        .collect();
    let texts = |value: &dyn Fn(&Quote, &Anomaly) -> String| -> ArrayRef {
        let values = found.iter().map(|(quote, anomaly)| value(quote, anomaly));
        Arc::new(StringViewArray::from_iter_values(values))
    };
    let doubles = |value: fn(&Anomaly) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(found.iter().map(|(_, anomaly)| value(anomaly))))
    };
    let columns = vec![
        texts(&|quote, _| quote.symbol.to_string()),
        texts(&|quote, _| quote.timestamp.to_string()),
        texts(&|_, anomaly| anomaly.rule.to_string()),
        texts(&|_, anomaly| anomaly.evidence.direction.to_string()),
        doubles(|anomaly| anomaly.evidence.score),
        doubles(|anomaly| anomaly.evidence.value),
        doubles(|anomaly| anomaly.evidence.threshold),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&ANOMALIES), columns)?)
}
