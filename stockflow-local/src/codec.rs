//! Rows, alerts and policy states as bytes.
//!
//! Every value starts with the number of its format. A later one is refused by name, never misread.

pub(crate) mod alert;
pub(crate) mod bytes;
pub(crate) mod key;

use std::borrow::Cow;

use stockflow_core::{
    Anomaly, Checkpoint, Direction, Evidence, Judgement, Price, Quality, Quote, Row, RowKey,
    StoredRow, Timestamp, Volume,
};

use self::bytes::{Malformed, Reader, put_f64, put_signed, put_text, put_varint};

const VERSION: u8 = 1;
const LATE: u8 = 1;
const CHECKPOINT: u8 = 1 << 1;
const PREVIOUS: u8 = 1 << 2;

/// Appends everything of a row that its key does not say: about 35 bytes, and 50 more for each anomaly.
///
/// The other prices are stored as distances from the last one, which are short.
pub(crate) fn encode_row(stored: &StoredRow, out: &mut Vec<u8>) {
    let StoredRow { row: Row { quote, judgement }, checkpoint, .. } = stored;
    let previous = checkpoint.and_then(|mark| mark.previous);
    let mut flags = 0;
    flags |= if stored.row.is_late() { LATE } else { 0 };
    flags |= if checkpoint.is_some() { CHECKPOINT } else { 0 };
    flags |= if previous.is_some() { PREVIOUS } else { 0 };
    out.extend_from_slice(&[VERSION, flags]);
    let price = quote.price.units();
    put_varint(out, price as u64);
    for other in [quote.open, quote.high, quote.low, quote.previous_close] {
        put_signed(out, other.units() - price);
    }
    put_varint(out, quote.volume.get() as u64);
    if let Some(previous) = previous {
        put_signed(out, quote.timestamp.as_micros() - previous.as_micros());
    }
    if let Judgement::Accepted { quality, warming_up, anomalies } = judgement {
        put_varint(out, u64::from(quality.bits()));
        out.push(*warming_up);
        put_varint(out, anomalies.len() as u64);
        for Anomaly { rule, evidence } in anomalies {
            put_text(out, rule);
            put_evidence(out, evidence);
        }
    }
}

/// Reads what [`encode_row`] wrote under `key`.
pub(crate) fn decode_row(key: RowKey, value: &[u8]) -> Result<StoredRow, Malformed> {
    let mut reader = Reader(value);
    version(&mut reader)?;
    let flags = reader.byte()?;
    if flags & !(LATE | CHECKPOINT | PREVIOUS) != 0 {
        return Err(Malformed::Value("flag"));
    }
    let units = i64::try_from(reader.varint()?).map_err(|_| Malformed::Value("price"))?;
    let price = Price::from_units(units).map_err(|_| Malformed::Value("price"))?;
    let mut others = [price; 4];
    for other in &mut others {
        let units = units.checked_add(reader.signed()?).ok_or(Malformed::Value("price"))?;
        *other = Price::from_units(units).map_err(|_| Malformed::Value("price"))?;
    }
    let [open, high, low, previous_close] = others;
    let volume = i64::try_from(reader.varint()?).ok().and_then(|volume| Volume::new(volume).ok());
    let volume = volume.ok_or(Malformed::Value("volume"))?;
    let previous = if flags & PREVIOUS != 0 { Some(earlier(key, &mut reader)?) } else { None };
    let checkpoint = (flags & CHECKPOINT != 0).then_some(Checkpoint { previous });
    let judgement = if flags & LATE != 0 { Judgement::Late } else { judgement(&mut reader)? };
    reader.end()?;
    let RowKey { symbol, timestamp } = key;
    let quote = Quote { symbol, timestamp, open, high, low, price, previous_close, volume };
    Ok(StoredRow { row: Row { quote, judgement }, checkpoint, arrival: None })
}

fn version(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    match reader.byte()? {
        VERSION => Ok(()),
        found => Err(Malformed::Version { found, known: VERSION }),
    }
}

fn earlier(key: RowKey, reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    let micros = key.timestamp.as_micros().checked_sub(reader.signed()?);
    timestamp(micros.ok_or(Malformed::Value("time"))?)
}

fn timestamp(micros: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_micros(micros).map_err(|_| Malformed::Value("time"))
}

fn judgement(reader: &mut Reader<'_>) -> Result<Judgement, Malformed> {
    let bits = u16::try_from(reader.varint()?).map_err(|_| Malformed::Value("quality"))?;
    let quality = Quality::from_bits_truncate(bits);
    let warming_up = reader.byte()?;
    let count = reader.length()?;
    let mut anomalies = Vec::with_capacity(count);
    for _ in 0..count {
        let rule = Cow::Owned(reader.text()?.to_owned());
        anomalies.push(Anomaly { rule, evidence: evidence(reader)? });
    }
    Ok(Judgement::Accepted { quality, warming_up, anomalies })
}

fn put_evidence(out: &mut Vec<u8>, evidence: &Evidence) {
    out.push(evidence.direction as u8);
    put_f64(out, evidence.score);
    put_f64(out, evidence.value);
    put_f64(out, evidence.threshold);
}

fn evidence(reader: &mut Reader<'_>) -> Result<Evidence, Malformed> {
    let direction = match reader.byte()? {
        0 => Direction::Up,
        1 => Direction::Down,
        2 => Direction::Flat,
        _ => return Err(Malformed::Value("direction")),
    };
    Ok(Evidence { direction, score: reader.f64()?, value: reader.f64()?, threshold: reader.f64()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    proptest! {
        #[test]
        fn rows_read_back_bit_for_bit(row in samples::any_stored_row()) {
            let mut out = Vec::new();
            encode_row(&row, &mut out);
            prop_assert_eq!(decode_row(row.row.key(), &out).unwrap(), row);
        }

        #[test]
        fn cut_altered_or_longer_bytes_never_panic(
            row in samples::any_stored_row(), at in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            let mut out = Vec::new();
            encode_row(&row, &mut out);
            let at = at.index(out.len());
            prop_assert!(decode_row(row.row.key(), &out[..at]).is_err());
            out[at] ^= 1 << bit;
            let _ = decode_row(row.row.key(), &out);
            out[at] ^= 1 << bit;
            out.push(0);
            prop_assert!(decode_row(row.row.key(), &out).is_err());
        }
    }

    #[test]
    fn a_later_format_is_refused_by_name() {
        let row = samples::row("AAPL", 1, true);
        let mut out = Vec::new();
        encode_row(&row, &mut out);
        assert!(out.len() < 40, "{} bytes", out.len());
        out[0] = 2;
        let error = decode_row(row.row.key(), &out).unwrap_err();
        assert_eq!(error.to_string(), "written in format 2, this program reads up to format 1");
    }
}
