//! What stays when the stack is deleted, and what must not.

use std::collections::BTreeSet;

use crate::{TEMPLATE, file};

#[test]
fn what_is_kept_is_data_and_the_docs_say_so() {
    let resources = TEMPLATE.json()["Resources"].as_object().unwrap();
    let kept: BTreeSet<&str> = resources
        .iter()
        .filter(|(_, resource)| resource["DeletionPolicy"] == "Retain")
        .map(|(name, _)| name.as_str())
        .collect();
    let data = ["LakeBucket", "Ledger", "QuarantineBucket", "ResultsBucket", "Table"];
    assert_eq!(kept, BTreeSet::from(data));
    let docs = file("docs/deploy.md");
    let (_, section) = docs.split_once("\n## Deleting\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    for name in [
        "stock-market-table",
        "stock-market-alerts",
        "stock-market-data-bucket-",
        "stock-market-quarantine-",
        "athena-query-results-",
    ] {
        assert!(section.contains(name), "{name}");
    }
}

#[test]
fn kept_buckets_but_the_lake_empty_themselves() {
    for (name, bucket) in TEMPLATE.of_type("AWS::S3::Bucket") {
        let rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"].as_array().unwrap();
        let empties = rules.iter().any(|rule| !rule["ExpirationInDays"].is_null());
        assert_eq!(empties, name != "LakeBucket", "{name}");
    }
}

#[test]
fn every_bucket_is_private_encrypted_and_refuses_plain_text() {
    let buckets: Vec<_> = TEMPLATE.of_type("AWS::S3::Bucket").collect();
    assert_eq!(buckets.len(), 3);
    for (name, bucket) in buckets {
        let properties = &bucket["Properties"];
        for way in
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
        {
            assert_eq!(properties["PublicAccessBlockConfiguration"][way], true, "{name}");
        }
        let encryption = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        assert!(encryption[0].is_object(), "{name}");
        let policy = TEMPLATE.properties(&format!("{name}Policy"));
        assert_eq!(policy["Bucket"]["Ref"], name);
        let statement = &policy["PolicyDocument"]["Statement"][0];
        assert_eq!((&statement["Effect"], &statement["Action"]), (&"Deny".into(), &"s3:*".into()));
        assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false", "{name}");
    }
}
