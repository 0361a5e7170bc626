//! `stockflow query --athena`.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
};

use aws_sdk_athena::types::QueryExecutionState;

use crate::world::{Account, err, out};

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_in_the_forms_of_the_local_engine_and_what_they_cost_on_standard_error() {
    let account = Account::new().await;
    let sql = "SELECT 'it''s' AS a, 42 AS n, CAST(NULL AS VARCHAR) AS z";
    let ask = |format| account.stockflow(&["query", sql, "--athena", "stocks", "--format", format]);
    assert_eq!(out(&ask("table")), "a      n  z\n----  --  ----\nit's  42  NULL\n");
    assert_eq!(out(&ask("csv")), "a,n,z\nit's,42,\n");
    let json = ask("json");
    assert_eq!(out(&json), "[\n{\"a\":\"it's\",\"n\":42,\"z\":null}\n]\n");
    let text = err(&json);
    // 10 MB are billed at least, at 5 $ for 1,048,576 of them.
    assert!(text.contains(" bytes scanned, 0.000048 $ at the list price of us-east-1"), "{text}");
    assert!(text.contains("query id "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_whole() {
    let account = Account::new().await;
    let sql = "SELECT * FROM range(0, 2500) ORDER BY 1";
    let answer = account.stockflow(&["query", sql, "--athena", "stocks", "--format", "csv"]);
    let numbers: Vec<u64> =
        out(&answer).lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(numbers, (0..2_500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_ends_with_2_and_the_words_of_athena() {
    let account = Account::new().await;
    for (args, word) in [
        (&["SELECT nothing FROM nowhere", "--athena", "stocks"] as &[&str], "nowhere"),
        (&["SELEC 1", "--athena", "stocks"], "SELEC"),
        (&["DROP TABLE stock_data_table", "--athena", "stocks"], "only queries"),
        (&["SELECT 1", "--athena", "no such group"], "workgroup"),
        (&["SELECT 1", "--athena", "stocks", "--database", "a'b"], "database"),
        (&["SELECT 1", "--athena", "stocks", "--lake", "s3://abc"], "cannot be used with"),
        (&["SELECT 1", "--param", "7"], "--athena"),
    ] {
        let answer = account.stockflow(&[&["query"], args].concat());
        assert_eq!(answer.status.code(), Some(2), "{args:?}: {}", err(&answer));
        assert!(answer.stdout.is_empty(), "{args:?}");
        assert!(err(&answer).contains(word), "{args:?}: {}", err(&answer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_region_or_credentials_the_error_says_where_they_come_from() {
    let account = Account::new().await;
    let ask = ["query", "SELECT 1", "--athena", "stocks"];
    let answer = account.command(&ask).env_remove("AWS_REGION").output().unwrap();
    assert_eq!(answer.status.code(), Some(2));
    assert!(err(&answer).contains("set AWS_REGION"), "{}", err(&answer));
    let nobody = account.command(&ask).env_remove("AWS_ACCESS_KEY_ID").output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(err(&nobody).contains("no AWS credentials: set AWS_PROFILE"), "{}", err(&nobody));
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_query_in_athena() {
    let account = Account::new().await;
    let long = "SELECT COUNT(*) FROM range(0, 50000000) a, range(0, 10) b WHERE (a.range * b.range) % 7 = 3";
    let mut program = account
        .command(&["query", long, "--athena", "stocks"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("bytes scanned"), "progress was to come first: {line}");
    let ids = account.athena.list_query_executions().work_group("stocks").send().await.unwrap();
    let [id] = ids.query_execution_ids() else { panic!("one query was to run: {ids:?}") };
    let interrupt = Command::new("kill").args(["-INT", &program.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(1), "{rest}");
    assert_eq!(account.state(id).await, QueryExecutionState::Cancelled);
    assert!(rest.contains(&format!("the query was cancelled (query id {id})")), "{rest}");
    assert!(rest.contains("0 bytes scanned, 0.000048 $"), "a cancelled query is billed: {rest}");
}
