//! The codec keeps what it is given and survives what it is not.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/quotes.rs"]
mod quotes;

use proptest::{collection::vec, prelude::*, sample::select};
use quotes::{quote, row};
use stockflow_core::{
    Anomaly, Direction, Evidence, InvalidPrice, InvalidSymbol, InvalidTimestamp, InvalidVolume,
    Judgement, Price, Quality, Quote, Row,
    wire::{self, DecodeError, Decoded},
};

fn encoded(quote: &Quote) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(quote, &mut out);
    out
}

fn decode(text: &str) -> Result<Decoded, DecodeError> {
    wire::decode(text.as_bytes())
}

/// The same members in another order, with white space, so that only the general reader takes it.
fn shuffled(record: &[u8], by: usize) -> Vec<u8> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(record).unwrap();
    let raw: std::collections::HashMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(record).unwrap();
    let mut members: Vec<String> =
        object.keys().map(|key| format!("\t\"{key}\" : {} ", raw[key])).collect();
    let middle = by % members.len();
    members.rotate_left(middle);
    format!(" {{{}}}\r\n", members.join(",\n")).into_bytes()
}

const GOOD: &str = r#"{"symbol":"AAPL","open":180,"high":184.5,"low":179.25,"price":183.75,"previous_close":175,"change":8.75,"change_percent":5,"volume":1000000,"timestamp":"2026-11-23T14:30:00.000000Z"}"#;

/// `GOOD` with another value (as JSON text) for `key`.
fn with(key: &str, value: &str) -> String {
    let start = GOOD.find(&format!("\"{key}\":")).unwrap() + key.len() + 3;
    let end = start + GOOD[start..].find([',', '}']).unwrap();
    format!("{}{value}{}", &GOOD[..start], &GOOD[end..])
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same_and_is_canonical(quote in quote()) {
        let record = encoded(&quote);
        prop_assert_eq!(wire::decode(&record), Ok(Decoded { quote, canonical: true }));
        prop_assert_eq!(encoded(&wire::decode(&record).unwrap().quote), record);
    }

    #[test]
    fn encoded_is_json_with_the_documented_keys_and_exact_numbers(quote in quote()) {
        let record = String::from_utf8(encoded(&quote)).unwrap();
        let expected = format!(
            r#"{{"symbol":"{}","open":{},"high":{},"low":{},"price":{},"previous_close":{},"change":{},"change_percent":{},"volume":{},"timestamp":"{}"}}"#,
            quote.symbol, quote.open, quote.high, quote.low, quote.price, quote.previous_close,
            scaled(quote.change_units(), 8), scaled(quote.change_percent_e4(), 4), quote.volume, quote.timestamp,
        );
        prop_assert_eq!(&record, &expected);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&record).is_ok());
    }

    #[test]
    fn the_general_reader_agrees_with_the_fast_one(quote in quote(), by in 0_usize..10) {
        let record = shuffled(&encoded(&quote), by);
        prop_assert_eq!(wire::decode(&record), Ok(Decoded { quote, canonical: false }));
    }

    #[test]
    fn plain_decimals_mean_the_same_in_both_readers(
        numbers in [number(), number(), number(), number(), number(), number(), number()],
        volume in "[0-9]{1,17}",
    ) {
        let mut record = GOOD.to_owned();
        for (key, number) in ["open", "high", "low", "price", "previous_close", "change", "change_percent"].iter().zip(&numbers) {
            record = replace(&record, key, number);
        }
        record = replace(&record, "volume", &volume);
        let spaced = record.replace(",\"", ", \"");
        let (fast, general) = (decode(&record), decode(&spaced));
        // Errors tell the column, which differs.
        prop_assert_eq!(fast.clone().map(|d| d.quote).ok(), general.map(|d| d.quote).ok());
        if let Ok(Decoded { quote, .. }) = fast {
            prop_assert_eq!(wire::decode(&encoded(&quote)), Ok(Decoded { quote, canonical: true }));
        }
    }

    #[test]
    fn a_cut_record_is_an_error(quote in quote(), at in 0.0..1.0_f64) {
        let record = encoded(&quote);
        let cut = &record[..(record.len() as f64 * at) as usize];
        prop_assert!(wire::decode(cut).is_err());
    }

    #[test]
    fn a_flipped_bit_is_an_error_or_another_legal_record(quote in quote(), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut record = encoded(&quote);
        let at = at.index(record.len());
        record[at] ^= 1_u8 << bit;
        if let Ok(Decoded { quote, canonical }) = wire::decode(&record) {
            prop_assert_eq!(wire::decode(&encoded(&quote)).unwrap().quote, quote);
            if canonical {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&record).is_ok());
                prop_assert_eq!(wire::decode(&shuffled(&record, 0)).unwrap().quote, quote);
            }
        }
    }

    #[test]
    fn random_bytes_are_an_error(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(wire::decode(&bytes).is_err());
        prop_assert!(wire::decode_row(&bytes).is_err());
    }

    #[test]
    fn random_bytes_within_a_record_never_panic(bytes in vec(any::<u8>(), 0..20), at in any::<prop::sample::Index>(), len in 0_usize..30) {
        let mut record = GOOD.as_bytes().to_vec();
        let at = at.index(record.len());
        let end = (at + len).min(record.len());
        record.splice(at..end, bytes);
        let _ = wire::decode(&record);
        let _ = wire::decode_row(&record);
    }

    #[test]
    fn hostile_values_are_an_error(key in select(vec!["symbol", "open", "high", "low", "price", "previous_close", "volume", "timestamp"]), value in hostile()) {
        let error = decode(&with(key, &value)).unwrap_err();
        prop_assert!(error.to_string().len() < 300, "{}", error);
    }

    #[test]
    fn rows_read_back_to_the_bit(row in row()) {
        let mut out = Vec::new();
        wire::encode_row(&row, &mut out);
        prop_assert_eq!(wire::decode_row(&out), Ok(row));
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
        prop_assert!(wire::decode(&out).is_ok(), "a row is a record with more keys");
    }

    #[test]
    fn a_cut_row_is_an_error(row in row(), at in 0.0..1.0_f64) {
        let mut out = Vec::new();
        wire::encode_row(&row, &mut out);
        out.truncate((out.len() as f64 * at) as usize);
        prop_assert!(wire::decode_row(&out).is_err());
    }
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[0-9]{1,11}(\\.[0-9]{1,10})?",
        3 => "[1-9][0-9]{0,8}\\.[0-9]{1,8}",
        1 => "-?[0-9]{0,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{1,4})?",
    ]
}

/// JSON texts, and some that are none, of which no key takes any.
fn hostile() -> impl Strategy<Value = String> {
    let path = select(vec![
        "../../etc/passwd",
        "..",
        ".",
        "a/b",
        "C:\\\\x",
        "%2e%2e",
        "\\u0000",
        "a b",
        "\\ud800",
        "é",
        "",
    ]);
    prop_oneof![
        select(vec![
            "NaN", "nan", "Infinity", "-Infinity", "null", "true", "false", "1e999", "-1e999", "-1", "1e-999",
            "0x10", "+1", "01", ".5", "5.", "1e", "--1", "[]", "{}", "'x'", "\"", "", "1 2", "1_000",
            "{\"symbol\":\"AAPL\"}", "\"1969-12-31 23:59:59Z\"", "\"2026-02-30 00:00:00Z\"", "1e16",
            "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        ]).prop_map(str::to_owned),
        path.prop_map(|text| format!("\"{text}\"")),
        (0_usize..100_000).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
        (24_usize..100_000).prop_map(|len| format!("\"{}\"", "A".repeat(len))),
        (24_usize..10_000).prop_map(|len| "9".repeat(len)),
    ]
}

fn replace(record: &str, key: &str, value: &str) -> String {
    let start = record.find(&format!("\"{key}\":")).unwrap() + key.len() + 3;
    let end = start + record[start..].find(',').unwrap();
    format!("{}{value}{}", &record[..start], &record[end..])
}

fn scaled(number: i64, decimals: usize) -> String {
    let digits = format!("{:0width$}", number.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let text = format!("{}{whole}.{fraction}", if number < 0 { "-" } else { "" });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[test]
fn records_of_the_original_are_read() {
    let original = r#"{"symbol": "AAPL", "open": 180.0, "high": 184.5, "low": 179.25, "price": 183.75, "previous_close": 175.0, "change": 8.75, "change_percent": 5.0, "volume": 1000000, "timestamp": "2026-11-23T14:30:00Z"}"#;
    let decoded = decode(original).unwrap();
    assert_eq!(decoded, Decoded { quote: decode(GOOD).unwrap().quote, canonical: false });
    assert_eq!(wire::lake_line(&original.into(), &decoded), GOOD);
    assert_eq!(wire::lake_line(&GOOD.into(), &decode(GOOD).unwrap()), GOOD);
}

#[test]
fn derived_values_are_not_trusted_and_may_be_anything() {
    let quote = decode(GOOD).unwrap().quote;
    assert_eq!(decode(&with("change", "-7.5")), Ok(Decoded { quote, canonical: true }));
    for value in ["null", "\"NaN\"", "{\"a\":[1]}", "1e5", "-", "123456789.123456789"] {
        let decoded = decode(&with("change", value));
        if value == "-" {
            assert!(matches!(decoded, Err(DecodeError::Json(_))));
        } else {
            assert_eq!(decoded, Ok(Decoded { quote, canonical: false }), "{value}");
        }
    }
    let without = GOOD.replace(r#""change":8.75,"change_percent":5,"#, "");
    assert_eq!(decode(&without), Ok(Decoded { quote, canonical: false }));
}

#[test]
fn unknown_keys_are_ignored_however_deep() {
    let quote = decode(GOOD).unwrap().quote;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for extra in [r#""currency":"USD","#, r#""a":{"symbol":"X"},"#, &format!("\"deep\":{deep},")] {
        let record = GOOD.replacen('{', &format!("{{{extra}"), 1);
        assert_eq!(decode(&record), Ok(Decoded { quote, canonical: false }));
    }
}

#[test]
fn a_key_of_ours_twice_is_an_error_even_if_escaped() {
    for extra in [r#""open":180,"#, r#""\u006fpen":180,"#, r#""change":1,"#, r#""timestamp":null,"#]
    {
        let record = GOOD.replacen('{', &format!("{{{extra}"), 1);
        assert!(matches!(decode(&record), Err(DecodeError::Json(text)) if text.contains("twice")));
    }
    let twice_unknown = GOOD.replacen('{', r#"{"x":1,"x":2,"#, 1);
    assert!(decode(&twice_unknown).is_ok());
}

#[test]
fn errors_name_the_key_and_the_reason() {
    use DecodeError::{Missing, Symbol, Timestamp, Type, Volume};
    let price = |key, error| DecodeError::Price { key, error };
    for (key, value, expected) in [
        ("open", "null", Missing("open")),
        ("low", "\"1\"", Type { key: "low", expected: "number" }),
        ("volume", "true", Type { key: "volume", expected: "number" }),
        ("symbol", "5", Type { key: "symbol", expected: "string" }),
        ("timestamp", "1700000000", Type { key: "timestamp", expected: "string" }),
        ("price", "0", price("price", InvalidPrice::OutOfRange)),
        ("price", "-0.0", price("price", InvalidPrice::OutOfRange)),
        ("previous_close", "1e999", price("previous_close", InvalidPrice::OutOfRange)),
        ("symbol", "\"..\"", Symbol(InvalidSymbol::PathSegment)),
        ("symbol", "\"\"", Symbol(InvalidSymbol::Empty)),
        ("symbol", "\"a/b\"", Symbol(InvalidSymbol::Character { byte: b'/', at: 1 })),
        ("symbol", "\"\\u002e.\"", Symbol(InvalidSymbol::PathSegment)),
        ("volume", "0.5", Volume(InvalidVolume::Fraction)),
        ("volume", "1000000000000001", Volume(InvalidVolume::OutOfRange)),
        ("timestamp", "\"yesterday\"", Timestamp(InvalidTimestamp::NotRfc3339)),
        ("timestamp", "\"1969-12-31T23:59:59.000000Z\"", Timestamp(InvalidTimestamp::OutOfRange)),
    ] {
        assert_eq!(decode(&with(key, value)), Err(expected), "{key} {value}");
    }
    assert_eq!(decode("{}"), Err(Missing("symbol")));
    for text in ["", "null", "[]", "5", "\"x\"", "{", "{}{}", "{\"a\":NaN}", "nul", "[[[["] {
        assert!(matches!(decode(text), Err(DecodeError::Json(_))), "{text}");
    }
    assert!(matches!(wire::decode(b"{\"x\":\"\xff\"}"), Err(DecodeError::Json(_))));
}

#[test]
fn exponents_and_long_fractions_are_read_exactly() {
    let price = |text| decode(&with("price", text)).map(|d| (d.quote.price, d.canonical));
    let units = |units| Price::from_units(units).unwrap();
    assert_eq!(price("1.5e2"), Ok((units(15_000_000_000), false)));
    assert_eq!(price("0.30000000000000004"), Ok((units(30_000_000), false)));
    assert_eq!(price("150.00000000"), Ok((units(15_000_000_000), true)));
    assert_eq!(price("999999999.99999999"), Ok((units(99_999_999_999_999_999), true)));
}

fn row_with(evidence: Evidence) -> Row {
    Row {
        quote: decode(GOOD).unwrap().quote,
        judgement: Judgement::Accepted {
            quality: Quality::GAP | Quality::STALE,
            warming_up: 3,
            anomalies: vec![Anomaly { rule: "a \"rule\"\n".into(), evidence }],
        },
    }
}

#[test]
fn rows_are_written_with_the_documented_keys() {
    let row =
        row_with(Evidence { direction: Direction::Up, score: 2.5, value: -1.0, threshold: 0.1 });
    let mut out = Vec::new();
    wire::encode_row(&row, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"symbol":"AAPL","timestamp":"2026-11-23T14:30:00.000000Z","open":180,"high":184.5,"low":179.25,"price":183.75,"previous_close":175,"change":8.75,"change_percent":5,"volume":1000000,"ohlc4":181.875,"late":false,"quality":["stale","gap"],"warming_up":3,"anomalies":[{"rule":"a \"rule\"\n","direction":"up","score":2.5,"value":-1.0,"threshold":0.1}]}"#
    );
    let late = Row { judgement: Judgement::Late, ..row };
    let mut out = Vec::new();
    wire::encode_row(&late, &mut out);
    let end = r#""late":true,"quality":[],"warming_up":0,"anomalies":[]}"#;
    assert!(String::from_utf8(out).unwrap().ends_with(end));
}

#[test]
fn infinite_evidence_is_written_as_the_largest_number() {
    let evidence = Evidence {
        direction: Direction::Flat,
        score: f64::INFINITY,
        value: f64::NEG_INFINITY,
        threshold: f64::NAN,
    };
    let mut out = Vec::new();
    wire::encode_row(&row_with(evidence), &mut out);
    let read = wire::decode_row(&out).unwrap().anomalies()[0].evidence;
    assert_eq!((read.score, read.value), (f64::MAX, f64::MIN));
    assert!(read.threshold.is_nan());
}
