//! Quotes out of columns: of a compacted file, or of anybody's Parquet.

use arrow_array::{
    Array as _, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray as _,
    types::{Float64Type, Int64Type},
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume, wire};

use super::columns::{EXACT, price_of};

/// The columns of a batch that make quotes; others do not matter.
#[derive(Debug)]
pub(crate) struct QuoteRows {
    symbol: StringArray,
    timestamp: Time,
    /// Open, high, low, price, previous close.
    prices: [Amount; 5],
    volume: Int64Array,
    exact: Option<StringArray>,
    len: usize,
}

#[derive(Debug)]
enum Time {
    Text(StringArray),
    Micros(Int64Array),
}

#[derive(Debug)]
enum Amount {
    Double(Float64Array),
    /// Decimals and integers: exact as text.
    Text(StringArray),
}

const PRICES: [&str; 5] = ["open", "high", "low", "price", "previous_close"];

impl QuoteRows {
    /// Finds the columns by name, in any order and of any type that holds what they have to.
    ///
    /// # Errors
    /// What is missing or of a wrong type, for people.
    pub(crate) fn new(batch: &RecordBatch) -> Result<Self, String> {
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| format!("there is no column {name}"))
        };
        let mut prices = Vec::with_capacity(PRICES.len());
        for name in PRICES {
            prices.push(Amount::new(name, column(name)?)?);
        }
        let exact = batch.column_by_name(EXACT).map(|column| text(EXACT, column)).transpose()?;
        Ok(Self {
            symbol: text("symbol", column("symbol")?)?,
            timestamp: Time::new(column("timestamp")?)?,
            prices: prices.try_into().map_err(|_| "a price column is missing".to_owned())?,
            volume: converted("volume", column("volume")?, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .clone(),
            exact,
            len: batch.num_rows(),
        })
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The quote in row `at`.
    ///
    /// # Errors
    /// Why the row is no quote, for people.
    pub(crate) fn quote(&self, at: usize) -> Result<Quote, String> {
        if let Some(exact) = self.exact.as_ref().filter(|exact| exact.is_valid(at)) {
            let decoded = wire::decode(exact.value(at).as_bytes());
            return decoded.map(|decoded| decoded.quote).map_err(|e| e.to_string());
        }
        if self.symbol.is_null(at) {
            return Err("symbol is missing".to_owned());
        }
        if self.volume.is_null(at) {
            return Err("volume is missing or not a whole number".to_owned());
        }
        let price = |column: usize| self.prices[column].at(at, PRICES[column]);
        Ok(Quote {
            symbol: Symbol::new(self.symbol.value(at)).map_err(|e| e.to_string())?,
            timestamp: self.timestamp.at(at)?,
            open: price(0)?,
            high: price(1)?,
            low: price(2)?,
            price: price(3)?,
            previous_close: price(4)?,
            volume: Volume::new(self.volume.value(at)).map_err(|e| format!("volume: {e}"))?,
        })
    }
}

impl Time {
    fn new(column: &ArrayRef) -> Result<Self, String> {
        if let DataType::Timestamp(_, zone) = column.data_type() {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            let column = converted("timestamp", column, &micros)?;
            let column = converted("timestamp", &column, &DataType::Int64)?;
            return Ok(Self::Micros(column.as_primitive::<Int64Type>().clone()));
        }
        Ok(Self::Text(text("timestamp", column)?))
    }

    fn at(&self, at: usize) -> Result<Timestamp, String> {
        let time = match self {
            Self::Text(column) if column.is_valid(at) => {
                Timestamp::from_bytes(column.value(at).as_bytes())
            }
            Self::Micros(column) if column.is_valid(at) => Timestamp::from_micros(column.value(at)),
            _ => return Err("timestamp is missing".to_owned()),
        };
        time.map_err(|e| format!("timestamp: {e}"))
    }
}

impl Amount {
    fn new(name: &str, column: &ArrayRef) -> Result<Self, String> {
        if matches!(column.data_type(), DataType::Float64 | DataType::Float32 | DataType::Float16) {
            let column = converted(name, column, &DataType::Float64)?;
            return Ok(Self::Double(column.as_primitive::<Float64Type>().clone()));
        }
        Ok(Self::Text(text(name, column)?))
    }

    fn at(&self, at: usize, name: &str) -> Result<Price, String> {
        let unfit = || {
            format!("{name} is missing, not a number, or outside {} to {}", Price::MIN, Price::MAX)
        };
        match self {
            Self::Double(column) if column.is_valid(at) => price_of(column.value(at)),
            Self::Text(column) if column.is_valid(at) => {
                Price::from_bytes(column.value(at).as_bytes()).ok()
            }
            _ => None,
        }
        .ok_or_else(unfit)
    }
}

fn text(name: &str, column: &ArrayRef) -> Result<StringArray, String> {
    Ok(converted(name, column, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn converted(name: &str, column: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    cast(column, to).map_err(|e| format!("column {name} cannot be read as {to}: {e}"))
}
