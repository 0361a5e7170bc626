//! Quotes as the columns of a compacted file.

use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{Float64Builder, Int64Builder, StringBuilder},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use stockflow_core::{Price, Quote, wire};

/// Canonical JSON of a quote whose prices have more digits than a double holds, else null.
pub(crate) const EXACT: &str = "exact_json";

/// The columns of the wire format in its order, then [`EXACT`].
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let column = |name: &str, of: DataType| Field::new(name, of, false);
    let mut fields = vec![column("symbol", DataType::Utf8)];
    fields.extend(
        ["open", "high", "low", "price", "previous_close", "change", "change_percent"]
            .map(|name| column(name, DataType::Float64)),
    );
    fields.push(column("volume", DataType::Int64));
    fields.push(column("timestamp", DataType::Utf8));
    fields.push(Field::new(EXACT, DataType::Utf8, true));
    Arc::new(Schema::new(fields))
});

/// Units up to here are one double each, and the double's shortest text is the price: 15 digits.
const ONE_TO_ONE: i64 = 1_000_000_000_000_000;

/// Collects quotes into columns.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    symbol: StringBuilder,
    open: Float64Builder,
    high: Float64Builder,
    low: Float64Builder,
    price: Float64Builder,
    previous_close: Float64Builder,
    change: Float64Builder,
    change_percent: Float64Builder,
    volume: Int64Builder,
    timestamp: StringBuilder,
    exact: StringBuilder,
    len: usize,
}

impl Columns {
    pub(crate) fn push(&mut self, quote: &Quote) {
        self.symbol.append_value(quote.symbol.as_str());
        self.open.append_value(quote.open.to_f64());
        self.high.append_value(quote.high.to_f64());
        self.low.append_value(quote.low.to_f64());
        self.price.append_value(quote.price.to_f64());
        self.previous_close.append_value(quote.previous_close.to_f64());
        self.change.append_value(quote.change_units() as f64 / Price::UNITS_PER_ONE as f64);
        self.change_percent.append_value(quote.change_percent_e4() as f64 / 1e4);
        self.volume.append_value(quote.volume.get());
        // ASCII only.
        self.timestamp
            .append_value(std::str::from_utf8(&quote.timestamp.to_text()).unwrap_or_default());
        self.exact.append_option(exact(quote));
        self.len += 1;
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// What was collected; nothing is left.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.len = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.symbol.finish()),
            Arc::new(self.open.finish()),
            Arc::new(self.high.finish()),
            Arc::new(self.low.finish()),
            Arc::new(self.price.finish()),
            Arc::new(self.previous_close.finish()),
            Arc::new(self.change.finish()),
            Arc::new(self.change_percent.finish()),
            Arc::new(self.volume.finish()),
            Arc::new(self.timestamp.finish()),
            Arc::new(self.exact.finish()),
        ];
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns)
    }
}

/// The canonical JSON, where doubles would lose digits.
fn exact(quote: &Quote) -> Option<String> {
    let prices = [quote.open, quote.high, quote.low, quote.price, quote.previous_close];
    let survives =
        |price: Price| price.units() <= ONE_TO_ONE || price_of(price.to_f64()) == Some(price);
    if prices.into_iter().all(survives) {
        return None;
    }
    let mut json = Vec::new();
    wire::encode(quote, &mut json);
    String::from_utf8(json).ok()
}

/// The price that a double stands for.
pub(crate) fn price_of(value: f64) -> Option<Price> {
    let units = (value * Price::UNITS_PER_ONE as f64).round();
    // Division rounds once: if it gives the double back, these are its units, and there are no others of 15 digits.
    if units <= ONE_TO_ONE as f64 && units / Price::UNITS_PER_ONE as f64 == value {
        return Price::from_units(units as i64).ok();
    }
    Price::from_f64(value).ok()
}
