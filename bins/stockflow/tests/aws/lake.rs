//! `stockflow query --lake`.

use crate::world::{Account, err, line, out};

const COUNT: &str = "SELECT dt, COUNT(*) AS n FROM stock_data_table GROUP BY dt ORDER BY dt";

/// Three days with an object each; the second has two.
async fn filled() -> Account {
    let account = Account::new().await;
    for (number, day) in ["2026-11-23", "2026-11-24", "2026-11-25"].iter().enumerate() {
        let quote = |n: u32| line("AAPL", &format!("{day}T14:{n:02}:00Z"), 100.0, 1);
        account.put(day, 1, (0..3).map(quote).collect()).await;
        if number == 1 {
            account.put(day, 2, quote(5)).await;
        }
    }
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_days_that_a_query_wants_are_read() {
    let account = filled().await;
    let lake = account.lake();
    let ask = |sql: &str| account.stockflow(&["query", sql, "--lake", &lake, "--format", "csv"]);
    // A listing of the days, then of each day, and its objects.
    let all = ask(COUNT);
    assert_eq!(out(&all), "dt,n\n2026-11-23,3\n2026-11-24,4\n2026-11-25,3\n", "{}", err(&all));
    assert!(err(&all).contains(" bytes of 3 days read from s3://"), "{}", err(&all));
    assert!(err(&all).contains(" in 8 requests, 0.000022 $"), "{}", err(&all));
    for (condition, days, requests) in [
        ("WHERE dt = '2026-11-24'", 1, 4),
        ("WHERE dt >= '2026-11-25' AND price > 1", 1, 3),
        ("WHERE dt BETWEEN '2026-11-23' AND '2026-11-24'", 2, 6),
        ("WHERE dt < '2026-01-01'", 0, 1),
    ] {
        let answer = ask(&format!("SELECT COUNT(*) AS n FROM stock_data_table {condition}"));
        assert!(answer.status.success(), "{}", err(&answer));
        let told = format!(" of {days} days read from {lake} in {requests} requests");
        assert!(err(&answer).contains(&told), "{condition}: {}", err(&answer));
    }
    // A few rows, whichever: no more days than it takes.
    let few = ask("SELECT symbol FROM stock_data_table LIMIT 2");
    assert_eq!(out(&few), "symbol\nAAPL\nAAPL\n");
    assert!(err(&few).contains(" of 1 days"), "{}", err(&few));
    let more = ask("SELECT symbol FROM stock_data_table LIMIT 4");
    assert_eq!(out(&more).lines().count(), 5);
    assert!(err(&more).contains(" of 2 days"), "{}", err(&more));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_was_compacted_on_disk_reads_the_same_from_a_bucket() {
    let account = filled().await;
    let lake = account.lake();
    let folder = tempfile::tempdir().unwrap();
    // As `aws s3 sync` would, both ways.
    for number in 1..=2 {
        let key = format!("lake/dt=2026-11-24/shardId-000000000000-{number:020}.ndjson.zst");
        let object =
            account.s3.get_object().bucket(&account.bucket).key(&key).send().await.unwrap();
        let path = folder.path().join(&key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, object.body.collect().await.unwrap().into_bytes()).unwrap();
    }
    let data = folder.path().to_str().unwrap();
    let compacted = account.stockflow(&["compact", "--data", data]);
    assert!(compacted.status.success(), "{}", err(&compacted));
    let day = folder.path().join("lake/dt=2026-11-24");
    let mut copied = 0;
    for entry in std::fs::read_dir(day).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let key = format!("lake/dt=2026-11-24/{name}");
        let body = std::fs::read(&path).unwrap();
        let put = account.s3.put_object().bucket(&account.bucket).key(key).body(body.into());
        put.send().await.unwrap();
        copied += u32::from(name.ends_with(".parquet"));
    }
    assert_eq!(copied, 1, "the day was to be compacted");
    let answer = account.stockflow(&["query", COUNT, "--lake", &lake, "--format", "csv"]);
    // The raw objects are still in the bucket: the manifest says that they are in the file.
    let all = "dt,n\n2026-11-23,3\n2026-11-24,4\n2026-11-25,3\n";
    assert_eq!(out(&answer), all, "{}", err(&answer));
    for number in 1..=2 {
        let key = format!("lake/dt=2026-11-24/shardId-000000000000-{number:020}.ndjson.zst");
        account.s3.delete_object().bucket(&account.bucket).key(&key).send().await.unwrap();
    }
    let answer = account.stockflow(&["query", COUNT, "--lake", &lake, "--format", "csv"]);
    assert_eq!(out(&answer), all, "{}", err(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_object_is_told_beside_the_answer() {
    let account = filled().await;
    let key = "lake/dt=2026-11-23/shardId-000000000000-00000000000000000001.ndjson.zst";
    let put =
        account.s3.put_object().bucket(&account.bucket).key(key).body(b"damage".to_vec().into());
    put.send().await.unwrap();
    let answer = account.stockflow(&["query", COUNT, "--lake", &account.lake(), "--format", "csv"]);
    assert!(answer.status.success());
    assert_eq!(out(&answer), "dt,n\n2026-11-24,4\n2026-11-25,3\n");
    assert!(err(&answer).contains("left out"), "{}", err(&answer));
    assert!(err(&answer).contains("00000000000000000001.ndjson.zst"), "{}", err(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_cannot_be_asked_is_told() {
    let account = Account::new().await;
    let ask = |sql: &str, lake: &str| account.stockflow(&["query", sql, "--lake", lake]);
    let lake = account.lake();
    let wrong = ask("SELECT nothing FROM stock_data_table", &lake);
    assert_eq!(wrong.status.code(), Some(2), "{}", err(&wrong));
    assert!(err(&wrong).contains("nothing"), "{}", err(&wrong));
    let judged = ask("SELECT * FROM judged_quotes", &lake);
    assert_eq!(judged.status.code(), Some(2), "{}", err(&judged));
    let place = ask("SELECT 1", "https://abc/lake");
    assert_eq!(place.status.code(), Some(2));
    assert!(err(&place).contains("s3://bucket/prefix"), "{}", err(&place));
    let empty = ask("SELECT COUNT(*) FROM stock_data_table", &lake);
    assert!(empty.status.success());
    assert!(err(&empty).contains("warning: no day"), "{}", err(&empty));
    let missing = ask("SELECT COUNT(*) FROM stock_data_table", "s3://no-such-bucket-anywhere/lake");
    assert_eq!(missing.status.code(), Some(1), "{}", err(&missing));
    let text = err(&missing);
    assert!(text.contains("bucket `no-such-bucket-anywhere` does not exist"), "{text}");
    assert!(text.contains("request id"), "{text}");
}
