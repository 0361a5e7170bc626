//! The same question, asked of Athena and of the engine of this machine.

use serde_json::Value;

use crate::world::{Account, err, line};

/// The queries of the original project, each in a definite order.
const QUERIES: [&str; 4] = [
    "SELECT * FROM stock_data_table LIMIT 10",
    "SELECT symbol, price, previous_close, (price - previous_close) AS price_change FROM stock_data_table \
     ORDER BY price_change DESC, symbol LIMIT 5",
    "SELECT symbol, AVG(volume) AS avg_volume FROM stock_data_table GROUP BY symbol ORDER BY symbol",
    "SELECT symbol, price, previous_close, ROUND(((price - previous_close) / previous_close) * 100, 2) AS change_percent \
     FROM stock_data_table WHERE ABS(((price - previous_close) / previous_close) * 100) > 5 ORDER BY symbol, price",
];

/// Rows as texts that do not depend on how a number is written, sorted.
fn rows(json: &[u8]) -> Vec<String> {
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(json).unwrap();
    let value = |(name, value): (&String, &Value)| match value {
        Value::Number(number) => format!("{name}={:?}", number.as_f64().unwrap()),
        // In Athena it is text, as the catalog says. The emulator's engine takes it for a time, and prints it in its way.
        Value::String(text) if name == "timestamp" => {
            format!("{name}={}", text.replace('T', " ").split(['.', '+', 'Z']).next().unwrap())
        }
        other => format!("{name}={other}"),
    };
    let row = |row: &serde_json::Map<String, Value>| {
        let mut values: Vec<String> = row.iter().map(value).collect();
        values.sort();
        values.join(" ")
    };
    let mut rows: Vec<String> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_queries_of_the_original_have_the_same_answers_both_ways() {
    let account = Account::new().await;
    for (day, base) in [("2026-11-23", 100.0), ("2026-11-24", 94.0)] {
        let time = |minute: u32| format!("{day}T14:{minute:02}:00Z");
        let lines = [
            line("AAPL", &time(30), base + 4.0, 1_000),
            line("BRK-B", &time(30), base - 0.25, 300),
            line("^GSPC", &time(31), base + 6.5, 20),
            line("AAPL", &time(31), base + 7.125, 2_000),
        ];
        account.put(day, 1, lines.concat()).await;
    }
    account.create_table().await;
    let lake = account.lake();
    let folder = tempfile::tempdir().unwrap();
    for (number, sql) in QUERIES.iter().enumerate() {
        let athena = account.stockflow(&["query", sql, "--athena", "stocks", "--format", "json"]);
        assert!(athena.status.success(), "{}", err(&athena));
        let local = account
            .command(&["query", sql, "--lake", &lake, "--format", "json"])
            .env("TMPDIR", folder.path())
            .output()
            .unwrap();
        assert!(local.status.success(), "{}", err(&local));
        let (athena, local) = (rows(&athena.stdout), rows(&local.stdout));
        assert_eq!(athena, local, "query {number}");
        assert_eq!(athena.len(), [8, 5, 3, 3][number], "query {number}: {athena:?}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "copies of the lake are left: {left:?}");
}
