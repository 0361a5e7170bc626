//! The tables are made as code makes them.

use std::collections::BTreeSet;

use serde_json::Value;
use stockflow_aws::dynamodb::{ALERTS, QUOTES, TableDefinition};

use crate::TEMPLATE;

fn keys(schema: &Value) -> Vec<(&str, &str)> {
    let schema = schema.as_array().unwrap().iter();
    schema
        .map(|key| (key["AttributeName"].as_str().unwrap(), key["KeyType"].as_str().unwrap()))
        .collect()
}

fn pair(partition: &'static str, sort: Option<&'static str>) -> Vec<(&'static str, &'static str)> {
    let sort = sort.map(|sort| (sort, "RANGE"));
    std::iter::once((partition, "HASH")).chain(sort).collect()
}

#[test]
fn both_tables_are_as_their_definitions_say() {
    for (resource, definition) in [("Table", QUOTES), ("Ledger", ALERTS)] {
        let TableDefinition { name, partition_key, sort_key, indexes, stream, expires_at } =
            definition;
        let table = TEMPLATE.properties(resource);
        let parameter = table["TableName"]["Ref"].as_str().unwrap();
        assert_eq!(TEMPLATE.json()["Parameters"][parameter]["Default"], name);
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(keys(&table["KeySchema"]), pair(partition_key, sort_key));
        let made = table["GlobalSecondaryIndexes"].as_array().unwrap();
        assert_eq!(made.len(), indexes.len());
        let mut attributes = BTreeSet::from_iter(std::iter::once(partition_key).chain(sort_key));
        for (made, index) in made.iter().zip(indexes) {
            assert_eq!(made["IndexName"], index.name);
            assert_eq!(made["Projection"]["ProjectionType"], "ALL");
            assert_eq!(keys(&made["KeySchema"]), pair(index.partition_key, Some(index.sort_key)));
            attributes.extend([index.partition_key, index.sort_key]);
        }
        let declared = table["AttributeDefinitions"].as_array().unwrap().iter();
        let declared = declared.map(|attribute| {
            assert_eq!(attribute["AttributeType"], "S");
            attribute["AttributeName"].as_str().unwrap()
        });
        assert_eq!(declared.collect::<BTreeSet<_>>(), attributes);
        let images = &table["StreamSpecification"]["StreamViewType"];
        assert_eq!(images.as_str(), stream.then_some("NEW_IMAGE"));
        let expiry = &table["TimeToLiveSpecification"]["AttributeName"];
        assert_eq!(expiry.as_str(), expires_at);
    }
}
