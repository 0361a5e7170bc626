//! Tables on the emulator.

use aws_sdk_dynamodb::{
    Client,
    config::{Builder, retry::RetryConfig},
};
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, CURSORS, DynamoCursors, DynamoLedger, DynamoTable, QUOTES},
    testing::{Emulator, Faults, FaultyClient},
};

/// A client of an account that nobody else uses.
///
/// Connections belong to the runtime that made them, and each test has its own: so has each test its own HTTP client.
pub(crate) fn client() -> Client {
    let emulator = Emulator::shared().unwrap();
    let config = Builder::from(&emulator.new_account(client::https()));
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

/// The same client through an HTTP client that fails.
pub(crate) fn through(client: &Client, faults: Faults) -> (Client, FaultyClient) {
    let http = faults.around(client::https());
    let config = client.config().to_builder().http_client(http.clone()).build();
    (Client::from_conf(config), http)
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

/// Cursors of a reader that has none yet.
pub(crate) async fn cursors() -> DynamoCursors {
    let client = client();
    CURSORS.create(&client, CURSORS.name).await.unwrap();
    DynamoCursors::new(client, CURSORS.name, "tests").unwrap()
}
