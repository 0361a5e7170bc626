//! Least privilege: the calls that each linked program has in it, held against its role in the template.
//!
//! What a program never calls, the linker leaves out: an operation of the SDK whose `orchestrate` is not among the symbols of a program
//! cannot be asked for by it. So the list is that of the program itself, and not of what somebody thinks that it calls.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stockflow_deploy::{Programs, Template};

/// Statements about what AWS does in the name of a role: reading streams, logs, batches that are given up; fetching the program.
const NOT_BY_THE_PROGRAM: [&str; 7] = [
    "FetchProgram",
    "FindBucketOfBatchesGivenUp",
    "FindChanges",
    "KeepBatchesGivenUp",
    "Log",
    "ReadChanges",
    "ReadStream",
];

/// Operations that the SDK links in by itself, and what for.
const OF_THE_SDK: [(&str, &str); 5] = [
    ("s3:CreateSession", "for buckets of one zone only, which have names of their own kind"),
    ("sso:GetRoleCredentials", "credentials by single sign-on, for who has set that up"),
    ("ssooidc:CreateToken", "the same"),
    ("sts:AssumeRole", "credentials of another role, for who has set that up"),
    ("sts:AssumeRoleWithWebIdentity", "the same, in a cluster"),
];

/// The operations that are linked into a program, as IAM names them.
fn linked(program: &str) -> BTreeSet<String> {
    let bytes = std::fs::read(Programs::built().unwrap().path(program)).unwrap();
    let mut actions = BTreeSet::new();
    for at in positions(&bytes, b"aws_sdk_") {
        if let Some((service, operation)) = orchestrated(&bytes[at + b"aws_sdk_".len()..]) {
            actions.insert(action(service, operation));
        }
    }
    assert!(!actions.is_empty(), "{program} has no symbols of operations: is it stripped?");
    actions
}

fn positions<'a>(bytes: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = word[0];
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| **byte == first);
    starts.map(|(at, _)| at).filter(move |at| bytes[*at..].starts_with(word))
}

/// Service and operation of a symbol as `dynamodb9operation8put_item7PutItem11orchestrate…`.
fn orchestrated(symbol: &[u8]) -> Option<(&str, &str)> {
    // Names of services are short, and end in a digit at times.
    let end = (1..20)
        .find(|end| symbol.get(*end..).is_some_and(|rest| rest.starts_with(b"9operation")))?;
    let rest = &symbol[end + b"9operation".len()..];
    let (_, rest) = part(rest)?;
    let (operation, rest) = part(rest)?;
    rest.starts_with(b"11orchestrate").then_some(())?;
    Some((std::str::from_utf8(&symbol[..end]).ok()?, operation))
}

/// A part of a mangled name: its length, then itself.
fn part(text: &[u8]) -> Option<(&str, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    let name = text.get(digits..digits + length)?;
    Some((std::str::from_utf8(name).ok()?, &text[digits + length..]))
}

/// The action that AWS checks for an operation.
fn action(service: &str, operation: &str) -> String {
    match (service, operation) {
        // So many times `Publish` to AWS.
        ("sns", "PublishBatch") => "sns:Publish".into(),
        _ => format!("{service}:{operation}"),
    }
}

/// The statements of a role.
fn statements(template: &Template, role: &str) -> Vec<Value> {
    let policies = template.properties(role)["Policies"].as_array().unwrap().iter();
    let all = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    all.map(|statement| match &statement["Fn::If"] {
        Value::Array(choice) => choice[1].clone(),
        _ => statement.clone(),
    })
    .collect()
}

fn actions(statement: &Value) -> Vec<&str> {
    match &statement["Action"] {
        Value::String(action) => vec![action],
        several => several.as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect(),
    }
}

#[test]
fn a_role_allows_the_calls_that_are_linked_into_its_program_and_no_others() {
    let template = Template::transformed().unwrap();
    for (role, program) in [
        ("ProcessorRole", "kinesis-stock-processor"),
        ("TrendRole", "dynamodb-stock-trend"),
        ("ProducerRole", "stockflow-producer"),
    ] {
        let mut linked = linked(program);
        for (action, _) in OF_THE_SDK {
            linked.remove(action);
        }
        let statements = statements(&template, role);
        let own = statements
            .iter()
            .filter(|statement| !NOT_BY_THE_PROGRAM.contains(&statement["Sid"].as_str().unwrap()));
        let allowed: BTreeSet<String> =
            own.flat_map(|statement| actions(statement)).map(str::to_owned).collect();
        assert_eq!(allowed, linked, "{role}, {program}");
    }
}

#[test]
fn every_statement_has_exact_actions_on_exact_resources() {
    let arn = |resource: &str| json!({ "Fn::GetAtt": [resource, "Arn"] });
    let sub = |text: &str| json!({ "Fn::Sub": text });
    let changes = json!({ "Fn::GetAtt": ["Table", "StreamArn"] });
    let program = "arn:${AWS::Partition}:s3:::${ProducerBucket}/${ProducerKey}";
    let expected = [
        ("ProcessorRole", "ReadStream", arn("Stream")),
        ("ProcessorRole", "KeepBatchesGivenUp", sub("${QuarantineBucket.Arn}/aws/lambda/*")),
        ("ProcessorRole", "FindBucketOfBatchesGivenUp", arn("QuarantineBucket")),
        ("ProcessorRole", "Log", arn("ProcessorLogs")),
        ("ProcessorRole", "ReadAndWriteRows", arn("Table")),
        ("ProcessorRole", "Archive", sub("${LakeBucket.Arn}/lake/*")),
        ("ProcessorRole", "Quarantine", sub("${QuarantineBucket.Arn}/quarantine/*")),
        ("TrendRole", "ReadChanges", changes),
        ("TrendRole", "FindChanges", sub("${Table.Arn}/stream/*")),
        ("TrendRole", "KeepBatchesGivenUp", sub("${QuarantineBucket.Arn}/aws/lambda/*")),
        ("TrendRole", "FindBucketOfBatchesGivenUp", arn("QuarantineBucket")),
        ("TrendRole", "Log", arn("TrendLogs")),
        ("TrendRole", "ReadRows", arn("Table")),
        ("TrendRole", "KeepLedger", arn("Ledger")),
        ("TrendRole", "Tell", json!({ "Ref": "Topic" })),
        ("ProducerRole", "SendQuotes", arn("Stream")),
        ("ProducerRole", "FetchProgram", sub(program)),
    ];
    let template = Template::transformed().unwrap();
    let mut found = Vec::new();
    for (role, definition) in template.of_type("AWS::IAM::Role") {
        assert!(definition["Properties"]["ManagedPolicyArns"].is_null(), "{role}");
        for statement in statements(&template, role) {
            assert_eq!(statement["Effect"], "Allow");
            assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
            assert!(actions(&statement).iter().all(|action| !action.contains('*')), "{statement}");
            let name = statement["Sid"].as_str().unwrap().to_owned();
            found.push((role.to_owned(), name, statement["Resource"].clone()));
        }
    }
    found.sort_by_key(|(role, name, _)| (role.clone(), name.clone()));
    let mut expected = expected
        .map(|(role, name, resource)| (role.to_owned(), name.to_owned(), resource))
        .to_vec();
    expected.sort_by_key(|(role, name, _)| (role.clone(), name.clone()));
    assert_eq!(found, expected);
}

#[test]
fn what_aws_does_in_the_name_of_a_role_is_what_its_mapping_needs() {
    let template = Template::transformed().unwrap();
    let of = |role: &str, name: &str| {
        let statements = statements(&template, role);
        let statement = statements.iter().find(|statement| statement["Sid"] == name).unwrap();
        actions(statement).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let stream =
        ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"];
    assert_eq!(of("ProcessorRole", "ReadStream"), stream.map(|name| format!("kinesis:{name}")));
    let changes = ["DescribeStream", "GetRecords", "GetShardIterator"];
    assert_eq!(of("TrendRole", "ReadChanges"), changes.map(|name| format!("dynamodb:{name}")));
    assert_eq!(of("TrendRole", "FindChanges"), ["dynamodb:ListStreams"]);
    for role in ["ProcessorRole", "TrendRole"] {
        assert_eq!(of(role, "KeepBatchesGivenUp"), ["s3:PutObject"]);
        assert_eq!(of(role, "FindBucketOfBatchesGivenUp"), ["s3:ListBucket"]);
        assert_eq!(of(role, "Log"), ["logs:CreateLogStream", "logs:PutLogEvents"]);
    }
}
