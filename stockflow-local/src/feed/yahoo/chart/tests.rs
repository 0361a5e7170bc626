use serde_json::{Value, json};

use super::*;

fn symbol() -> Symbol {
    "AAPL".parse().unwrap()
}

/// 2026-11-23, 15:00:00 UTC: half an hour after the open.
const AT: i64 = 1_795_446_000;
const START: i64 = AT - 1_800;

/// An answer in its usual shape.
fn answer() -> Value {
    json!({ "chart": { "error": null, "result": [{
        "meta": {
            "currency": "USD", "symbol": "AAPL", "exchangeName": "NMS", "instrumentType": "EQUITY",
            "regularMarketTime": AT, "gmtoffset": -18_000, "exchangeTimezoneName": "America/New_York",
            "regularMarketPrice": 229.87, "regularMarketDayHigh": 230.1, "regularMarketDayLow": 227.5,
            "regularMarketVolume": 1_234_567, "chartPreviousClose": 228.02, "priceHint": 2,
            "currentTradingPeriod": {
                "pre": { "start": START - 19_800, "end": START, "gmtoffset": -18_000 },
                "regular": { "start": START, "end": START + 23_400, "gmtoffset": -18_000 },
                "post": { "start": START + 23_400, "end": START + 37_800, "gmtoffset": -18_000 },
            },
            "dataGranularity": "1d", "range": "1d",
        },
        "timestamp": [START],
        "indicators": { "quote": [{
            "open": [228.3000030517578], "high": [230.1], "low": [227.5], "close": [229.87], "volume": [1_234_567],
        }] },
    }] } })
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Reading, NoQuote> {
    let mut answer = answer();
    change(&mut answer["chart"]["result"][0]);
    read(symbol(), answer.to_string().as_bytes())
}

#[test]
fn a_good_answer_is_a_quote_at_market_time() {
    let reading = changed(|_| {}).unwrap();
    let quote = reading.quote;
    assert_eq!(quote.timestamp.to_string(), "2026-11-23T15:00:00.000000Z");
    let prices = [quote.open, quote.high, quote.low, quote.price, quote.previous_close];
    assert_eq!(
        prices.map(|price| price.to_string()),
        ["228.3", "230.1", "227.5", "229.87", "228.02"]
    );
    assert_eq!(quote.volume.get(), 1_234_567);
    assert_eq!(reading.session.unwrap().0.to_string(), "2026-11-23T14:30:00.000000Z");
}

#[test]
fn what_lacks_a_field_is_no_quote() {
    for key in [
        "regularMarketTime",
        "regularMarketPrice",
        "regularMarketDayHigh",
        "regularMarketDayLow",
        "regularMarketVolume",
        "chartPreviousClose",
    ] {
        for absent in [true, false] {
            let read = changed(|series| {
                let meta = series["meta"].as_object_mut().unwrap();
                if absent {
                    meta.remove(key);
                } else {
                    meta[key] = Value::Null;
                }
            });
            assert_eq!(read, Err(NoQuote::Missing(key)));
        }
    }
    for open in [json!([null]), json!([])] {
        let read = changed(|series| series["indicators"]["quote"][0]["open"] = open);
        assert_eq!(read, Err(NoQuote::Missing("open")));
    }
    let read = changed(|series| series["indicators"] = json!({ "quote": [{}] }));
    assert_eq!(read, Err(NoQuote::Missing("open")));
}

#[test]
fn values_that_are_none_are_no_quote() {
    for (key, value) in [
        ("regularMarketPrice", json!(0)),
        ("regularMarketPrice", json!(-3.5)),
        ("regularMarketDayHigh", json!(1e300)),
        ("regularMarketVolume", json!(-1)),
        ("regularMarketVolume", json!(0.5)),
        ("regularMarketTime", json!(-5)),
    ] {
        let read = changed(|series| series["meta"][key] = value.clone());
        assert!(matches!(read, Err(NoQuote::Value { .. })), "{key} {value}: {read:?}");
    }
}

#[test]
fn a_last_row_that_is_nan_or_twice_changes_nothing() {
    let good = changed(|_| {}).unwrap();
    let rows = |times: Value, opens: Value| {
        changed(|series| {
            series["timestamp"] = times;
            series["indicators"]["quote"][0]["open"] = opens;
        })
        .unwrap()
    };
    assert_eq!(rows(json!([START, AT]), json!([228.3, null])), good);
    assert_eq!(rows(json!([START, START]), json!([228.3, 229.9])), good);
    // As text, since JSON has no such number.
    let text = answer().to_string().replace("[1795444200]", "[1795444200,1795446000]");
    let nan = text.replace("[228.3000030517578]", "[228.3000030517578,NaN]");
    assert!(nan.contains("NaN"));
    assert_eq!(read(symbol(), nan.as_bytes()).unwrap(), good);
    let price = answer().to_string().replace("Price\":229.87", "Price\":NaN");
    assert_eq!(read(symbol(), price.as_bytes()), Err(NoQuote::Missing("regularMarketPrice")));
}

#[test]
fn rows_before_and_after_the_session_and_of_other_days_give_no_open() {
    let read = changed(|series| {
        series["timestamp"] = json!([START - 86_400, START - 3_600, START, START + 30_000]);
        series["indicators"]["quote"][0]["open"] = json!([1, 2, 228.3, 4]);
    });
    assert_eq!(read.unwrap().quote.open.to_string(), "228.3");
    let before = changed(|series| {
        series["timestamp"] = json!([START - 3_600]);
        series["indicators"]["quote"][0]["open"] = json!([2]);
    });
    assert_eq!(before, Err(NoQuote::Missing("open")));
}

#[test]
fn what_is_no_chart_is_told_as_such() {
    for body in ["", "{", "[]", "{}", r#"{"chart":5}"#, r#"{"quoteResponse":{}}"#] {
        let read = read(symbol(), body.as_bytes());
        assert!(matches!(read, Err(NoQuote::NotAChart(_))), "{body}: {read:?}");
    }
    let empty = read(symbol(), br#"{"chart":{"result":[],"error":null}}"#);
    assert_eq!(empty, Err(NoQuote::Missing("chart.result")));
    let unknown =
        br#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}"#;
    assert_eq!(read(symbol(), unknown), Err(NoQuote::Unknown("Not Found: No data found".into())));
    let other = changed(|series| series["meta"]["symbol"] = json!("MSFT"));
    assert_eq!(other, Err(NoQuote::OfAnother("MSFT".into())));
}

#[test]
fn nan_is_only_taken_out_where_it_is_a_value() {
    assert_eq!(without_nan(br#"{"a":NaN,"NaN":"\"NaN"}"#), br#"{"a":null,"NaN":"\"NaN"}"#);
}
