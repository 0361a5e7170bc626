//! The fast way in: exactly the form that we write.

use super::decimal::{read_units, read_whole, skip};
use crate::{Price, Quote, Symbol, Timestamp, Volume};

/// Reads a record in canonical form: fixed keys in fixed order, no white space, plain decimals, canonical time.
///
/// `None` for everything else, legal or not: the general reader then says what it is.
pub(super) fn read(record: &[u8]) -> Option<Quote> {
    let mut rest = after(record, br#"{"symbol":""#)?;
    let (symbol, len) = Symbol::until_quote(rest)?;
    rest = &rest[len..];
    let open = price(&mut rest, br#"","open":"#)?;
    let high = price(&mut rest, br#","high":"#)?;
    let low = price(&mut rest, br#","low":"#)?;
    let price_now = price(&mut rest, br#","price":"#)?;
    let previous_close = price(&mut rest, br#","previous_close":"#)?;
    derived(&mut rest, br#","change":"#)?;
    derived(&mut rest, br#","change_percent":"#)?;
    rest = after(rest, br#","volume":"#)?;
    let (volume, len) = read_whole(rest, 16)?;
    rest = after(&rest[len..], br#","timestamp":""#)?.strip_suffix(br#""}"#)?;
    Some(Quote {
        symbol,
        timestamp: Timestamp::from_canonical(rest)?,
        open,
        high,
        low,
        price: price_now,
        previous_close,
        volume: Volume::new(i64::try_from(volume).ok()?).ok()?,
    })
}

#[inline]
fn price<const N: usize>(rest: &mut &[u8], key: &[u8; N]) -> Option<Price> {
    let text = after(rest, key)?;
    let (units, len) = read_units(text)?;
    *rest = &text[len..];
    Price::from_units(units).ok()
}

/// Passes over a number that follows from the prices and is not trusted.
#[inline]
fn derived<const N: usize>(rest: &mut &[u8], key: &[u8; N]) -> Option<()> {
    let text = after(rest, key)?;
    let text = text.strip_prefix(b"-").unwrap_or(text);
    *rest = &text[skip(text)?..];
    Some(())
}

/// What follows on `key`; its fixed length makes the comparison a few loads.
#[inline]
fn after<'a, const N: usize>(text: &'a [u8], key: &[u8; N]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_first_chunk::<N>()?;
    (start == key).then_some(rest)
}
