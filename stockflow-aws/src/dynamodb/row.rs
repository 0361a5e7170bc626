//! Rows as items.

use aws_sdk_dynamodb::types::AttributeValue;
use stockflow_core::{
    Anomaly, Checkpoint, Date, Direction, Evidence, Judgement, Quality, Quote, Row, RowKey,
    StoredRow, Symbol, Volume, wire::DecodeError,
};

use super::{
    Expiry,
    value::{Fields, Item, Value, decimal, float, text, whole},
};

/// Into how many partitions of the index a day's anomalies are spread: a day on which every symbol of a market is anomalous must not
/// be slowed down by the 1,000 write units a second of one.
pub(super) const DAY_PARTS: u64 = 8;

/// The value of the attribute `checkpoint` on a symbol's first one.
const FIRST: &str = "first";

/// The key of a row.
pub(super) fn key(key: &RowKey) -> Item {
    Item::from([
        ("symbol".to_owned(), text(key.symbol.as_str())),
        ("timestamp".to_owned(), text(key.timestamp.to_string())),
    ])
}

/// The key of an item, if it has one of ours.
pub(super) fn key_of(item: &Item) -> Option<RowKey> {
    let fields = Fields::from(item);
    Some(RowKey {
        symbol: Symbol::new(fields.text("symbol").ok()?).ok()?,
        timestamp: fields.time("timestamp").ok()?,
    })
}

/// A row as an item.
pub(super) fn encode(stored: &StoredRow, expiry: Option<&Expiry>) -> Item {
    let StoredRow { row: Row { quote, judgement }, checkpoint, arrival } = stored;
    let mut item = key(&stored.row.key());
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    put_quote(quote, &mut put);
    match judgement {
        Judgement::Late => _ = put("late", AttributeValue::Bool(true)),
        Judgement::Accepted { quality, warming_up, anomalies } => {
            put("warming_up", whole(warming_up));
            if !quality.is_good() {
                put("quality", AttributeValue::L(quality.names().map(text).collect()));
            }
            if !anomalies.is_empty() {
                put("anomalies", AttributeValue::L(anomalies.iter().map(anomaly).collect()));
                let part = part_of(&quote.symbol);
                put("anomaly_day", text(day_part(quote.timestamp.date(), part)));
            }
        }
    }
    if let Some(Checkpoint { previous }) = checkpoint {
        put("checkpoint", text(previous.map_or(FIRST.to_owned(), |time| time.to_string())));
    }
    if let Some(arrival) = arrival {
        put("arrival", text(arrival.to_string()));
        if let Some(expiry) = expiry {
            put("expires_at", whole(expiry.after(*arrival)));
        }
    }
    item
}

fn put_quote<T>(quote: &Quote, put: &mut impl FnMut(&str, AttributeValue) -> T) {
    let prices = [
        ("open", quote.open),
        ("high", quote.high),
        ("low", quote.low),
        ("price", quote.price),
        ("previous_close", quote.previous_close),
    ];
    for (name, price) in prices {
        put(name, decimal(price.units().into(), 8));
    }
    put("change", decimal(quote.change_units().into(), 8));
    put("change_percent", decimal(quote.change_percent_e4().into(), 4));
    put("volume", whole(quote.volume.get()));
    // A quarter of 10⁻⁸ is 25 of 10⁻¹⁰.
    let sum = [quote.open, quote.high, quote.low, quote.price].map(|p| i128::from(p.units()));
    put("ohlc4", decimal(sum.iter().sum::<i128>() * 25, 10));
}

fn anomaly(Anomaly { rule, evidence }: &Anomaly) -> AttributeValue {
    AttributeValue::M(Item::from([
        ("rule".to_owned(), text(rule.as_ref())),
        ("direction".to_owned(), text(evidence.direction.as_str())),
        ("score".to_owned(), float(evidence.score)),
        ("value".to_owned(), float(evidence.value)),
        ("threshold".to_owned(), float(evidence.threshold)),
    ]))
}

/// The index's partition of a day and a part.
pub(super) fn day_part(day: Date, part: u64) -> String {
    format!("{day}#{part}")
}

/// FNV-1a: the same for ever, since it is stored.
fn part_of(symbol: &Symbol) -> u64 {
    let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    (symbol.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, hash) >> 32) % DAY_PARTS
}

/// Reads what [`encode`] wrote. Attributes that follow from others, and those of other programs, are ignored.
pub(super) fn decode(fields: &Fields<'_>) -> Result<StoredRow, DecodeError> {
    let volume = fields.number("volume")?;
    let quote = Quote {
        symbol: Symbol::new(fields.text("symbol")?).map_err(DecodeError::Symbol)?,
        timestamp: fields.time("timestamp")?,
        open: fields.price("open")?,
        high: fields.price("high")?,
        low: fields.price("low")?,
        price: fields.price("price")?,
        previous_close: fields.price("previous_close")?,
        volume: Volume::from_bytes(volume.as_bytes()).map_err(DecodeError::Volume)?,
    };
    let judgement = if fields.is_true("late")? {
        Judgement::Late
    } else {
        Judgement::Accepted {
            quality: quality(fields)?,
            warming_up: fields.whole("warming_up")?,
            anomalies: fields
                .list("anomalies")?
                .iter()
                .map(read_anomaly)
                .collect::<Result<_, _>>()?,
        }
    };
    let checkpoint = match fields.find("checkpoint") {
        None => None,
        Some(Value::S(text)) if text == FIRST => Some(Checkpoint { previous: None }),
        Some(_) => Some(Checkpoint { previous: Some(fields.time("checkpoint")?) }),
    };
    let arrival = fields.time_if_any("arrival")?;
    Ok(StoredRow { row: Row { quote, judgement }, checkpoint, arrival })
}

fn quality(fields: &Fields<'_>) -> Result<Quality, DecodeError> {
    const ERROR: DecodeError = DecodeError::Type { key: "quality", expected: "list of flags" };
    fields.list("quality")?.iter().try_fold(Quality::GOOD, |all, name| match name {
        Value::S(name) => Ok(all | Quality::from_name(name).ok_or(ERROR)?),
        _ => Err(ERROR),
    })
}

fn read_anomaly(value: &Value<'_>) -> Result<Anomaly, DecodeError> {
    let Value::M(fields) = value else {
        return Err(DecodeError::Type { key: "anomalies", expected: "list of maps" });
    };
    Ok(Anomaly { rule: fields.text("rule")?.to_owned().into(), evidence: read_evidence(fields)? })
}

pub(super) fn read_evidence(fields: &Fields<'_>) -> Result<Evidence, DecodeError> {
    Ok(Evidence {
        direction: Direction::from_name(fields.text("direction")?)
            .ok_or(DecodeError::Type { key: "direction", expected: "direction" })?,
        score: fields.float("score")?,
        value: fields.float("value")?,
        threshold: fields.float("threshold")?,
    })
}
