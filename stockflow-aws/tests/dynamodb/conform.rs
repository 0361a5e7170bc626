//! The suites of the core.

use stockflow_core::conformance;

use crate::world;

#[tokio::test(flavor = "multi_thread")]
async fn the_table_conforms() {
    conformance::table::all(&world::table).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_conforms() {
    conformance::ledger::all(&world::ledger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursors_conform() {
    conformance::cursors::all(&world::cursors).await.unwrap();
}
