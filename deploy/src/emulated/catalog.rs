//! The lake as a table for Athena.

use serde_json::{Value, json};

/// The database, for Glue.
pub(super) fn database(name: &str) -> Value {
    json!({ "DatabaseInput": { "Name": name } })
}

/// The table over the lake at `location`, by the name and with the columns of the original, and a partition for each day.
pub(super) fn table(database: &str, name: &str, location: &str) -> Value {
    let column = |(name, kind): (&str, &str)| json!({ "Name": name, "Type": kind });
    let columns = [
        ("symbol", "string"),
        ("open", "double"),
        ("high", "double"),
        ("low", "double"),
        ("price", "double"),
        ("previous_close", "double"),
        ("change", "double"),
        ("change_percent", "double"),
        ("volume", "bigint"),
        ("timestamp", "string"),
    ];
    json!({
        "DatabaseName": database,
        "TableInput": {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [column(("dt", "string"))],
            "Parameters": {
                "classification": "json",
                "projection.enabled": "true",
                "projection.dt.type": "date",
                "projection.dt.format": "yyyy-MM-dd",
                "projection.dt.range": "2000-01-01,NOW+1DAY",
                "storage.location.template": format!("{location}/dt=${{dt}}"),
            },
            "StorageDescriptor": {
                "Columns": columns.map(column),
                "Location": format!("{location}/"),
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": { "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe" },
            },
        },
    })
}
