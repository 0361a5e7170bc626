//! Cursors of readers.

use stockflow_aws::{
    dynamodb::{CURSORS, DynamoCursors},
    testing::Fault,
};
use stockflow_core::{Cursor, CursorStore as _, ErrorKind};

use crate::world;

fn cursor(feed: &str, offset: &str) -> Cursor {
    Cursor { feed: feed.to_owned(), offset: offset.to_owned() }
}

#[tokio::test]
async fn each_reader_finds_its_own() {
    let client = world::client();
    CURSORS.create(&client, CURSORS.name).await.unwrap();
    let reader = |name| DynamoCursors::new(client.clone(), CURSORS.name, name).unwrap();
    reader("a").store(&[cursor("shard", "1")]).await.unwrap();
    reader("b").store(&[cursor("shard", "2"), cursor("other", "3")]).await.unwrap();
    assert_eq!(reader("a").load().await.unwrap(), [cursor("shard", "1")]);
    assert_eq!(reader("b").load().await.unwrap(), [cursor("other", "3"), cursor("shard", "2")]);
    assert_eq!(reader("c").load().await.unwrap(), []);
}

#[tokio::test]
async fn more_than_a_page_is_read_as_a_whole() {
    let cursors = world::cursors().await;
    // A page of a query is 1 MB.
    let long = "9".repeat(300_000);
    let many: Vec<Cursor> = (0..9).map(|n| cursor(&format!("shard-{n}"), &long)).collect();
    cursors.store(&many).await.unwrap();
    assert!(cursors.load().await.unwrap() == many);
}

#[tokio::test]
async fn an_item_of_somebody_else_is_told_and_never_taken_for_a_cursor() {
    let client = world::client();
    CURSORS.create(&client, CURSORS.name).await.unwrap();
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.into());
    let put = client.put_item().table_name(CURSORS.name);
    put.item("reader", text("a")).item("feed", text("shard-7")).send().await.unwrap();
    let error = DynamoCursors::new(client, CURSORS.name, "a").unwrap().load().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.chain().contains("shard-7"), "{}", error.chain());
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_before_anything_is_asked() {
    let new = |table, reader| DynamoCursors::new(world::client(), table, reader);
    assert!(new("a b", "reader").is_err());
    assert!(new(CURSORS.name, "").is_err());
    assert!(new(CURSORS.name, &"r".repeat(2_049)).is_err());
}

#[tokio::test]
async fn what_was_stored_is_found_whatever_fails_on_the_way() {
    let client = world::client();
    CURSORS.create(&client, CURSORS.name).await.unwrap();
    for seed in 0..3 {
        let (client, http, hasty) = world::troubled(&client, seed);
        let cursors = DynamoCursors::new(client, CURSORS.name, &format!("reader {seed}")).unwrap();
        let cursors = cursors.with_patience(hasty);
        for n in 0..20 {
            let batch: Vec<Cursor> =
                (0..3).map(|shard| cursor(&format!("shard-{shard}"), &n.to_string())).collect();
            cursors.store(&batch).await.unwrap();
            assert_eq!(cursors.load().await.unwrap(), batch, "batch {n}, seed {seed}");
        }
        assert!(http.count(Fault::Timeout) + http.count(Fault::Reset) > 20, "seed {seed}");
    }
}
