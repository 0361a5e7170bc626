//! Tables on the emulator.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{Builder, retry::RetryConfig},
};
use stockflow_aws::{
    Patience, client,
    dynamodb::{ALERTS, CURSORS, DynamoCursors, DynamoLedger, DynamoTable, QUOTES},
    testing::{Emulator, Fault, Faults, FaultyClient},
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

/// The same client where answers are lost, requests throttled and connections broken; and a patience with which nobody has to
/// wait long for another attempt.
pub(crate) fn troubled(client: &Client, seed: u64) -> (Client, FaultyClient, Patience) {
    let faults = Faults::by_seed(seed)
        .with(Fault::Reset, 0.25)
        .with(Fault::Timeout, 0.25)
        .with(Fault::Throttle, 0.1)
        .with(Fault::ServerError, 0.1);
    let (client, http) = through(client, faults);
    let hasty = Patience::default()
        .with_waits(Duration::from_millis(1), Duration::from_millis(8))
        .with_deadline(Duration::from_secs(120));
    (client, http, hasty)
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
