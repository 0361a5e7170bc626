//! A real engine over real files.

use std::{fs, path::PathBuf};

use stockflow_core::{
    Alert, AlertKind, AlertLedger as _, Anomaly, Archive as _, Direction, Evidence, Judgement,
    Object, ObjectName, Position, Quality, Quote, QuoteTable as _, Row, Severity, StoredRow,
    Timestamp, wire,
};
use tempfile::TempDir;

use super::*;
use crate::{Compactor, Lake, LocalLedger, LocalTable, Store};

const EVIDENCE: Evidence =
    Evidence { direction: Direction::Up, score: 2.0, value: 10.0, threshold: 5.0 };

fn quote(symbol: &str, day: u32, minute: u32, price: &str, volume: i64) -> Quote {
    let price = price.parse().unwrap();
    Quote {
        symbol: symbol.parse().unwrap(),
        timestamp: format!("2026-11-{day:02}T14:{minute:02}:00Z").parse().unwrap(),
        open: "100".parse().unwrap(),
        high: "120".parse().unwrap(),
        low: "90".parse().unwrap(),
        price,
        previous_close: "100".parse().unwrap(),
        volume: volume.try_into().unwrap(),
    }
}

struct Data {
    folder: TempDir,
}

impl Data {
    /// Two days of three symbols, in two objects a day; 12 records.
    async fn new() -> Self {
        let data = Self { folder: tempfile::tempdir().unwrap() };
        let mut number = 1;
        for day in [23, 24] {
            for minute in [30, 31] {
                let quotes = [
                    quote("AAPL", day, minute, if minute == 30 { "104" } else { "106.5" }, 1_000),
                    quote("IBM", day, minute, "99", 300),
                    quote("SPY", day, minute, "94.5", if day == 23 { 10 } else { 20 }),
                ];
                data.put(number, &quotes).await;
                number += 3;
            }
        }
        data
    }

    async fn put(&self, number: u64, quotes: &[Quote]) {
        let first = Position::new(number.into());
        let dt = quotes[0].timestamp.date();
        let mut lines = Vec::new();
        for quote in quotes {
            wire::encode(quote, &mut lines);
            lines.push(b'\n');
        }
        let name = ObjectName { dt, shard: "spool-0".into(), first };
        let lake = Lake::open(self.folder.path().join("lake")).unwrap();
        lake.put(Object { name, lines: lines.into() }).await.unwrap();
    }

    async fn fill_table(&self) {
        let store = Store::open(self.folder.path()).unwrap();
        let odd = Anomaly { rule: "percent_change".into(), evidence: EVIDENCE };
        let accepted =
            |anomalies| Judgement::Accepted { quality: Quality::GAP, warming_up: 3, anomalies };
        let rows = [
            (quote("AAPL", 23, 30, "104", 1), accepted(Vec::new())),
            (quote("AAPL", 23, 31, "106.5", 2), accepted(vec![odd])),
            (quote("IBM", 23, 30, "99", 3), Judgement::Late),
        ];
        let rows = rows.map(|(quote, judgement)| StoredRow::from(Row { quote, judgement }));
        assert!(LocalTable::new(&store).put(&rows).await.unwrap().is_complete());
        let alert = Alert::new(
            &rows[1].row.quote,
            AlertKind::Anomaly,
            "percent_change".into(),
            Severity::Critical,
            EVIDENCE,
        );
        let ledger = LocalLedger::new(&store);
        let _ = ledger.claim(&alert, Timestamp::MIN, std::time::Duration::ZERO).await.unwrap();
        store.sync().await.unwrap();
    }

    fn compact(&self) {
        let compactor = Compactor::open(self.folder.path()).unwrap();
        for dt in compactor.days().unwrap() {
            compactor.compact(dt).unwrap();
        }
    }

    fn engine(&self) -> SqlEngine {
        SqlEngine::open(self.folder.path(), SqlEngine::MEMORY_BYTES).unwrap()
    }

    async fn ask(&self, sql: &str) -> Vec<String> {
        ask(&self.engine(), sql).await.unwrap()
    }

    fn object(&self, day: u32, number: u64) -> PathBuf {
        let name = format!("lake/dt=2026-11-{day}/spool-0-{number:020}.ndjson.zst");
        self.folder.path().join(name)
    }
}

/// Rows, their values separated by a space.
async fn ask(engine: &SqlEngine, sql: &str) -> Result<Vec<String>, SqlError> {
    let mut answer = engine.query(sql).await?;
    let mut out = Vec::new();
    while let Some(rows) = answer.next().await? {
        for row in rows {
            let values = row.into_iter().map(|value| match value {
                SqlValue::Null => "NULL".to_owned(),
                SqlValue::Bool(flag) => flag.to_string(),
                SqlValue::Number(text) | SqlValue::Text(text) | SqlValue::Json(text) => text,
            });
            out.push(values.collect::<Vec<_>>().join(" "));
        }
    }
    Ok(out)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_queries_of_the_original_run_unchanged_on_raw_and_on_compacted_quotes() {
    let data = Data::new().await;
    for compacted in [false, true] {
        if compacted {
            data.compact();
            assert!(!data.object(23, 1).exists());
        }
        assert_eq!(data.ask("SELECT * FROM stock_data_table LIMIT 10").await.len(), 10);
        let top = data
            .ask(
                "SELECT symbol, price, previous_close, (price - previous_close) AS price_change \
                 FROM stock_data_table ORDER BY price_change DESC LIMIT 5",
            )
            .await;
        assert_eq!(top[0], "AAPL 106.5 100.0 6.5");
        assert_eq!(top.len(), 5);
        let mut averages = data
            .ask("SELECT symbol, AVG(volume) AS avg_volume FROM stock_data_table GROUP BY symbol")
            .await;
        averages.sort();
        assert_eq!(averages, ["AAPL 1000.0", "IBM 300.0", "SPY 15.0"]);
        let mut large = data
            .ask(
                "SELECT symbol, price, previous_close, \
                 ROUND(((price - previous_close) / previous_close) * 100, 2) AS change_percent \
                 FROM stock_data_table \
                 WHERE ABS(((price - previous_close) / previous_close) * 100) > 5",
            )
            .await;
        large.sort();
        assert_eq!(large.len(), 6, "{large:?}");
        assert_eq!(
            (large[0].as_str(), large[5].as_str()),
            ("AAPL 106.5 100.0 6.5", "SPY 94.5 100.0 -5.5")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn joins_windows_and_sub_queries_run() {
    let data = Data::new().await;
    data.fill_table().await;
    let joined = data
        .ask(
            "SELECT s.symbol, j.anomalies, a.rule, al.severity FROM stock_data_table s \
             JOIN judged_quotes j ON s.symbol = j.symbol AND s.timestamp = j.timestamp \
             JOIN anomalies a ON a.symbol = j.symbol AND a.timestamp = j.timestamp \
             JOIN alerts al ON al.symbol = a.symbol AND al.timestamp = a.timestamp",
        )
        .await;
    assert_eq!(joined, ["AAPL percent_change percent_change critical"]);
    let windows = data
        .ask(
            "SELECT timestamp, price - LAG(price) OVER (PARTITION BY symbol ORDER BY timestamp) AS step \
             FROM stock_data_table WHERE symbol = 'AAPL' ORDER BY timestamp LIMIT 2",
        )
        .await;
    assert_eq!(windows, ["2026-11-23T14:30:00.000000Z NULL", "2026-11-23T14:31:00.000000Z 2.5"]);
    let nested = data
        .ask(
            "WITH means AS (SELECT symbol, AVG(price) AS mean FROM stock_data_table GROUP BY symbol) \
             SELECT symbol FROM means WHERE mean > (SELECT AVG(mean) FROM means) ORDER BY symbol",
        )
        .await;
    assert_eq!(nested, ["AAPL"]);
    assert_eq!(
        data.ask("SELECT symbol, late, quality, warming_up, anomalies FROM judged_quotes ORDER BY symbol, timestamp")
            .await,
        ["AAPL false gap 3 NULL", "AAPL false gap 3 percent_change", "IBM true NULL NULL NULL"]
    );
    assert_eq!(
        data.ask("SELECT make_array(1, 2), CAST(1 AS DECIMAL(5,2)), true").await,
        ["[1,2] 1.00 true"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_those_of_the_original_and_in_its_order() {
    let data = Data::new().await;
    let columns = data
        .ask(
            "SELECT column_name, data_type FROM information_schema.columns \
             WHERE table_name = 'stock_data_table' ORDER BY ordinal_position",
        )
        .await;
    let expected = [
        "symbol Utf8View",
        "open Float64",
        "high Float64",
        "low Float64",
        "price Float64",
        "previous_close Float64",
        "change Float64",
        "change_percent Float64",
        "volume Int64",
        "timestamp Utf8View",
        "dt Utf8View",
    ];
    assert_eq!(columns, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_and_compacted_days_are_one_table_and_days_can_be_chosen() {
    let data = Data::new().await;
    data.compact();
    data.put(13, &[quote("AAPL", 24, 32, "107", 5), quote("ZM", 24, 32, "100", 5)]).await;
    assert_eq!(data.ask("SELECT COUNT(*) FROM stock_data_table").await, ["14"]);
    assert_eq!(
        data.ask("SELECT dt, COUNT(*) FROM stock_data_table GROUP BY dt ORDER BY dt").await,
        ["2026-11-23 6", "2026-11-24 8"]
    );
    assert_eq!(
        data.ask("SELECT COUNT(*), MIN(dt) FROM stock_data_table WHERE dt > '2026-11-23'").await,
        ["8 2026-11-24"]
    );
    assert_eq!(
        data.ask("SELECT price FROM stock_data_table WHERE symbol = 'AAPL' AND dt = '2026-11-24' ORDER BY price")
            .await,
        ["104.0", "106.5", "107.0"]
    );
    // Days that are not asked for are not even opened.
    fs::write(data.object(24, 13), "damage").unwrap();
    let engine = data.engine();
    let count = ask(&engine, "SELECT COUNT(*) FROM stock_data_table WHERE dt = '2026-11-23'").await;
    assert_eq!((count.unwrap(), engine.problems()), (vec!["6".to_owned()], Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_changed_or_read_from_elsewhere() {
    let data = Data::new().await;
    let engine = data.engine();
    let secret = data.folder.path().join("secret.csv");
    fs::write(&secret, "a\n1\n").unwrap();
    let path = secret.display();
    let attempts = [
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{path}'"),
        "DROP TABLE stock_data_table".to_owned(),
        "INSERT INTO stock_data_table SELECT * FROM stock_data_table".to_owned(),
        "DELETE FROM alerts".to_owned(),
        "UPDATE alerts SET rule = 'x'".to_owned(),
        format!("COPY stock_data_table TO '{path}'"),
        format!("COPY (SELECT 1) TO '{path}.parquet'"),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{path}.parquet'"),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        format!("SELECT * FROM '{path}'"),
        "SELECT 1; DROP TABLE alerts".to_owned(),
        "SELEC 1".to_owned(),
        "SELECT nothing FROM stock_data_table".to_owned(),
        "SELECT CAST(symbol AS INT) FROM stock_data_table".to_owned(),
        String::new(),
    ];
    for sql in attempts {
        let error = ask(&engine, &sql).await.unwrap_err();
        assert!(matches!(error, SqlError::Query(_)), "{sql}: {error:?}");
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "a\n1\n");
    assert_eq!(data.ask("SELECT COUNT(*) FROM stock_data_table").await, ["12"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_told_and_the_rest_is_answered() {
    let data = Data::new().await;
    let whole = fs::read(data.object(23, 1)).unwrap();
    fs::write(data.object(23, 1), &whole[..whole.len() - 5]).unwrap();
    let engine = data.engine();
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM stock_data_table").await.unwrap(), ["9"]);
    let problems = engine.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("spool-0-00000000000000000001"), "{problems:?}");

    fs::write(data.object(23, 1), whole).unwrap();
    data.compact();
    let day = data.folder.path().join("lake/dt=2026-11-24");
    let file = fs::read_dir(&day).unwrap().map(|e| e.unwrap().path());
    let file =
        file.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet")).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[100] ^= 1;
    fs::write(&file, bytes).unwrap();
    let engine = data.engine();
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM stock_data_table").await.unwrap(), ["6"]);
    assert!(engine.problems()[0].contains("compacted-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_and_what_can_be_put_on_disk_still_answers() {
    let data = Data::new().await;
    let engine = SqlEngine::open(data.folder.path(), 64 << 20).unwrap();
    // 80 MB that have to be sorted.
    let sorted = ask(
        &engine,
        "SELECT COUNT(*) FROM (SELECT value, ROW_NUMBER() OVER (ORDER BY lpad(CAST(value AS VARCHAR), 200, 'x')) AS n \
         FROM generate_series(1, 400000)) WHERE n > 0",
    )
    .await;
    assert_eq!(sorted.unwrap(), ["400000"]);
    let error = ask(
        &engine,
        "SELECT array_agg(lpad(CAST(value AS VARCHAR), 200, 'x')) FROM generate_series(1, 4000000)",
    )
    .await
    .unwrap_err();
    assert!(
        matches!(&error, SqlError::Query(text) if text.contains("Resources exhausted")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_data_has_empty_tables() {
    let folder = tempfile::tempdir().unwrap();
    let engine = SqlEngine::open(folder.path(), SqlEngine::MEMORY_BYTES).unwrap();
    for table in ["stock_data_table", "judged_quotes", "anomalies", "alerts"] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE symbol = 'A'");
        assert_eq!(ask(&engine, &sql).await.unwrap(), ["0"]);
        let answer = engine.query(&format!("SELECT symbol FROM {table}")).await.unwrap();
        assert_eq!(answer.columns()[0].name, "symbol");
    }
}
