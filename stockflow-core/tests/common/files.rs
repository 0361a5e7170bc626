//! Real quotes, where they are at hand.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::{
    env,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use flate2::read::GzDecoder;
use stockflow_core::{Quote, TickNumbering};

/// The quotes of `file` in the folder that `STOCKFLOW_TEST_DATA` names, numbered within each millisecond.
pub fn quotes(file: &str) -> impl Iterator<Item = Quote> {
    let folder = env::var_os("STOCKFLOW_TEST_DATA").expect("STOCKFLOW_TEST_DATA is set");
    let reader = BufReader::new(GzDecoder::new(File::open(Path::new(&folder).join(file)).unwrap()));
    let mut lines = reader.lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "timestamp,symbol,open,high,low,price,previous_close,volume");
    let mut numbering = TickNumbering::default();
    lines.map(move |line| {
        let mut cells = line.split(',');
        let mut cell = || cells.next().unwrap();
        let time = cell().parse().unwrap();
        let symbol = cell().parse().unwrap();
        Quote {
            symbol,
            timestamp: numbering.number(symbol, time),
            open: cell().parse().unwrap(),
            high: cell().parse().unwrap(),
            low: cell().parse().unwrap(),
            price: cell().parse().unwrap(),
            previous_close: cell().parse().unwrap(),
            volume: cell().parse::<i64>().unwrap().try_into().unwrap(),
        }
    })
}
