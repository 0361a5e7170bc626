//! What SQL knows of the lake.

use serde_json::{Value, json};

use super::{Finding, RESTORE, account::Account, refused};
use crate::aws::signed::Request;

const CHECK: &str = "columns of the lake";

/// The wire format, as the template tells it to Glue.
const COLUMNS: [(&str, &str); 10] = [
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

pub(super) async fn check(account: &Account, database: &str, table: &str) -> Finding {
    let body = json!({ "DatabaseName": database, "Name": table });
    let request = Request::json("glue", "AWSGlue.GetTable", &body);
    match request.send(&account.config).await {
        Ok(answer) => judge(&serde_json::from_str(&answer).unwrap_or_default()),
        Err(why) => refused(CHECK, why, "--database and --lake-table"),
    }
}

fn judge(answer: &Value) -> Finding {
    let columns = |list: &Value| -> Vec<(String, String)> {
        let text = |column: &Value, key| column[key].as_str().unwrap_or_default().to_lowercase();
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|column| (text(column, "Name"), text(column, "Type"))).collect()
    };
    let there = columns(&answer["Table"]["StorageDescriptor"]["Columns"]);
    let mut wrong = Vec::new();
    for (name, of) in COLUMNS {
        match there.iter().find(|(there, _)| there == name) {
            None => wrong.push(format!("{name} is missing")),
            Some((_, found)) if found != of => wrong.push(format!("{name} is {found}, not {of}")),
            Some(_) => {}
        }
    }
    if !columns(&answer["Table"]["PartitionKeys"]).iter().any(|(name, _)| name == "dt") {
        wrong.push("it has no partitions by dt".to_owned());
    }
    if wrong.is_empty() {
        return Finding::ok(CHECK, "all that quotes have, by day");
    }
    let todo = format!("{RESTORE}; Glue has the table only, so the lake is not touched");
    Finding::broken(CHECK, wrong.join(", "), todo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::doctor::finding::State;

    #[test]
    fn columns_are_those_of_the_template() {
        let template = include_str!("../../../../../../deploy/template.yaml");
        for (name, of) in COLUMNS {
            assert!(template.contains(&format!("- {{Name: {name}, Type: {of}")), "{name}");
        }
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        let columns: Vec<Value> =
            COLUMNS.iter().map(|(name, of)| json!({ "Name": name, "Type": of })).collect();
        let table = |columns: &[Value]| json!({ "Table": { "StorageDescriptor": { "Columns": columns }, "PartitionKeys": [{ "Name": "dt", "Type": "string" }] } });
        assert_eq!(judge(&table(&columns)).state, State::Ok);
        let mut other = columns.clone();
        other[8] = json!({ "Name": "volume", "Type": "string" });
        other.remove(0);
        let finding = judge(&table(&other));
        assert_eq!(finding.state, State::Broken);
        assert_eq!(finding.what, "symbol is missing, volume is string, not bigint");
        assert!(judge(&Value::Null).what.contains("dt"));
    }
}
