//! The way out: one canonical form.

use super::decimal::Text;
use crate::{Quote, Symbol, Timestamp};

/// Longest canonical record, with scratch: keys 146, symbol 23, five prices of at most 19, change 20, percent 20,
/// volume 16, time 27.
const MOST: usize = 384;

/// Appends a record.
pub(super) fn record(quote: &Quote, out: &mut Vec<u8>) {
    Text::append(out, MOST, |text| {
        symbol(text, &quote.symbol);
        prices(text, quote);
        text.raw(br#","timestamp":""#);
        time(text, quote.timestamp);
        text.raw(br#""}"#);
    });
}

/// Appends the start of a row, up to the part that is not of the wire format.
pub(super) fn row_start(quote: &Quote, out: &mut Vec<u8>) {
    let sum = [quote.open, quote.high, quote.low, quote.price]
        .iter()
        .map(|p| p.units() as u64)
        .sum::<u64>();
    Text::append(out, MOST + 64, |text| {
        symbol(text, &quote.symbol);
        text.raw(br#","timestamp":""#);
        time(text, quote.timestamp);
        text.raw(b"\"");
        prices(text, quote);
        text.raw(br#","ohlc4":"#);
        // A quarter of 10⁻⁸ is 25 of 10⁻¹⁰; four prices of at most 10⁹ fit.
        text.e10(sum * 25);
    });
}

fn symbol(text: &mut Text<'_>, symbol: &Symbol) {
    text.raw(br#"{"symbol":""#);
    let (bytes, len) = symbol.padded();
    // No legal character needs an escape.
    text.padded(bytes, len);
    text.raw(b"\"");
}

fn prices(text: &mut Text<'_>, quote: &Quote) {
    text.raw(br#","open":"#);
    text.units(quote.open.units());
    text.raw(br#","high":"#);
    text.units(quote.high.units());
    text.raw(br#","low":"#);
    text.units(quote.low.units());
    text.raw(br#","price":"#);
    text.units(quote.price.units());
    text.raw(br#","previous_close":"#);
    text.units(quote.previous_close.units());
    text.raw(br#","change":"#);
    text.units(quote.change_units());
    text.raw(br#","change_percent":"#);
    text.e4(quote.change_percent_e4());
    text.raw(br#","volume":"#);
    text.whole(quote.volume.get().unsigned_abs());
}

fn time(text: &mut Text<'_>, time: Timestamp) {
    text.raw(&time.to_text());
}
