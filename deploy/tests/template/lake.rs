//! Glue, wire format and docs have one set of columns; SQL is the one that the local engine is tested with.

use serde_json::Value;
use stockflow_core::{
    conformance::samples::{quote, symbol},
    wire,
};

use crate::{TEMPLATE, file};

/// Name and type of each column.
fn columns() -> Vec<(String, String)> {
    let table = &TEMPLATE.properties("LakeTable")["TableInput"]["StorageDescriptor"]["Columns"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let columns = table.as_array().unwrap().iter();
    columns.map(|column| (text(&column["Name"]), text(&column["Type"]))).collect()
}

/// The keys of a record, in the order in which they are written, each with the type of SQL for its values.
fn wire_format() -> Vec<(String, String)> {
    let mut line = Vec::new();
    wire::encode(&quote(symbol("AAPL"), 7), &mut line);
    let line = String::from_utf8(line).unwrap();
    let record: Value = serde_json::from_str(&line).unwrap();
    let mut keys: Vec<(&String, &Value)> = record.as_object().unwrap().iter().collect();
    keys.sort_by_key(|(key, _)| line.find(&format!("\"{key}\":")).unwrap());
    let kind = |key: &str, value: &Value| match value {
        Value::String(_) => "string",
        // The only count; a price may be a whole number and is none all the same.
        Value::Number(_) if key == "volume" => "bigint",
        Value::Number(_) => "double",
        _ => "neither text nor number",
    };
    keys.into_iter().map(|(key, value)| (key.clone(), kind(key, value).to_owned())).collect()
}

#[test]
fn columns_are_the_keys_of_a_record_in_their_order() {
    assert_eq!(columns(), wire_format());
}

#[test]
fn columns_are_those_that_the_docs_list() {
    let docs = file("docs/deploy.md");
    let (_, section) = docs.split_once("### Columns\n").unwrap();
    let section = section.split("\n#").next().unwrap();
    let listed = section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`').to_owned();
        Some((name, cells.next()?.trim().to_owned()))
    });
    let mut expected = columns();
    expected.push(("dt".into(), "string".into()));
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

#[test]
fn columns_are_those_that_the_local_engine_is_held_to() {
    let tests = file("stockflow-local/src/sql/tests.rs");
    let (_, list) = tests.split_once("let expected = [\n        \"symbol Utf8View\"").unwrap();
    let list = format!("\"symbol Utf8View\"{}", list.split("];").next().unwrap());
    let listed = list.lines().filter_map(|line| {
        let (name, kind) = line.trim().trim_matches([',', '"']).split_once(' ')?;
        let kind = match kind {
            "Utf8View" => "string",
            "Float64" => "double",
            "Int64" => "bigint",
            other => other,
        };
        Some((name.to_owned(), kind.to_owned()))
    });
    let mut expected = columns();
    expected.push(("dt".into(), "string".into()));
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

#[test]
fn partitions_are_the_days_that_objects_are_named_by() {
    let table = &TEMPLATE.properties("LakeTable")["TableInput"];
    assert_eq!(table["PartitionKeys"][0]["Name"], "dt");
    let parameters = &table["Parameters"];
    assert_eq!(parameters["projection.enabled"], "true");
    assert_eq!(parameters["projection.dt.type"], "date");
    assert_eq!(parameters["projection.dt.format"], "yyyy-MM-dd");
    // `${!dt}` is what substitution leaves as `${dt}`.
    let place = &parameters["storage.location.template"]["Fn::Sub"];
    assert_eq!(place, "s3://${LakeBucket}/lake/dt=${!dt}/");
    let variables = &TEMPLATE.properties("Processor")["Environment"]["Variables"];
    assert_eq!(variables["STOCKFLOW_LAKE"]["Fn::Sub"], "s3://${LakeBucket}/lake");
}

#[test]
fn saved_queries_are_those_that_the_local_engine_is_tested_with() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tested = words(&file("stockflow-local/src/sql/tests.rs").replace("\\\n", " "));
    let mut queries = 0;
    for (name, query) in TEMPLATE.of_type("AWS::Athena::NamedQuery") {
        let sql = query["Properties"]["QueryString"]["Fn::Sub"].as_str().unwrap();
        let sql = words(&sql.replace("${LakeTable}", "stock_data_table"));
        assert!(tested.contains(&format!("\"{sql}\"")), "{name}: {sql}");
        queries += 1;
    }
    assert_eq!(queries, 4);
}
