//! `stockflow redrive` and `stockflow tail`: back onto the stream, and seen there.

mod kills;
mod proxy;

use serde_json::{Value, json};

use crate::world::{Account, err, line, out};

async fn account() -> Account {
    let account = Account::new().await;
    account.create_stream().await;
    account
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// A batch that was given up, as Lambda keeps it, with these data.
fn given_up(data: &[&[u8]]) -> String {
    let records: Vec<Value> = data
        .iter()
        .zip(1..)
        .map(|(data, number)| {
            json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0", "partitionKey": "AAPL", "sequenceNumber": format!("49590{number}"),
                    "data": base64(data), "approximateArrivalTimestamp": 1_795_448_400.5,
                },
                "eventSource": "aws:kinesis", "eventID": format!("shardId-000000000000:49590{number}"),
            })
        })
        .collect();
    let event = json!({ "Records": records }).to_string();
    json!({ "requestContext": { "condition": "RetryAttemptsExhausted" }, "KinesisBatchInfo": { "batchSize": data.len() }, "payload": event })
        .to_string()
}

/// What `tail` sees of the whole stream.
fn on_the_stream(account: &Account) -> Vec<String> {
    let output =
        account.stockflow(&["tail", "--since", "2026-01-01", "--to-the-tip", "--format", "json"]);
    assert!(output.status.success(), "{}", err(&output));
    out(&output).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_batch_that_was_given_up_goes_onto_the_stream_once() {
    let account = account().await;
    let quotes =
        [1, 2].map(|second| line("AAPL", &format!("2026-11-23T14:30:0{second}Z"), 101.0, second));
    let kept =
        given_up(&[quotes[0].trim().as_bytes(), b"never a quote", quotes[1].trim().as_bytes()]);
    let key = "aws/lambda/mapping/shardId-000000000000/2026/11/23/x";
    account.keep(key, kept.as_bytes()).await;
    let from = format!("s3://{}/aws/lambda", account.bucket);

    let dry = account.stockflow(&["redrive", &from, "--dry-run"]);
    assert!(dry.status.success(), "{}", err(&dry));
    assert_eq!(out(&dry), quotes.concat());
    assert!(err(&dry).contains("2 quotes would be sent, 1 records left"), "{}", err(&dry));
    assert_eq!(on_the_stream(&account), [""; 0], "a dry run sends nothing");

    let sent = account.stockflow(&["redrive", &from]);
    assert!(
        err(&sent).contains("2 quotes sent, 1 records left that cannot be read, 0 sent before"),
        "{}",
        err(&sent)
    );
    let expected: Vec<&str> = quotes.iter().map(|quote| quote.trim()).collect();
    assert_eq!(on_the_stream(&account), expected);

    let again = account.stockflow(&["redrive", &from]);
    assert!(
        err(&again).contains("0 quotes sent, 1 records left that cannot be read, 2 sent before"),
        "{}",
        err(&again)
    );
    assert_eq!(on_the_stream(&account).len(), 2);
    let forced = account.stockflow(&["redrive", &from, "--again"]);
    assert!(err(&forced).contains("2 quotes sent"), "{}", err(&forced));
    assert_eq!(on_the_stream(&account).len(), 4);
}

#[tokio::test]
async fn a_quarantine_is_read_and_what_is_no_matter_of_stage_1_is_passed_over() {
    let account = account().await;
    let quote = line("IBM", "2026-11-23T14:30:00Z", 90.0, 7);
    let lines =
        json!({ "origin": "s/1", "arrival": "x", "reason": "too far ahead", "data": quote.trim() });
    account.put("2026-11-23", 1, format!("{lines}\n")).await;
    let checkpoints = json!({ "DDBStreamBatchInfo": {}, "payload": "{\"Records\":[{\"eventSource\":\"aws:dynamodb\"}]}" });
    account.keep("lake/x.json", checkpoints.to_string().as_bytes()).await;
    let sent = account.stockflow(&["redrive", &account.lake()]);
    assert!(sent.status.success(), "{}", err(&sent));
    assert!(err(&sent).contains("1 quotes sent"), "{}", err(&sent));
    assert!(err(&sent).contains("passed over: lake/x.json"), "{}", err(&sent));
    assert_eq!(on_the_stream(&account), [quote.trim()]);
    let one = account.stockflow(&["tail", "--since", "2026-01-01", "-n", "1", "--symbol", "IBM"]);
    assert_eq!(out(&one).lines().count(), 2, "{}", out(&one));
    assert!(out(&one).contains("IBM") && out(&one).contains("-10.00"), "{}", out(&one));
}

#[tokio::test]
async fn objects_that_cannot_be_read_are_told_and_hold_up_no_other() {
    let account = account().await;
    let quote = line("IBM", "2026-11-23T14:30:00Z", 90.0, 7);
    let from = format!("s3://{}/aws/lambda", account.bucket);
    account.keep("aws/lambda/notes.txt", b"hello").await;
    account.keep("aws/lambda/quarantine.ndjson.zst", b"cut").await;
    account.keep("aws/lambda/to-a-queue", b"{\"KinesisBatchInfo\":{}}").await;
    account.keep("aws/lambda/x", given_up(&[quote.trim().as_bytes()]).as_bytes()).await;
    let output = account.stockflow(&["redrive", &from]);
    let told = err(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("left: aws/lambda/notes.txt: neither"), "{told}");
    assert!(told.contains("left: aws/lambda/quarantine.ndjson.zst: "), "{told}");
    assert!(told.contains("left: aws/lambda/to-a-queue: it has no payload"), "{told}");
    assert!(told.contains("1 objects: 1 quotes sent"), "{told}");
    assert!(told.contains("error: 3 objects cannot be read"), "{told}");
    assert_eq!(on_the_stream(&account), [quote.trim()]);
}
