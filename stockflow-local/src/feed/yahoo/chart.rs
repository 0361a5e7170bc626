//! The answer of the chart endpoint, and the quote in it.

use serde::Deserialize;
use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume};

/// What an answer says of a symbol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) quote: Quote,
    /// Start and end of the regular session of the day, if told.
    pub(super) session: Option<(Timestamp, Timestamp)>,
}

/// Why an answer gives no quote.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoQuote {
    #[error("the answer is no chart: {0}")]
    NotAChart(String),
    #[error("the feed does not know the symbol: {0}")]
    Unknown(String),
    #[error("the answer is of {0}")]
    OfAnother(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{key} cannot be used: {why}")]
    Value { key: &'static str, why: String },
}

#[derive(Deserialize)]
struct Answer {
    chart: Chart,
}

#[derive(Deserialize)]
struct Chart {
    result: Option<Vec<Series>>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    meta: Meta,
    #[serde(default)]
    timestamp: Vec<Option<i64>>,
    indicators: Option<Indicators>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    symbol: Option<String>,
    gmtoffset: Option<i64>,
    regular_market_time: Option<i64>,
    regular_market_price: Option<f64>,
    regular_market_day_high: Option<f64>,
    regular_market_day_low: Option<f64>,
    regular_market_volume: Option<f64>,
    previous_close: Option<f64>,
    chart_previous_close: Option<f64>,
    current_trading_period: Option<Periods>,
}

#[derive(Deserialize)]
struct Periods {
    regular: Option<Period>,
}

#[derive(Deserialize)]
struct Period {
    start: Option<i64>,
    end: Option<i64>,
}

#[derive(Deserialize)]
struct Indicators {
    #[serde(default)]
    quote: Vec<Option<Bars>>,
}

#[derive(Deserialize)]
struct Bars {
    #[serde(default)]
    open: Vec<Option<f64>>,
}

/// Reads the quote of `symbol`. What is missing or not a number gives no quote: nothing is made up.
pub(super) fn read(symbol: Symbol, body: &[u8]) -> Result<Reading, NoQuote> {
    let answer: Answer = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(error) => serde_json::from_slice(&without_nan(body))
            .map_err(|_| NoQuote::NotAChart(error.to_string()))?,
    };
    if let Some(Refusal { code, description }) = answer.chart.error {
        let text = |part: Option<String>| part.unwrap_or_default();
        return Err(NoQuote::Unknown(format!("{}: {}", text(code), text(description))));
    }
    let series = answer.chart.result.into_iter().flatten().next();
    let series = series.ok_or(NoQuote::Missing("chart.result"))?;
    series.quote(symbol)
}

impl Series {
    fn quote(&self, symbol: Symbol) -> Result<Reading, NoQuote> {
        let meta = &self.meta;
        if let Some(other) =
            meta.symbol.as_ref().filter(|s| !s.eq_ignore_ascii_case(symbol.as_str()))
        {
            return Err(NoQuote::OfAnother(other.clone()));
        }
        let at = meta.regular_market_time.ok_or(NoQuote::Missing("regularMarketTime"))?;
        let volume = meta.regular_market_volume.filter(|volume| volume.is_finite());
        let volume = volume.ok_or(NoQuote::Missing("regularMarketVolume"))?;
        let volume = Volume::from_bytes(volume.to_string().as_bytes())
            .map_err(|why| NoQuote::Value { key: "regularMarketVolume", why: why.to_string() })?;
        // Of the day before the chart's range, which is one day.
        let close = meta.previous_close.or(meta.chart_previous_close);
        let quote = Quote {
            symbol,
            timestamp: time(at)?,
            open: price("open", self.open(at))?,
            high: price("regularMarketDayHigh", meta.regular_market_day_high)?,
            low: price("regularMarketDayLow", meta.regular_market_day_low)?,
            price: price("regularMarketPrice", meta.regular_market_price)?,
            previous_close: price("chartPreviousClose", close)?,
            volume,
        };
        let session =
            self.session().and_then(|(start, end)| Some((time(start).ok()?, time(end).ok()?)));
        Ok(Reading { quote, session })
    }

    fn session(&self) -> Option<(i64, i64)> {
        let regular = self.meta.current_trading_period.as_ref()?.regular.as_ref()?;
        regular.start.zip(regular.end)
    }

    /// The first price of the exchange's day on which the market time `at` is: rows of other days, of before and after the regular
    /// session, and rows without a price do not count.
    fn open(&self, at: i64) -> Option<f64> {
        let offset = self.meta.gmtoffset.unwrap_or(0);
        let day = |time: i64| time.saturating_add(offset).div_euclid(86_400);
        let session = self.session().filter(|(start, _)| day(*start) == day(at));
        let bars = self.indicators.as_ref()?.quote.first()?.as_ref()?;
        let rows = self.timestamp.iter().zip(&bars.open);
        let of_the_day = |time: i64| {
            day(time) == day(at) && session.is_none_or(|(start, end)| (start..=end).contains(&time))
        };
        rows.filter(|(time, _)| time.is_some_and(of_the_day))
            .find_map(|(_, open)| open.filter(|open| open.is_finite()))
    }
}

fn time(seconds: i64) -> Result<Timestamp, NoQuote> {
    let micros = seconds.saturating_mul(1_000_000);
    Timestamp::from_micros(micros)
        .map_err(|why| NoQuote::Value { key: "regularMarketTime", why: why.to_string() })
}

fn price(key: &'static str, value: Option<f64>) -> Result<Price, NoQuote> {
    let value = value.filter(|value| value.is_finite()).ok_or(NoQuote::Missing(key))?;
    exact(value).map_err(|why| NoQuote::Value { key, why })
}

/// The price that was meant: feeds keep many as 32-bit numbers, and show 229.87 as 229.8699951171875.
pub(super) fn exact(value: f64) -> Result<Price, String> {
    let short = value as f32;
    let text = if f64::from(short) == value { short.to_string() } else { value.to_string() };
    text.parse::<Price>().map_err(|why| format!("{text}: {why}"))
}

/// `body` with `null` for each bare `NaN`, which some answers have although JSON has no such number.
fn without_nan(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let (mut rest, mut in_text, mut escaped) = (body, false, false);
    while let Some((&byte, more)) = rest.split_first() {
        if !in_text && rest.starts_with(b"NaN") {
            out.extend_from_slice(b"null");
            rest = &rest[3..];
            continue;
        }
        in_text ^= byte == b'"' && !escaped;
        escaped = in_text && byte == b'\\' && !escaped;
        out.push(byte);
        rest = more;
    }
    out
}

#[cfg(test)]
mod tests;
