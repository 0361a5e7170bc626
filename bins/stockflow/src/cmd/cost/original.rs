//! The bill of the design that this one replaces: a record, an object and a write for each quote, batches of 2, an on-demand
//! stream, and a query of the day so far whenever a row is written.

use stockflow_aws::prices::{GB, MONTH_HOURS, Prices};

use super::{
    bill::Bill,
    load::Load,
    measured::{DISK, original as of},
};

pub(super) fn bill(load: &Load, prices: &Prices) -> Bill {
    let mut bill = Bill::default();
    let quotes = load.quotes();
    let kinesis = &prices.kinesis;
    bill.add("Kinesis stream hours", MONTH_HOURS, kinesis.on_demand_stream_hour);
    bill.add("Kinesis GB in", quotes * 1_024.0 / GB, kinesis.on_demand_gb_in);
    bill.add("Kinesis GB out", quotes * of::RECORD_BYTES / GB, kinesis.on_demand_gb_out);

    let in_event = load.symbols.clamp(1.0, of::BATCH);
    let events = quotes / in_event;
    let looks = quotes / (load.rate() / of::POLLS).clamp(in_event, of::BATCH_TREND);
    bill.add("Lambda requests", events + looks, prices.lambda.request);
    let (each, record) = of::SECONDS;
    let seconds = events * each + quotes * record + looks * of::SECONDS_TREND;
    bill.add("Lambda GB-seconds", seconds * of::MEMORY, prices.lambda.gb_second_x86);

    bill.add("DynamoDB write units", quotes, prices.dynamodb.write_unit);
    bill.add("DynamoDB read units", looks * read_units(load), prices.dynamodb.read_unit);
    let stored = quotes * (of::ITEM_BYTES + 100.0);
    bill.add("DynamoDB GB a month adds", stored / GB, prices.dynamodb.gb_month);
    bill.add("S3 PUT requests", quotes, prices.s3.put_request);
    bill.add("S3 GB a month adds", quotes * of::RECORD_BYTES / GB, prices.s3.gb_month);
    bill.add("CloudWatch GB of logs", quotes * of::LOG_BYTES / GB, prices.cloudwatch.log_gb_in);
    bill.add("EC2 instance hours", MONTH_HOURS, prices.ec2.t3_micro_hour);
    bill.add("EC2 address hours", MONTH_HOURS, prices.ec2.ipv4_hour);
    bill.add("EC2 disk GB", DISK, prices.ec2.gp3_gb_month);
    bill
}

/// Of a look of the second function, on average: half a day's rows of a symbol, an old value will do; up to a page.
fn read_units(load: &Load) -> f64 {
    let day = load.day_seconds() / load.interval * of::ITEM_BYTES;
    // It grows evenly up to a page, and stays there for the rest of the day.
    let mean = if day <= of::PAGE_BYTES {
        day / 2.0
    } else {
        of::PAGE_BYTES * (1.0 - of::PAGE_BYTES / day / 2.0)
    };
    (mean / 4_096.0).max(1.0) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::cost::load::Hours;

    /// Dollars for a million quotes, without storage and disk, which the figures beside leave out: what grows with the quotes, and what
    /// does not.
    fn per_million(symbols: u32) -> (f64, f64) {
        let load = Load::new(symbols, 30.0, Hours::Always);
        let bill = bill(&load, &Prices::us_east_1());
        let sum = |wanted: &dyn Fn(&str) -> bool| {
            let lines = bill.lines.iter().filter(|line| wanted(line.what));
            lines.map(|line| line.usd).sum::<f64>() * 1e6 / load.quotes()
        };
        let fixed = |what: &str| what.ends_with("hours");
        let left_out = |what: &str| what.contains("GB a month") || what.contains("disk");
        (sum(&|what| !fixed(what) && !left_out(what)), sum(&fixed))
    }

    /// Worked out from its code by another hand before this was written: $473, $7.66 + $0.92, $6.54 at a thousand quotes a second.
    #[test]
    fn three_loads_cost_what_was_worked_out_before() {
        let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.05;
        let (grows, fixed) = per_million(1);
        assert!(near(grows + fixed, 473.0), "{grows} + {fixed}");
        let (grows, fixed) = per_million(500);
        assert!(near(grows, 7.66) && near(fixed, 0.92), "{grows} + {fixed}");
        let (grows, fixed) = per_million(30_000);
        assert!(near(grows + fixed, 6.54), "{grows} + {fixed}");
    }

    #[test]
    fn one_symbol_by_hand() {
        let load = Load::new(1, 30.0, Hours::Always);
        let bill = bill(&load, &Prices::us_east_1());
        let usd = |what: &str| bill.line(what).unwrap().usd;
        // 87,600 quotes, one in an event, each followed by a look.
        assert!((usd("Kinesis stream hours") - 29.2).abs() < 1e-9);
        assert!((usd("S3 PUT requests") - 0.438).abs() < 1e-9);
        assert!((bill.line("Lambda requests").unwrap().quantity - 175_200.0).abs() < 1e-6);
        // 1,440 rows of 165 bytes are 58 × 4 KiB; half of it, 87,600 times.
        let reads = bill.line("DynamoDB read units").unwrap().quantity;
        assert!((reads - 87_600.0 * 29.003_9).abs() < 100.0, "{reads}");
        // 87,600 × (0.04 + 0.04 + 0.1) s × 0.125 GB.
        assert!((bill.line("Lambda GB-seconds").unwrap().quantity - 1_971.0).abs() < 1e-6);
    }

    #[test]
    fn a_query_reads_no_more_than_a_page() {
        // 86,400 rows a day are 13.6 pages: half a page on the way, a whole one for the rest.
        let units = read_units(&Load::new(1, 1.0, Hours::Always));
        assert!((120.0..128.0).contains(&units), "{units}");
        assert_eq!(read_units(&Load::new(1, 86_400.0, Hours::Always)), 0.5);
    }
}
