//! The fast way in: exactly the form that we write.

use super::decimal::{read_units, read_whole};
use crate::{Price, Quote, Symbol, Timestamp, Volume};

/// Reads a record in canonical form: fixed keys in fixed order, no white space, plain decimals, canonical time.
///
/// `None` for everything else, legal or not: the general reader then says what it is.
pub(super) fn read(record: &[u8]) -> Option<Quote> {
    let mut rest = record.strip_prefix(br#"{"symbol":""#)?;
    let (symbol, len) = Symbol::until_quote(rest)?;
    rest = &rest[len..];
    let open = price(&mut rest, br#"","open":"#)?;
    let high = price(&mut rest, br#","high":"#)?;
    let low = price(&mut rest, br#","low":"#)?;
    let price_now = price(&mut rest, br#","price":"#)?;
    let previous_close = price(&mut rest, br#","previous_close":"#)?;
    derived(&mut rest, br#","change":"#)?;
    derived(&mut rest, br#","change_percent":"#)?;
    rest = rest.strip_prefix(br#","volume":"#)?;
    let (volume, len) = read_whole(rest, 16)?;
    rest = rest[len..].strip_prefix(br#","timestamp":""#)?.strip_suffix(br#""}"#)?;
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

fn price(rest: &mut &[u8], key: &[u8]) -> Option<Price> {
    let text = rest.strip_prefix(key)?;
    let (units, len) = read_units(text)?;
    *rest = &text[len..];
    Price::from_units(units).ok()
}

/// Passes over a number that follows from the prices and is not trusted.
fn derived(rest: &mut &[u8], key: &[u8]) -> Option<()> {
    let text = rest.strip_prefix(key)?;
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (_, mut len) = read_whole(text, 16)?;
    if text.get(len) == Some(&b'.') {
        let decimals = text[len + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=8).contains(&decimals) {
            return None;
        }
        len += 1 + decimals;
    }
    *rest = &text[len..];
    Some(())
}
