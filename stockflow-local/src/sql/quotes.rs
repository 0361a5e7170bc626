//! Quotes as columns of `stock_data_table`.

use std::sync::{Arc, LazyLock};

use datafusion::{
    arrow::{
        array::{
            ArrayRef, Float64Builder, Int64Builder, RecordBatch, RecordBatchOptions,
            StringViewBuilder,
        },
        datatypes::{DataType, Field, FieldRef, Schema, SchemaRef},
    },
    error::Result,
};
use stockflow_core::{Date, Price, Quote};

/// What a compacted file holds of the table: the columns of the wire format in its order.
pub(super) static FILE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![text("symbol")];
    fields.extend(
        ["open", "high", "low", "price", "previous_close", "change", "change_percent"]
            .map(|name| Field::new(name, DataType::Float64, false)),
    );
    fields.push(Field::new("volume", DataType::Int64, false));
    fields.push(text("timestamp"));
    Arc::new(Schema::new(fields))
});

/// The UTC day, which is the name of a folder.
pub(super) static DT: LazyLock<FieldRef> = LazyLock::new(|| Arc::new(text("dt")));

/// The table.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields = FILE_SCHEMA.fields().iter().chain([&*DT]).map(Arc::clone);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
});

pub(super) fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8View, false)
}

/// Collects quotes into those columns that are asked for.
#[derive(Debug)]
pub(super) struct QuoteColumns {
    schema: SchemaRef,
    columns: Vec<Column>,
    len: usize,
}

#[derive(Debug)]
enum Column {
    Text(fn(&Quote, Date, &mut StringViewBuilder), StringViewBuilder),
    Double(fn(&Quote) -> f64, Float64Builder),
    Volume(Int64Builder),
}

impl QuoteColumns {
    /// Columns of [`SCHEMA`] by their numbers; all without.
    pub(super) fn new(projection: Option<&[usize]>) -> Self {
        let all: Vec<usize> = (0..SCHEMA.fields().len()).collect();
        let chosen = projection.unwrap_or(&all);
        let fields: Vec<FieldRef> =
            chosen.iter().filter_map(|&at| SCHEMA.fields().get(at).cloned()).collect();
        let columns = fields.iter().map(|field| Column::new(field.name())).collect();
        Self { schema: Arc::new(Schema::new(fields)), columns, len: 0 }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, quote: &Quote, dt: Date) {
        self.len += 1;
        for column in &mut self.columns {
            match column {
                Column::Text(write, builder) => write(quote, dt, builder),
                Column::Double(value, builder) => builder.append_value(value(quote)),
                Column::Volume(builder) => builder.append_value(quote.volume.get()),
            }
        }
    }

    /// What was collected; nothing is left.
    pub(super) fn take(&mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Column::take).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.len)));
        Ok(RecordBatch::try_new_with_options(self.schema(), arrays, &options)?)
    }
}

impl Column {
    fn new(name: &str) -> Self {
        let double = |value: fn(&Quote) -> f64| Self::Double(value, Float64Builder::new());
        let text = |write: fn(&Quote, Date, &mut StringViewBuilder)| {
            Self::Text(write, StringViewBuilder::new().with_deduplicate_strings())
        };
        match name {
            "symbol" => text(|quote, _, out| out.append_value(quote.symbol.as_str())),
            "dt" => text(|_, dt, out| out.append_value(dt.to_string())),
            "timestamp" => text(|quote, _, out| {
                out.append_value(
                    std::str::from_utf8(&quote.timestamp.to_text()).unwrap_or_default(),
                );
            }),
            "volume" => Self::Volume(Int64Builder::new()),
            "open" => double(|quote| quote.open.to_f64()),
            "high" => double(|quote| quote.high.to_f64()),
            "low" => double(|quote| quote.low.to_f64()),
            "price" => double(|quote| quote.price.to_f64()),
            "previous_close" => double(|quote| quote.previous_close.to_f64()),
            "change" => double(|quote| quote.change_units() as f64 / Price::UNITS_PER_ONE as f64),
            // The only one that is left.
            _ => double(|quote| quote.change_percent_e4() as f64 / 1e4),
        }
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            Self::Text(_, builder) => Arc::new(builder.finish()),
            Self::Double(_, builder) => Arc::new(builder.finish()),
            Self::Volume(builder) => Arc::new(builder.finish()),
        }
    }
}
