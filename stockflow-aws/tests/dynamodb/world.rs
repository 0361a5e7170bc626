//! Tables on the emulator.

use std::sync::OnceLock;

use aws_sdk_dynamodb::{
    Client,
    config::{Builder, SharedHttpClient, retry::RetryConfig},
};
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, DynamoLedger, DynamoTable, QUOTES},
    testing::Emulator,
};

/// Connections belong to the runtime that made them, and each test has its own: so has each test its own client.
fn http() -> SharedHttpClient {
    client::https()
}

/// A client of an account that nobody else uses.
pub(crate) fn client() -> Client {
    static STARTED: OnceLock<&'static Emulator> = OnceLock::new();
    let emulator = STARTED.get_or_init(|| Emulator::shared().unwrap());
    let config = Builder::from(&emulator.new_account(http()));
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

/// An empty table.
pub(crate) async fn table() -> DynamoTable {
    table_of(client()).await
}

pub(crate) async fn table_of(client: Client) -> DynamoTable {
    QUOTES.create(&client, QUOTES.name).await.unwrap();
    DynamoTable::new(client, QUOTES.name).unwrap()
}

/// An empty ledger.
pub(crate) async fn ledger() -> DynamoLedger {
    let client = client();
    ALERTS.create(&client, ALERTS.name).await.unwrap();
    DynamoLedger::new(client, ALERTS.name).unwrap()
}
