//! What it costs.

use std::fmt;

use super::Usage;
use crate::prices::{GB, Prices, Rate, TB};

/// How a stream is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamMode {
    /// By hour and by bytes in and out.
    OnDemand,
    /// By hour of each shard and by PUT units.
    Provisioned,
}

/// What a [`Usage`] costs, line by line, in US dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    lines: Vec<BillLine>,
}

/// A line of a [`Bill`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BillLine {
    /// Service and unit, as `DynamoDB write units`.
    pub what: &'static str,
    /// How many units.
    pub quantity: f64,
    /// Dollars.
    pub usd: f64,
}

impl Bill {
    pub(super) fn of(usage: &Usage, prices: &Prices, mode: StreamMode) -> Self {
        let Usage { kinesis, dynamodb, s3, sns, athena, .. } = usage;
        let mut lines = Vec::new();
        let mut add = |what, quantity: f64, rate: Rate| {
            if quantity > 0.0 {
                lines.push(BillLine { what, quantity, usd: rate.cost(quantity) });
            }
        };
        match mode {
            StreamMode::OnDemand => {
                add("Kinesis GB in", kinesis.bytes_in as f64 / GB, prices.kinesis.on_demand_gb_in);
                add(
                    "Kinesis GB out",
                    kinesis.bytes_out as f64 / GB,
                    prices.kinesis.on_demand_gb_out,
                );
            }
            StreamMode::Provisioned => {
                add("Kinesis PUT units", kinesis.put_units as f64, prices.kinesis.put_unit);
            }
        }
        add("DynamoDB write units", dynamodb.write_units, prices.dynamodb.write_unit);
        add("DynamoDB read units", dynamodb.read_units, prices.dynamodb.read_unit);
        add("S3 PUT and LIST requests", s3.put_requests as f64, prices.s3.put_request);
        add("S3 GET requests", s3.get_requests as f64, prices.s3.get_request);
        add("SNS publishes", sns.publishes as f64, prices.sns.publish);
        add("SNS FIFO messages", sns.fifo_messages as f64, prices.sns.fifo_message);
        add("SNS FIFO GB", sns.fifo_bytes as f64 / GB, prices.sns.fifo_gb);
        add("Athena TB scanned", athena.bytes_billed as f64 / TB, prices.athena.tb_scanned);
        Self { lines }
    }

    /// What was used; without what was not.
    #[must_use]
    pub fn lines(&self) -> &[BillLine] {
        &self.lines
    }

    /// Dollars.
    #[must_use]
    pub fn total(&self) -> f64 {
        // Not `sum()`, which is -0 for no lines.
        self.lines.iter().fold(0.0, |sum, line| sum + line.usd)
    }

    /// Dollars for a million quotes, if this is what `quotes` of them cost; none for none.
    #[must_use]
    pub fn per_million(&self, quotes: u64) -> Option<f64> {
        (quotes > 0).then(|| self.total() * 1e6 / quotes as f64)
    }
}

impl fmt::Display for Bill {
    /// A line each, and the sum.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for BillLine { what, quantity, usd } in &self.lines {
            let decimals = if quantity.fract() == 0.0 { 0 } else { 6 };
            writeln!(f, "{what:<26} {quantity:>16.decimals$} {usd:>14.6} $")?;
        }
        write!(f, "{:<26} {:>16} {:>14.6} $", "sum", "", self.total())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A million quotes, a batch of a thousand each: one record, one item, and a thousandth of an object.
    fn million() -> Usage {
        let mut usage = Usage::default();
        usage.kinesis.records = 1_000_000;
        usage.kinesis.put_units = 1_000_000;
        usage.kinesis.bytes_in = 1_000_000 << 10;
        usage.dynamodb.write_units = 1_000_000.0;
        usage.dynamodb.read_units = 1_000.5;
        usage.s3.put_requests = 1_000;
        usage.athena.bytes_billed = 1 << 40;
        usage
    }

    #[test]
    fn a_bill_is_units_by_prices() {
        let prices = Prices::us_east_1();
        let bill = million().bill(&prices, StreamMode::Provisioned);
        let lines: Vec<(&str, f64, f64)> =
            bill.lines().iter().map(|line| (line.what, line.quantity, line.usd)).collect();
        let expected = [
            ("Kinesis PUT units", 1e6, 0.014),
            ("DynamoDB write units", 1e6, 0.625),
            ("DynamoDB read units", 1_000.5, 0.000_125_062_5),
            ("S3 PUT and LIST requests", 1e3, 0.005),
            ("Athena TB scanned", 1.0, 5.0),
        ];
        for ((what, quantity, usd), (name, count, dollars)) in lines.iter().zip(expected) {
            assert_eq!((*what, *quantity), (name, count));
            assert!((usd - dollars).abs() < 1e-12, "{what}: {usd}");
        }
        assert_eq!(lines.len(), expected.len());
        assert!((bill.total() - 5.644_125_062_5).abs() < 1e-9);
        assert_eq!(bill.per_million(2_000_000), Some(bill.total() / 2.0));
        assert_eq!(bill.per_million(0), None);
        // A million records of up to a KiB are 0.9537 GB.
        let on_demand = million().bill(&prices, StreamMode::OnDemand).lines()[0];
        assert_eq!(on_demand.what, "Kinesis GB in");
        assert!((on_demand.usd - 0.076_293_945).abs() < 1e-9, "{}", on_demand.usd);
    }

    #[test]
    fn a_bill_reads_well() {
        let text = million().bill(&Prices::us_east_1(), StreamMode::Provisioned).to_string();
        assert!(
            text.contains("DynamoDB write units                1000000       0.625000 $"),
            "{text}"
        );
        assert!(text.ends_with("5.644125 $"), "{text}");
        let nothing = Usage::default().bill(&Prices::us_east_1(), StreamMode::OnDemand);
        assert!(nothing.to_string().ends_with(" 0.000000 $"), "{nothing}");
    }
}
