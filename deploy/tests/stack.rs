//! The template on an emulator that enforces permissions, with the real programs in it: quotes in by the producer; rows, lake, alerts,
//! and answers to SQL out.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    process::{Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use stockflow_aws::{athena::AthenaValue, testing::Emulator};
use stockflow_core::{AlertStatus, QuoteHistory as _, RowQuery, conformance::samples::symbol};
use stockflow_deploy::{Programs, Stack, Without, package};
use tempfile::TempDir;

const SYMBOLS: [&str; 3] = ["AAPL", "BRK-B", "^GSPC"];
const QUOTES: usize = 60;
/// In which the price is more than 5 % above the close of the day before.
const JUMPED: std::ops::Range<usize> = 50..60;

/// Both functions as Lambda takes them, and an emulator for all tests, each of which has an account of its own.
struct World {
    folder: TempDir,
    emulator: Emulator,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let programs = Programs::built().unwrap();
    for name in ["kinesis-stock-processor", "dynamodb-stock-trend"] {
        let package = package(&programs.path(name)).unwrap();
        fs::write(folder.path().join(format!("{name}.zip")), package).unwrap();
    }
    fs::write(folder.path().join("quotes.csv"), quotes()).unwrap();
    World { folder, emulator: Emulator::start(&[("AUTH", "true")]).unwrap() }
});

/// A price that wavers, then jumps, for each symbol; and one quote more of each that comes late.
fn quotes() -> String {
    let mut text = "symbol,timestamp,price,open,high,low,previous_close,volume\n".to_owned();
    let mut add = |symbol: &str, number: usize, second: usize| {
        let cents = 10_000 + number % 3 * 10 + if JUMPED.contains(&number) { 800 } else { 0 };
        let (price, minute) = (format!("{}.{:02}", cents / 100, cents % 100), 30 + number / 2);
        let time = format!("2026-11-23T{}:{:02}:{second:02}Z", 14 + minute / 60, minute % 60);
        text += &format!("{symbol},{time},{price},100,110,95,100,{}\n", 1_000 + number);
    };
    for number in 0..QUOTES {
        SYMBOLS.iter().for_each(|symbol| add(symbol, number, number % 2 * 30));
    }
    SYMBOLS.iter().for_each(|symbol| add(symbol, 2, 10));
    text
}

impl World {
    fn deploy(&self, account: u64, without: Option<Without>) -> Stack {
        Stack::deploy(&self.emulator, account, self.folder.path(), without).unwrap()
    }

    fn producer(&self, stack: &Stack, spool: &TempDir) -> Command {
        let program = Programs::built().unwrap().path("stockflow-producer");
        stack.producer(&program, &self.folder.path().join("quotes.csv"), spool.path())
    }
}

/// Asks until the answer is there.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{what}: {}", WORLD.emulator.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn rows(stack: &Stack) -> usize {
    let table = stack.table().unwrap();
    let mut count = 0;
    for name in SYMBOLS {
        count += table.rows(RowQuery::latest(symbol(name), 1_000)).await.unwrap().len();
    }
    count
}

fn number(value: &AthenaValue) -> f64 {
    match value {
        AthenaValue::Number(text) => text.parse().unwrap(),
        other => unreachable!("{other:?} is no number"),
    }
}

#[tokio::test]
async fn quotes_become_rows_lake_alerts_and_answers() {
    let stack = WORLD.deploy(310_000_000_001, None);
    let spool = tempfile::tempdir().unwrap();
    let output = WORLD.producer(&stack, &spool).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let all = SYMBOLS.len() * (QUOTES + 1);

    until("rows", async || (rows(&stack).await == all).then_some(())).await;
    let lake = until("lake", async || {
        let lines = stack.lake().await.unwrap();
        (lines.len() >= all).then_some(lines)
    })
    .await;
    assert_eq!(lake.len(), all);

    let day = "2026-11-23".parse().unwrap();
    let told = until("alerts", async || {
        let alerts = stack.ledger().unwrap().alerts_of(day).await.unwrap();
        let sent = alerts.iter().all(|a| matches!(a.status, AlertStatus::Sent { .. }));
        (alerts.len() >= SYMBOLS.len() && sent).then_some(alerts)
    })
    .await;
    let told: BTreeSet<String> = told.iter().map(|entry| entry.alert.id().to_string()).collect();
    let mut heard = BTreeSet::new();
    until("messages", async || {
        for message in stack.take_messages().await.unwrap() {
            assert!(heard.insert(message["id"].as_str().unwrap().to_owned()), "{message}");
        }
        (heard.len() >= told.len()).then_some(())
    })
    .await;
    assert_eq!(heard, told);
    for name in SYMBOLS {
        assert!(heard.iter().any(|id| id.starts_with(&format!("{name}/percent_change/up/"))));
    }
    answers(&stack).await;
    let log = WORLD.emulator.log();
    let refused = |line: &&str| line.contains(":310000000001:") && line.contains("not authorized");
    assert_eq!(log.lines().find(refused), None);
}

/// The four saved queries.
async fn answers(stack: &Stack) {
    let queries: BTreeMap<&str, &str> = stack.queries();
    assert_eq!(queries.len(), 4);
    let sample = stack.ask(queries["SampleQuery"]).await.unwrap();
    assert_eq!((sample.len(), sample[0].len()), (10, 11));
    let top = stack.ask(queries["TopGainersQuery"]).await.unwrap();
    let changes: Vec<f64> = top.iter().map(|row| number(&row[3])).collect();
    assert_eq!(top.len(), 5);
    assert!(changes.iter().all(|change| (change - 8.2).abs() < 1e-9), "{changes:?}");
    let averages = stack.ask(queries["AverageVolumeQuery"]).await.unwrap();
    let mean = ((0..QUOTES).map(|n| 1_000 + n).sum::<usize>() + 1_002) as f64 / (QUOTES + 1) as f64;
    assert_eq!(averages.len(), SYMBOLS.len());
    assert!(averages.iter().all(|row| (number(&row[1]) - mean).abs() < 1e-9), "{averages:?}");
    let large = stack.ask(queries["AnomaliesQuery"]).await.unwrap();
    assert_eq!(large.len(), SYMBOLS.len() * JUMPED.len());
    assert!(large.iter().all(|row| number(&row[3]) > 5.0), "{large:?}");
}

#[tokio::test]
async fn a_permission_that_is_missing_is_missed() {
    const PERMISSIONS: [Without; 12] = [
        Without { role: "ProducerRole", action: "kinesis:ListShards" },
        Without { role: "ProducerRole", action: "kinesis:PutRecords" },
        Without { role: "ProcessorRole", action: "dynamodb:Query" },
        Without { role: "ProcessorRole", action: "dynamodb:BatchWriteItem" },
        Without { role: "ProcessorRole", action: "dynamodb:BatchGetItem" },
        Without { role: "ProcessorRole", action: "dynamodb:PutItem" },
        Without { role: "ProcessorRole", action: "s3:PutObject" },
        Without { role: "TrendRole", action: "dynamodb:Query" },
        Without { role: "TrendRole", action: "dynamodb:BatchGetItem" },
        Without { role: "TrendRole", action: "dynamodb:PutItem" },
        Without { role: "TrendRole", action: "dynamodb:UpdateItem" },
        Without { role: "TrendRole", action: "sns:Publish" },
    ];
    for (account, without) in (320_000_000_001..).zip(PERMISSIONS) {
        let begin = Instant::now();
        let stack = WORLD.deploy(account, Some(without));
        let spool = tempfile::tempdir().unwrap();
        let log = File::create(spool.path().join("log")).unwrap();
        let mut producer = WORLD.producer(&stack, &spool);
        // A record of many quotes is made for a shard; a single quote needs none.
        if without.action == "kinesis:ListShards" {
            producer.args(["--records", "aggregated"]);
        }
        let mut producer = producer.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        // The producer tells on its own, functions through the emulator.
        let own = spool.path().join("log");
        until(&format!("{without:?}"), async || {
            let told = fs::read_to_string(&own).unwrap() + &WORLD.emulator.log();
            let refused = |line: &str| {
                line.contains(&account.to_string())
                    && line.contains(&format!("not authorized to perform: {}", without.action))
            };
            told.lines().any(refused).then_some(())
        })
        .await;
        println!("{without:?}: {:?}", begin.elapsed());
        let _ = producer.kill();
        producer.wait().unwrap();
    }
}
