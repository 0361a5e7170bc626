//! The functions are told what they read, and nothing else.

use std::collections::BTreeSet;

use crate::{TEMPLATE, file};

/// The variables of stockflow that a text names, each between these two characters.
fn named(text: &str, begin: char, end: char) -> BTreeSet<&str> {
    text.split(begin)
        .filter_map(|rest| rest.split(end).next())
        .filter(|name| {
            name.starts_with("STOCKFLOW_")
                && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        })
        .collect()
}

#[test]
fn variables_are_those_that_the_program_reads_and_its_docs_list() {
    for (function, source) in
        [("Processor", "bins/processor/src/lib.rs"), ("Trend", "bins/trend/src/lib.rs")]
    {
        let source = file(source);
        let (docs, code) = source.split_once("\nuse ").unwrap();
        let set = &TEMPLATE.properties(function)["Environment"]["Variables"];
        let set: BTreeSet<&str> = set.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(set, named(code, '"', '"'), "{function}");
        assert_eq!(set, named(docs, '`', '`'), "{function}");
    }
}

#[test]
fn a_function_is_the_program_that_its_package_has() {
    for (function, binary) in
        [("Processor", "kinesis-stock-processor"), ("Trend", "dynamodb-stock-trend")]
    {
        assert_eq!(TEMPLATE.resource(function)["Metadata"]["BuildMethod"], "rust-cargolambda");
        let built = &TEMPLATE.resource(function)["Metadata"]["BuildProperties"]["Binary"];
        assert_eq!(built, binary);
        let properties = TEMPLATE.properties(function);
        assert_eq!(properties["Handler"], "bootstrap");
        assert_eq!(properties["Runtime"], "provided.al2023");
        let name = properties["FunctionName"]["Ref"].as_str().unwrap();
        assert_eq!(TEMPLATE.json()["Parameters"][name]["Default"], binary);
    }
}

/// In a file of cargo's configuration, since SAM says `--release` and nothing else.
#[test]
fn functions_are_built_small_and_still_unwind() {
    const HOW: &str = include_str!("../../functions.toml");
    let named = "[package.metadata.lambda.build]\nconfig = [\"deploy/functions.toml\"]\n";
    for package in [
        include_str!("../../../bins/processor/Cargo.toml"),
        include_str!("../../../bins/trend/Cargo.toml"),
    ] {
        assert!(package.contains(named), "{package}");
    }
    assert!(HOW.contains("[profile.release]") && HOW.contains("lto = \"fat\""));
    // A panic is to cost one record, not the process; cargo-lambda aborts unless the profile says what to do.
    assert!(!HOW.contains("panic ="));
    assert!(include_str!("../../../Cargo.toml").contains("panic = \"unwind\""));
}

#[test]
fn mappings_report_parts_and_give_up_into_a_bucket() {
    let mappings: Vec<_> = TEMPLATE.of_type("AWS::Lambda::EventSourceMapping").collect();
    assert_eq!(mappings.len(), 2);
    for (name, mapping) in mappings {
        let mapping = &mapping["Properties"];
        assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{name}");
        assert_eq!(mapping["BisectBatchOnFunctionError"], true, "{name}");
        assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON", "{name}");
        let age = mapping["MaximumRecordAgeInSeconds"].as_u64().unwrap();
        // A day is what both streams keep at least.
        assert!(age > 0 && age < 86_400, "{name}");
        assert!(mapping["MaximumRetryAttempts"].as_u64().unwrap() > 0, "{name}");
        let given_up = &mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"];
        assert_eq!(given_up[0], "QuarantineBucket", "{name}");
    }
    let filter = &TEMPLATE.properties("TrendCheckpoints")["FilterCriteria"]["Filters"];
    assert_eq!(filter.as_array().unwrap().len(), 1);
    let pattern: serde_json::Value =
        serde_json::from_str(filter[0]["Pattern"].as_str().unwrap()).unwrap();
    let exists = serde_json::json!([{ "exists": true }]);
    assert_eq!(
        pattern,
        serde_json::json!({ "dynamodb": { "NewImage": { "checkpoint": { "S": exists } } } })
    );
}

#[test]
fn the_instance_runs_the_unit_that_is_for_everybody() {
    let launch = &TEMPLATE.properties("ProducerLaunch")["LaunchTemplateData"];
    let script = launch["UserData"]["Fn::Base64"]["Fn::Sub"].as_str().unwrap();
    let file = file("deploy/stockflow-producer.service");
    let unit: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(script.contains(unit.join("\n").trim()), "{script}");
    let known = crate::file("bins/producer/src/cli.rs");
    let names = script.split([' ', '\n', '=']).filter(|word| word.starts_with("STOCKFLOW_"));
    for name in names {
        assert!(known.contains(&format!("env = \"{name}\"")), "{name}");
    }
}
