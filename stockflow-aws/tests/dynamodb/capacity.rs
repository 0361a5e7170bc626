//! What writing costs, as the service counts it.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
        },
    },
    error::BoxError,
    operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput},
    types::ReturnConsumedCapacity,
};
use stockflow_core::{
    Checkpoint, Judgement, QuoteTable as _, StoredRow,
    conformance::samples::{self, at, symbol},
};

use crate::world;

/// Asks for the capacity that a batch took, and adds it up: of the table, and of its indexes.
#[derive(Clone, Debug, Default)]
struct Meter(Arc<Mutex<(f64, f64)>>);

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(batch) = context.input_mut().downcast_mut::<BatchWriteItemInput>() {
            batch.return_consumed_capacity = Some(ReturnConsumedCapacity::Indexes);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let Some(answer) = output.downcast_ref::<BatchWriteItemOutput>() else { return Ok(()) };
        for capacity in answer.consumed_capacity() {
            let total = capacity.capacity_units.unwrap();
            let table = capacity.table.as_ref().and_then(|table| table.capacity_units).unwrap();
            let mut sum = self.0.lock().unwrap();
            *sum = (sum.0 + table, sum.1 + total - table);
        }
        Ok(())
    }
}

/// Units of the table, and of its index, for writing `rows`.
async fn cost(rows: &[StoredRow]) -> (f64, f64) {
    let meter = Meter::default();
    let config = world::client().config().to_builder().interceptor(meter.clone()).build();
    let table = world::table_of(Client::from_conf(config)).await;
    table.put(rows).await.unwrap().into_result().unwrap();
    *meter.0.lock().unwrap()
}

fn marked(n: u64) -> StoredRow {
    StoredRow {
        checkpoint: Some(Checkpoint { previous: Some(at(n)) }),
        arrival: Some(at(n + 2)),
        ..samples::row(symbol("BRK-B"), n + 1)
    }
}

#[tokio::test]
async fn a_quote_costs_one_write_unit() {
    let rows: Vec<StoredRow> = (0..100).map(marked).collect();
    assert_eq!(cost(&rows).await, (100.0, 0.0));
}

#[tokio::test]
async fn anomalies_cost_another_unit_in_the_index_and_none_in_the_table() {
    // Three anomalies, every flag, the longest numbers, a mark.
    let anomalous = samples::extreme_rows(symbol("AAPL261218C00250000.XYZ")).remove(0);
    let rows = [StoredRow { arrival: Some(at(0)), ..anomalous }, marked(1)];
    assert_eq!(cost(&rows).await, (2.0, 1.0));
}

#[tokio::test]
async fn a_row_beyond_a_kilobyte_costs_more() {
    let mut row = samples::extreme_rows(symbol("AAPL")).remove(0);
    if let Judgement::Accepted { anomalies, .. } = &mut row.row.judgement {
        *anomalies = vec![anomalies.clone(); 6].concat();
    }
    assert_eq!(cost(&[row]).await, (2.0, 2.0));
}
