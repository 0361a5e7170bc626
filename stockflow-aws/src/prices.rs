//! What AWS asks for, as data with a date and its sources.
//!
//! ```
//! use stockflow_aws::prices::Prices;
//!
//! let prices = Prices::us_east_1();
//! // A million quotes in items of up to a kilobyte.
//! assert_eq!(prices.dynamodb.write_unit.cost(1e6), 0.625);
//! // A stream that is there for a month.
//! assert_eq!(prices.kinesis.on_demand_stream_hour.cost(730.0), 29.2);
//! println!("as of {}: {}", prices.date, prices.dynamodb.source);
//! ```

use serde::Deserialize;
use stockflow_core::{Date, InvalidConfig};

/// Hours of the month that AWS' own examples count with.
pub const MONTH_HOURS: f64 = 730.0;
/// Bytes of what AWS calls a GB.
pub const GB: f64 = (1_u64 << 30) as f64;
/// Bytes of what AWS calls a TB.
pub const TB: f64 = (1_u64 << 40) as f64;

const US_EAST_1: &str = include_str!("../prices/us-east-1.toml");

/// What something costs: so many dollars for so many units.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Dollars.
    pub usd: f64,
    /// For how many units.
    pub per: f64,
}

impl Rate {
    /// Dollars for `quantity` units.
    #[must_use]
    pub fn cost(&self, quantity: f64) -> f64 {
        quantity * self.usd / self.per
    }
}

/// Prices of a service: where they were read, and a rate each.
macro_rules! prices {
    ($(#[$doc:meta])* $name:ident { $($(#[$rate_doc:meta])* $rate:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            /// Where they were read.
            pub source: String,
            $($(#[$rate_doc])* pub $rate: Rate,)+
        }

        impl $name {
            fn rates(&self) -> impl Iterator<Item = (&'static str, Rate)> {
                [$((stringify!($rate), self.$rate)),+].into_iter()
            }
        }
    };
}

prices! {
    /// Prices of Kinesis Data Streams.
    KinesisPrices {
        /// An hour of an on-demand stream, idle or not.
        on_demand_stream_hour,
        /// A GB into an on-demand stream, each record counted in whole KiB.
        on_demand_gb_in,
        /// A GB out of an on-demand stream, to Lambda too.
        on_demand_gb_out,
        /// An hour of a shard of a provisioned stream.
        shard_hour,
        /// 25 KiB of a record, begun, into a provisioned stream.
        put_unit,
    }
}
prices! {
    /// Prices of DynamoDB, on demand.
    DynamoPrices {
        /// A KiB of an item, begun, written.
        write_unit,
        /// 4 KiB, begun, read; half of one if an old value will do.
        read_unit,
        /// A GB stored for a month.
        gb_month,
        /// A read of a table's stream, unless by Lambda, for which it is free.
        stream_read,
    }
}
prices! {
    /// Prices of S3, standard class.
    S3Prices {
        /// PUT, COPY, POST, LIST.
        put_request,
        /// GET and all others but DELETE.
        get_request,
        /// A GB stored for a month.
        gb_month,
    }
}
prices! {
    /// Prices of SNS.
    SnsPrices {
        /// 64 KiB of a request, begun, to a standard topic.
        publish,
        /// A message to a FIFO topic.
        fifo_message,
        /// A GB of messages to a FIFO topic.
        fifo_gb,
        /// An e-mail delivered.
        email,
        /// A request to an HTTP subscriber.
        http,
    }
}
prices! {
    /// Prices of Athena.
    AthenaPrices {
        /// A TB scanned.
        tb_scanned,
    }
}
prices! {
    /// Prices of Lambda.
    LambdaPrices {
        /// An invocation.
        request,
        /// A GB of memory for a second, on arm64.
        gb_second_arm64,
        /// A GB of memory for a second, on x86-64.
        gb_second_x86,
    }
}
prices! {
    /// Prices of CloudWatch.
    CloudWatchPrices {
        /// A GB of logs taken in.
        log_gb_in,
        /// A GB of logs, compressed, kept for a month.
        log_gb_month,
        /// A metric of one's own, with its dimensions, for a month.
        metric_month,
        /// An alarm on one metric, for a month.
        alarm_month,
        /// A dashboard, for a month.
        dashboard_month,
    }
}
prices! {
    /// Prices of EC2.
    Ec2Prices {
        /// An hour of a t4g.nano.
        t4g_nano_hour,
        /// An hour of a t3.micro.
        t3_micro_hour,
        /// An hour of a public IPv4 address.
        ipv4_hour,
        /// A GB of a gp3 volume for a month.
        gp3_gb_month,
        /// A GB out of AWS.
        gb_to_internet,
    }
}
prices! {
    /// Prices of KMS.
    KmsPrices {
        /// A key of one's own for a month.
        key_month,
        /// A use of a key.
        request,
    }
}

/// Bytes that a query of Athena is billed for which has read `scanned` of them: whole MB (of 2²⁰ bytes), and at least 10.
///
/// ```
/// use stockflow_aws::prices::athena_billed_bytes;
///
/// assert_eq!(athena_billed_bytes(1_000), 10 << 20);
/// assert_eq!(athena_billed_bytes((20 << 20) + 1), 21 << 20);
/// ```
#[must_use]
pub const fn athena_billed_bytes(scanned: u64) -> u64 {
    const MB: u64 = 1 << 20;
    let whole = scanned.div_ceil(MB).saturating_mul(MB);
    if whole < 10 * MB { 10 * MB } else { whole }
}

/// The list prices of a region: on demand, without free tiers and without discounts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Prices {
    /// The region, as `us-east-1`.
    pub region: String,
    /// The day, as `2026-11-29`, on which they were last held against their sources.
    pub date: String,
    /// Kinesis Data Streams.
    pub kinesis: KinesisPrices,
    /// DynamoDB.
    pub dynamodb: DynamoPrices,
    /// S3.
    pub s3: S3Prices,
    /// SNS.
    pub sns: SnsPrices,
    /// Athena.
    pub athena: AthenaPrices,
    /// Lambda.
    pub lambda: LambdaPrices,
    /// CloudWatch.
    pub cloudwatch: CloudWatchPrices,
    /// EC2.
    pub ec2: Ec2Prices,
    /// KMS.
    pub kms: KmsPrices,
}

impl Prices {
    /// Those of us-east-1, as this version of the crate knows them.
    ///
    /// # Panics
    /// Never: a test reads the file.
    #[must_use]
    #[expect(clippy::panic, reason = "the file is compiled in, and a test reads it")]
    pub fn us_east_1() -> Self {
        Self::from_toml(US_EAST_1).unwrap_or_else(|error| panic!("prices/us-east-1.toml: {error}"))
    }

    /// Those of a file in the form of [`prices/us-east-1.toml`][file], for another region or another contract.
    ///
    /// [file]: https://github.com/stockflow/stockflow/blob/main/stockflow-aws/prices/us-east-1.toml
    ///
    /// # Errors
    /// What is missing, unknown, or no price.
    pub fn from_toml(text: &str) -> Result<Self, InvalidConfig> {
        let form = "a file with all keys of stockflow-aws/prices/us-east-1.toml";
        let prices: Self = toml::from_str(text)
            .map_err(|error| InvalidConfig::new("prices", error.to_string().trim(), form))?;
        if prices.date.parse::<Date>().is_err() {
            return Err(InvalidConfig::new("date", &prices.date, "a day such as 2026-11-29"));
        }
        let wrong = prices.rates().find(|(_, _, rate)| {
            !(rate.usd >= 0.0 && rate.usd.is_finite() && rate.per > 0.0 && rate.per.is_finite())
        });
        match wrong {
            None => Ok(prices),
            Some((section, name, rate)) => Err(InvalidConfig::new(
                format!("{section}.{name}"),
                format!("{{ usd = {}, per = {} }}", rate.usd, rate.per),
                "usd of 0 or more for a number of units above 0",
            )),
        }
    }

    /// Every rate with its section and name, as in the file.
    pub fn rates(&self) -> impl Iterator<Item = (&'static str, &'static str, Rate)> {
        let of = |section: &'static str| move |(name, rate)| (section, name, rate);
        self.kinesis
            .rates()
            .map(of("kinesis"))
            .chain(self.dynamodb.rates().map(of("dynamodb")))
            .chain(self.s3.rates().map(of("s3")))
            .chain(self.sns.rates().map(of("sns")))
            .chain(self.athena.rates().map(of("athena")))
            .chain(self.lambda.rates().map(of("lambda")))
            .chain(self.cloudwatch.rates().map(of("cloudwatch")))
            .chain(self.ec2.rates().map(of("ec2")))
            .chain(self.kms.rates().map(of("kms")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let prices = Prices::us_east_1();
        assert_eq!(prices.region, "us-east-1");
        assert_eq!(prices.rates().count(), US_EAST_1.matches("{ usd =").count());
        for source in [&prices.kinesis.source, &prices.kms.source, &prices.sns.source] {
            assert!(source.starts_with("https://aws.amazon.com/"), "{source}");
        }
    }

    #[test]
    fn a_rate_is_dollars_for_units() {
        let prices = Prices::us_east_1();
        assert_eq!(prices.s3.put_request.cost(1_000.0), 0.005);
        assert_eq!(prices.sns.email.cost(50_000.0), 1.0);
        assert_eq!(prices.lambda.request.cost(0.0), 0.0);
    }

    #[test]
    fn a_wrong_file_is_told_with_key_and_value() {
        let wrong = |from: &str, to: &str| {
            let text = US_EAST_1.replacen(from, to, 1);
            assert_ne!(text, US_EAST_1);
            Prices::from_toml(&text).unwrap_err().to_string()
        };
        assert!(wrong("usd = 0.625", "usd = -1.0").contains("dynamodb.write_unit"));
        assert!(wrong("per = 1_000_000", "per = 0").contains("kinesis.put_unit"));
        assert!(wrong("usd = 0.625", "usd = nan").contains("NaN"));
        assert!(wrong("2026-11-29\"", "November\"").contains("November"));
        assert!(wrong("[s3]", "[s4]").contains("s4"));
        let missing = wrong("gb_second_x86", "gb_second_risc");
        assert!(missing.contains("gb_second_risc"), "{missing}");
    }
}
