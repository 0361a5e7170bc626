//! What a caller is told when AWS says no.

use aws_sdk_dynamodb::{Client, config::Region};
use stockflow_aws::dynamodb::{DynamoLedger, DynamoTable};
use stockflow_core::{
    AlertLedger as _, ErrorKind, QuoteHistory as _, QuoteTable as _, RowQuery,
    conformance::samples::{self, symbol},
};

use crate::world;

#[tokio::test]
async fn a_missing_table_is_named_with_what_to_do() {
    let client = world::client();
    let table = DynamoTable::new(client.clone(), "stock-market-tabel").unwrap();
    let a = symbol("A");
    for error in [
        table.rows(RowQuery::latest(a, 1)).await.unwrap_err(),
        table.newest(&[a]).await.unwrap_err(),
        table.put(&[samples::row(a, 1)]).await.unwrap_err(),
        table.put_absent(&[samples::row(a, 1)]).await.unwrap_err(),
        table.contains(&[samples::row(a, 1).row.key()]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{}", error.chain());
        let chain = error.chain();
        assert!(chain.contains("table `stock-market-tabel` does not exist"), "{chain}");
        assert!(chain.contains("AWS_REGION") && chain.contains("request id"), "{chain}");
    }
    let ledger = DynamoLedger::new(client, "no-ledger").unwrap();
    let alert = samples::alerts(1).remove(0);
    let error = ledger.status(&alert.id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{}", error.chain());
}

#[tokio::test]
async fn another_region_has_another_table() {
    let client = world::client();
    let _ = world::table_of(client.clone()).await;
    let elsewhere = client.config().to_builder().region(Region::from_static("eu-west-1")).build();
    let table = DynamoTable::new(Client::from_conf(elsewhere), "stock-market-table").unwrap();
    let error = table.newest(&[symbol("A")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.chain().contains("check its name and AWS_REGION"), "{}", error.chain());
}

#[tokio::test]
async fn without_credentials_the_error_says_where_they_come_from() {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .http_client(stockflow_aws::client::https())
        .credentials_provider(Nobody)
        .build();
    let table = DynamoTable::new(Client::from_conf(config), "stock-market-table").unwrap();
    let error = table.newest(&[symbol("A")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{}", error.chain());
    assert!(error.chain().contains("AWS_PROFILE"), "{}", error.chain());
}

/// A place that has no credentials.
#[derive(Debug)]
struct Nobody;

impl aws_credential_types::provider::ProvideCredentials for Nobody {
    fn provide_credentials<'a>(
        &'a self,
    ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let none = aws_credential_types::provider::error::CredentialsError::not_loaded("none here");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(none))
    }
}

#[test]
fn a_name_that_no_table_can_have_is_refused() {
    for name in ["", "ab", "a b c", "quotes/1", &"x".repeat(256)] {
        let client = Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
                .build(),
        );
        assert!(DynamoTable::new(client.clone(), name).is_err(), "{name}");
        assert!(DynamoLedger::new(client, name).is_err(), "{name}");
    }
}
