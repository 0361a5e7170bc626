//! Keys whose byte order is the order of rows.

use stockflow_core::{RowKey, Symbol, Timestamp};

use super::bytes::{Malformed, Reader, put_varint};

/// Appends symbol, zero (smaller than any legal character), and big-endian microseconds.
pub(crate) fn put_key(out: &mut Vec<u8>, key: &RowKey) {
    out.extend_from_slice(key.symbol.as_bytes());
    out.push(0);
    out.extend_from_slice(&(key.timestamp.as_micros() as u64).to_be_bytes());
}

/// As [`put_key`], in a buffer of its own.
pub(crate) fn key_bytes(symbol: Symbol, timestamp: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    put_key(&mut out, &RowKey { symbol, timestamp });
    out
}

/// Reads what [`put_key`] wrote.
pub(crate) fn read_key(bytes: &[u8]) -> Result<RowKey, Malformed> {
    let (rest, micros) = bytes.split_last_chunk::<8>().ok_or(Malformed::Short)?;
    let [symbol @ .., 0] = rest else { return Err(Malformed::Value("key")) };
    row_key(symbol, u64::from_be_bytes(*micros))
}

/// Appends a row with its key, one of many in a value.
pub(crate) fn put_entry(out: &mut Vec<u8>, key: &RowKey, value: &[u8]) {
    put_symbol(out, &key.symbol);
    put_varint(out, key.timestamp.as_micros() as u64);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Takes off what [`put_entry`] wrote.
pub(crate) fn read_entry<'a>(reader: &mut Reader<'a>) -> Result<(RowKey, &'a [u8]), Malformed> {
    let length = reader.length()?;
    let symbol = reader.bytes(length)?;
    let key = row_key(symbol, reader.varint()?)?;
    let length = reader.length()?;
    Ok((key, reader.bytes(length)?))
}

pub(crate) fn put_symbol(out: &mut Vec<u8>, symbol: &Symbol) {
    out.push(symbol.as_bytes().len() as u8);
    out.extend_from_slice(symbol.as_bytes());
}

pub(crate) fn read_symbol(reader: &mut Reader<'_>) -> Result<Symbol, Malformed> {
    let length = reader.length()?;
    Symbol::from_bytes(reader.bytes(length)?).map_err(|_| Malformed::Value("symbol"))
}

fn row_key(symbol: &[u8], micros: u64) -> Result<RowKey, Malformed> {
    let symbol = Symbol::from_bytes(symbol).map_err(|_| Malformed::Value("symbol"))?;
    let micros = i64::try_from(micros).map_err(|_| Malformed::Value("time"))?;
    Ok(RowKey { symbol, timestamp: super::timestamp(micros)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn order_of_keys_is_order_of_rows() {
        let mut rows = Vec::new();
        for symbol in ["A", "A!", "AB", "ABCDEFGHIJKLMNOPQRSTUVW", "B", "a"] {
            rows.extend(
                [0, 1, 255, 256, 1 << 40].map(|s| samples::row(symbol, s, false).row.key()),
            );
        }
        rows.sort();
        let keys: Vec<Vec<u8>> =
            rows.iter().map(|key| key_bytes(key.symbol, key.timestamp)).collect();
        assert!(keys.is_sorted());
        assert!(keys.iter().zip(&rows).all(|(bytes, key)| read_key(bytes) == Ok(*key)));
    }
}
