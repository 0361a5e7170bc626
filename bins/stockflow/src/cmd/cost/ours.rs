//! The bill of what `deploy/template.yaml` makes.

use stockflow_aws::prices::{GB, MONTH_HOURS, Prices};

use super::{
    Mode,
    bill::Bill,
    load::Load,
    measured::{
        ALARMS, ALERTS_PER_SYMBOL_DAY, BATCH, BATCH_STAGE_2, COMPRESSED_BYTES, DISK, LOG_STAGE_1,
        LOG_STAGE_2, MEMORY, METRICS, PUTS_PER_EVENT, READS_STAGE_1, READS_STAGE_2, RECORD_BYTES,
        ROW_BYTES, WINDOW, WRITES_PER_ALERT, WRITES_PER_QUOTE, WRITES_STAGE_2, seconds_stage_1,
        seconds_stage_2,
    },
};

/// Records a second that a shard takes, and bytes.
const SHARD: (f64, f64) = (1_000.0, 1_048_576.0);

/// How it is deployed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    /// Seconds that stage 1 waits for an event to fill.
    pub(super) window: f64,
    /// Whether the producer puts many quotes into a record.
    pub(super) compressed: bool,
    /// Whether the producer has an instance of its own.
    pub(super) instance: bool,
    /// Whether there is a dashboard.
    pub(super) dashboard: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            window: WINDOW,
            compressed: false,
            instance: true,
            dashboard: true,
        }
    }
}

/// How a month's quotes come to the functions.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Events {
    /// Of stage 1.
    count: f64,
    /// In each.
    quotes: f64,
    /// In each.
    symbols: f64,
}

impl Events {
    fn of(load: &Load, plan: &Plan, shards: f64) -> Self {
        let quotes = (load.rate() / shards * plan.window).clamp(1.0, BATCH);
        let symbols = quotes.min((load.symbols / shards).max(1.0));
        Self { count: load.quotes() / quotes, quotes, symbols }
    }

    fn checkpoints(&self) -> f64 {
        self.count * self.symbols
    }

    /// Of stage 2: the checkpoints of an event of stage 1 come together.
    fn of_stage_2(&self) -> f64 {
        self.count * (self.symbols / BATCH_STAGE_2).max(1.0)
    }
}

pub(super) fn bill(load: &Load, plan: &Plan, prices: &Prices) -> Bill {
    let mut bill = Bill::default();
    stream(&mut bill, load, plan, prices);
    let events = Events::of(load, plan, shards(load, plan));
    functions(&mut bill, &events, prices);
    stores(&mut bill, load, &events, prices);
    watching(&mut bill, load, plan, &events, prices);
    if plan.instance {
        bill.add("EC2 instance hours", MONTH_HOURS, prices.ec2.t4g_nano_hour);
        bill.add("EC2 address hours", MONTH_HOURS, prices.ec2.ipv4_hour);
        bill.add("EC2 disk GB", DISK, prices.ec2.gp3_gb_month);
    }
    bill
}

/// Shards that the rate needs; an on-demand stream has as many by itself.
fn shards(load: &Load, plan: &Plan) -> f64 {
    let (records, bytes) = SHARD;
    let most = if plan.compressed { bytes / COMPRESSED_BYTES } else { records };
    (load.rate() / most).ceil().max(1.0)
}

fn stream(bill: &mut Bill, load: &Load, plan: &Plan, prices: &Prices) {
    let (quotes, kinesis) = (load.quotes(), &prices.kinesis);
    // A record alone counts as a whole KiB, and as a unit of 25 KiB; compressed ones are filled.
    let bytes = if plan.compressed { COMPRESSED_BYTES } else { RECORD_BYTES };
    let bytes_in = if plan.compressed { COMPRESSED_BYTES } else { 1_024.0 };
    let units = if plan.compressed { COMPRESSED_BYTES / 25_600.0 } else { 1.0 };
    match plan.mode {
        Mode::Provisioned => {
            let hours = shards(load, plan) * MONTH_HOURS;
            bill.add("Kinesis shard hours", hours, kinesis.shard_hour);
            bill.add("Kinesis PUT units", quotes * units, kinesis.put_unit);
        }
        Mode::OnDemand => {
            bill.add("Kinesis stream hours", MONTH_HOURS, kinesis.on_demand_stream_hour);
            bill.add("Kinesis GB in", quotes * bytes_in / GB, kinesis.on_demand_gb_in);
            bill.add("Kinesis GB out", quotes * bytes / GB, kinesis.on_demand_gb_out);
        }
    }
}

fn functions(bill: &mut Bill, events: &Events, prices: &Prices) {
    let second = events.of_stage_2();
    bill.add("Lambda requests", events.count + second, prices.lambda.request);
    let seconds = events.count * seconds_stage_1(events.quotes, events.symbols)
        + second * seconds_stage_2(events.checkpoints() / second);
    bill.add("Lambda GB-seconds", seconds * MEMORY, prices.lambda.gb_second_arm64);
}

fn stores(bill: &mut Bill, load: &Load, events: &Events, prices: &Prices) {
    let (quotes, dynamodb) = (load.quotes(), &prices.dynamodb);
    let writes = quotes * WRITES_PER_QUOTE
        + events.checkpoints() * WRITES_STAGE_2
        + alerts(load) * WRITES_PER_ALERT;
    bill.add("DynamoDB write units", writes, dynamodb.write_unit);
    let reads = events.checkpoints() * (READS_STAGE_1 + READS_STAGE_2);
    bill.add("DynamoDB read units", reads, dynamodb.read_unit);
    bill.add("DynamoDB GB a month adds", quotes * ROW_BYTES / GB, dynamodb.gb_month);
    bill.add("S3 PUT requests", events.count * PUTS_PER_EVENT, prices.s3.put_request);
    bill.add("S3 GB a month adds", quotes * COMPRESSED_BYTES / GB, prices.s3.gb_month);
}

fn watching(bill: &mut Bill, load: &Load, plan: &Plan, events: &Events, prices: &Prices) {
    bill.add("SNS publishes", alerts(load), prices.sns.publish);
    bill.add("SNS e-mails", alerts(load), prices.sns.email);
    let logged = events.count * LOG_STAGE_1 + events.of_stage_2() * LOG_STAGE_2;
    bill.add("CloudWatch GB of logs", logged / GB, prices.cloudwatch.log_gb_in);
    // Metrics are billed for the hours in which they come.
    let month = load.day_seconds() * load.days() / (MONTH_HOURS * 3_600.0);
    bill.add("CloudWatch metrics", METRICS * month, prices.cloudwatch.metric_month);
    bill.add("CloudWatch alarms", ALARMS, prices.cloudwatch.alarm_month);
    let dashboards = f64::from(u8::from(plan.dashboard));
    bill.add("CloudWatch dashboards", dashboards, prices.cloudwatch.dashboard_month);
}

fn alerts(load: &Load) -> f64 {
    load.symbols * load.days() * ALERTS_PER_SYMBOL_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::cost::load::Hours;

    fn usd(bill: &Bill, what: &str) -> f64 {
        bill.line(what).map_or(0.0, |line| line.usd)
    }

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < expected * 1e-3, "{found} instead of {expected}");
    }

    #[test]
    fn ten_symbols_each_30_seconds_by_hand() {
        let load = Load::new(10, 30.0, Hours::Market);
        let bill = bill(&load, &Plan::default(), &Prices::us_east_1());
        // 163,800 quotes; 730 h × $0.015.
        assert_close(usd(&bill, "Kinesis shard hours"), 10.95);
        assert_close(usd(&bill, "Kinesis PUT units"), 0.163_8 * 0.014);
        // A third of a quote a second, in windows of 5 s: 1.667 in an event, 98,280 events, each of 1.667 symbols.
        assert_close(bill.line("S3 PUT requests").unwrap().quantity, 98_280.0);
        assert_close(usd(&bill, "S3 PUT requests"), 0.491_4);
        assert_close(bill.line("Lambda requests").unwrap().quantity, 196_560.0);
        assert_close(bill.line("DynamoDB read units").unwrap().quantity, 327_600.0);
        // 184.8 alerts of 6 units, and a mark for every 16th of 163,800 checkpoints.
        assert_close(bill.line("SNS publishes").unwrap().quantity, 184.8);
        assert_close(
            bill.line("DynamoDB write units").unwrap().quantity,
            163_800.0 + 1_108.8 + 10_237.5,
        );
        // 3.066 + 3.65 + 0.64.
        let instance = ["EC2 instance hours", "EC2 address hours", "EC2 disk GB"];
        assert_close(instance.iter().map(|what| usd(&bill, what)).sum(), 7.356);
        // 26 metrics × $0.3 × 136.5/730 h.
        assert_close(usd(&bill, "CloudWatch metrics"), 1.458_5);
    }

    #[test]
    fn what_a_million_quotes_use_is_what_the_meter_measured_once_batches_are_full() {
        // 20 symbols at 1,000 quotes a second: events of 1,000 quotes. 0.625 for the write unit, and what the meter saw beside it.
        let load = Load::new(20, 0.02, Hours::Always);
        let bill = bill(
            &load,
            &Plan { mode: Mode::OnDemand, compressed: true, ..Plan::default() },
            &Prices::us_east_1(),
        );
        let counted = [
            "DynamoDB write units",
            "DynamoDB read units",
            "S3 PUT requests",
            "Kinesis GB in",
            "Kinesis GB out",
        ];
        let usd: f64 = counted.iter().map(|what| usd(&bill, what)).sum();
        assert!(
            (0.625..0.645).contains(&(usd * 1e6 / load.quotes())),
            "{}",
            usd * 1e6 / load.quotes()
        );
    }

    #[test]
    fn shards_follow_the_rate() {
        let load = Load::new(10_000, 1.0, Hours::Market);
        let plan = Plan::default();
        assert_eq!(shards(&load, &plan), 10.0);
        assert_eq!(shards(&load, &Plan { compressed: true, ..plan }), 1.0);
        let events = Events::of(&load, &plan, 10.0);
        assert_eq!((events.quotes, events.symbols), (1_000.0, 1_000.0));
        assert_eq!(events.of_stage_2(), events.count * 10.0);
    }

    #[test]
    fn the_template_makes_what_is_billed() {
        let template = include_str!("../../../../../deploy/template.yaml");
        let count = |text: &str| template.matches(text).count() as f64;
        assert_eq!(count("Type: AWS::CloudWatch::Alarm\n"), ALARMS);
        assert_eq!(count("Type: AWS::CloudWatch::Dashboard\n"), 1.0);
        assert_eq!(count("MetricsConfig: {Metrics: [EventCount]}"), 2.0);
        assert!(template.contains("Ebs: {VolumeSize: 8, VolumeType: gp3"));
        for (parameter, value) in [
            ("BatchSize", BATCH),
            ("BatchingWindowSeconds", WINDOW),
            ("MemoryMegabytes", MEMORY * 1_024.0),
        ] {
            let found = format!("  {parameter}:\n    Type: Number\n    Default: {value}\n");
            assert!(template.contains(&found), "{found}");
        }
    }
}
