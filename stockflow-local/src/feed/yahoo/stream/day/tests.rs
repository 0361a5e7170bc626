//! Days of which something is known.

use super::*;

const AT: i64 = 1_795_446_000;

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros((AT + seconds) * 1_000_000).unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// A snapshot `at` seconds after 15:00, whose session started at 14:30.
fn snapshot(at: i64) -> Reading {
    Reading {
        quote: Quote {
            symbol: "AAPL".parse().unwrap(),
            timestamp: seconds(at),
            open: price("228.3"),
            high: price("230"),
            low: price("228"),
            price: price("229"),
            previous_close: price("228.02"),
            volume: Volume::new(1_000).unwrap(),
        },
        session: Some((seconds(-1_800), seconds(21_600))),
    }
}

fn message(price: f32) -> Pricing {
    Pricing { price, day_volume: 1_200, ..Pricing::default() }
}

fn after(day: Option<&Day>, at: i64, message: &Pricing) -> Result<Day, &'static str> {
    Day::after(day, "AAPL".parse().unwrap(), seconds(at), message)
}

#[test]
fn what_a_message_leaves_out_comes_from_the_same_day() {
    let day = Day::of(None, &snapshot(0));
    let quote = after(Some(&day), 5, &message(229.87)).unwrap().quote;
    let told = snapshot(0).quote;
    let expected = Quote {
        timestamp: seconds(5),
        price: price("229.87"),
        volume: Volume::new(1_200).unwrap(),
        ..told
    };
    assert_eq!(quote, expected);
}

#[test]
fn high_and_low_follow_the_price() {
    let mut day = Day::of(None, &snapshot(0));
    for value in [231.5, 227.25, 229.0] {
        day = after(Some(&day), 5, &message(value)).unwrap();
    }
    assert_eq!((day.quote.high, day.quote.low), (price("231.5"), price("227.25")));
}

#[test]
fn what_a_message_tells_counts() {
    let day = Day::of(None, &snapshot(0));
    let told = Pricing {
        day_high: 240.5,
        day_low: 220.5,
        open: 221.0,
        previous_close: 222.0,
        ..message(230.0)
    };
    let quote = after(Some(&day), 5, &told).unwrap().quote;
    assert_eq!((quote.high, quote.low), (price("240.5"), price("220.5")));
    assert_eq!((quote.open, quote.previous_close), (price("221"), price("222")));
    assert_eq!(after(None, 5, &told).unwrap().quote, quote, "it needs no day");
}

#[test]
fn without_a_day_the_missing_field_is_named() {
    let full =
        Pricing { day_high: 3.0, day_low: 1.0, open: 2.0, previous_close: 2.5, ..message(2.0) };
    let without = |change: fn(&mut Pricing)| {
        let mut message = full.clone();
        change(&mut message);
        after(None, 5, &message).map(|_| ())
    };
    assert_eq!(without(|_| {}), Ok(()));
    assert_eq!(without(|message| message.price = f32::NAN), Err("price"));
    assert_eq!(without(|message| message.price = -1.0), Err("price"));
    assert_eq!(without(|message| message.day_high = 0.0), Err("day high"));
    assert_eq!(without(|message| message.day_low = f32::INFINITY), Err("day low"));
    assert_eq!(without(|message| message.open = 0.0), Err("open"));
    assert_eq!(without(|message| message.previous_close = 0.0), Err("previous close"));
    assert_eq!(without(|message| message.day_volume = 0), Err("day volume"));
    assert_eq!(without(|message| message.day_volume = -5), Err("day volume"));
}

#[test]
fn another_days_snapshot_is_no_help() {
    let day = Day::of(None, &snapshot(0));
    // The evening of the same session, and the next one's start.
    assert!(after(Some(&day), 21_605, &message(229.0)).is_ok());
    assert_eq!(after(Some(&day), 84_600, &message(229.0)).unwrap_err(), "open");
    // Asked for before the first trade: the session is today's, and the quote is the day's before.
    let early = Reading { quote: snapshot(-60_000).quote, ..snapshot(0) };
    assert_eq!(after(Some(&Day::of(None, &early)), 5, &message(229.0)).unwrap_err(), "open");
    let without = Reading { session: None, ..snapshot(0) };
    let without = Day::of(None, &without);
    assert!(after(Some(&without), 32_399, &message(229.0)).is_ok());
    assert_eq!(after(Some(&without), 32_400, &message(229.0)).unwrap_err(), "open");
}

#[test]
fn a_snapshot_that_is_behind_changes_no_price() {
    let day = after(Some(&Day::of(None, &snapshot(0))), 50, &message(235.0)).unwrap();
    let mut behind = snapshot(40);
    behind.quote.open = price("228.5");
    let merged = Day::of(Some(&day), &behind);
    assert_eq!(merged.quote, Quote { open: price("228.5"), ..day.quote });
    let ahead = Day::of(Some(&day), &snapshot(60));
    assert_eq!(ahead.quote, snapshot(60).quote);
    // Of yesterday.
    let yesterday =
        Reading { session: Some((seconds(-88_200), seconds(-64_800))), ..snapshot(-70_000) };
    assert_eq!(Day::of(Some(&day), &yesterday).quote, day.quote);
}
