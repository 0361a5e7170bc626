//! `stockflow doctor --aws`: nothing to say of a healthy set-up, and of one in which one thing is broken that, what to do, and no more.

mod deployed;

use aws_sdk_dynamodb::types::StreamViewType;
use deployed::{Deployed, PROCESSOR, STREAM, TOPIC, TREND};
use serde_json::{Value, json};
use stockflow_aws::{
    dynamodb::{ALERTS, QUOTES},
    testing::Emulator,
};

use crate::{
    relay,
    world::{Account, out},
};

const NOTHING: (&[&str], &[(&str, &str)]) = (&[], &[]);
const BY_HAND: &str = "What was changed by hand";

#[tokio::test]
async fn each_fault_of_a_mapping_is_found() {
    let deployed = Deployed::new().await;
    deployed.healthy();
    for (function, check) in [(PROCESSOR, "mapping of stage 1"), (TREND, "mapping of stage 2")] {
        let reports = json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] });
        deployed.remap(function, &json!({ "FunctionResponseTypes": [] }));
        let command = "--function-response-types ReportBatchItemFailures";
        deployed.broken([check, "FunctionResponseTypes has no ReportBatchItemFailures", command]);
        deployed.remap(function, &reports);

        deployed.remap(function, &json!({ "Enabled": false }));
        deployed.broken([check, "it is Disabled", "--enabled"]);
        deployed.remap(function, &json!({ "Enabled": true }));

        for (age, what) in [(-1, "is not set"), (86_400, "keeps records for 24 hours")] {
            deployed.remap(function, &json!({ "MaximumRecordAgeInSeconds": age }));
            deployed.broken([check, what, "--maximum-record-age-in-seconds 82800"]);
        }
        deployed.remap(function, &json!({ "MaximumRecordAgeInSeconds": 82_800 }));

        let kept = deployed.mapped(function)["DestinationConfig"].clone();
        deployed.remap(function, &json!({ "DestinationConfig": {} }));
        deployed.only(NOTHING, 0, [check, "no destination", "--destination-config"]);
        deployed.remap(function, &json!({ "DestinationConfig": kept }));

        let source = deployed.mapped(function)["EventSourceArn"].as_str().unwrap().to_owned();
        deployed.unmap(function);
        deployed.broken([check, &format!("to {function}"), BY_HAND]);
        deployed.mapping(function, &source);
    }
    deployed.healthy();
    // A function that fails, since it has no program, on a record that comes.
    let put = deployed.kinesis.put_record().stream_name(STREAM).partition_key("AAPL");
    put.data(b"{}".to_vec().into()).send().await.unwrap();
    while deployed.mapped(PROCESSOR)["LastProcessingResult"] != "FAILED" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    deployed.broken(["mapping of stage 1", "its last result: FAILED", "/aws/lambda/kinesis"]);
}

#[tokio::test]
async fn tables_and_streams_that_are_not_as_they_should_be_are_found() {
    let deployed = Deployed::new().await;
    deployed.change_stream(None).await;
    deployed.broken(["table", "it has no stream", "StreamViewType=NEW_IMAGE"]);
    deployed.change_stream(Some(StreamViewType::NewImage)).await;
    deployed.broken(["mapping of stage 2", "has another stream by now", BY_HAND]);
    for view in [StreamViewType::KeysOnly, StreamViewType::OldImage] {
        deployed.change_stream(Some(view.clone())).await;
        deployed.unmap(TREND);
        deployed.mapping(TREND, &deployed.changes().await);
        deployed.broken(["table", &format!("its stream has {view}"), "on again with NEW_IMAGE"]);
    }
    deployed.change_stream(Some(StreamViewType::NewAndOldImages)).await;
    deployed.unmap(TREND);
    deployed.mapping(TREND, &deployed.changes().await);
    deployed.healthy();

    deployed.dynamodb.delete_table().table_name(ALERTS.name).send().await.unwrap();
    deployed.broken(["table of alerts", "not there", "--alerts-table"]);
    ALERTS.create(&deployed.dynamodb, ALERTS.name).await.unwrap();
    deployed.kinesis.delete_stream().stream_name(STREAM).send().await.unwrap();
    deployed.broken(["stream", "not there", "--stream"]);
    deployed.account.create_stream().await;
    deployed.healthy();
    deployed.dynamodb.delete_table().table_name(QUOTES.name).send().await.unwrap();
    deployed.broken(["table", "not there", "--table"]);
}

#[tokio::test]
async fn what_sql_cannot_see_is_found() {
    let deployed = Deployed::new().await;
    let check = "columns of the lake";
    let (database, name) = ("stock_market_catalog", "stock_data_table");
    let table = deployed.glue("GetTable", &json!({ "DatabaseName": database, "Name": name }));
    let table = |change: &dyn Fn(&mut Value)| {
        let mut input = json!({ "Name": name });
        for key in ["StorageDescriptor", "PartitionKeys", "TableType", "Parameters"] {
            input[key] = table["Table"][key].clone();
        }
        change(&mut input);
        deployed.glue("UpdateTable", &json!({ "DatabaseName": database, "TableInput": input }));
    };
    table(&|table| {
        let columns = table["StorageDescriptor"]["Columns"].as_array_mut().unwrap();
        columns.retain(|column| column["Name"] != "previous_close");
    });
    deployed.broken([check, "previous_close is missing", BY_HAND]);
    table(&|table| {
        let columns = table["StorageDescriptor"]["Columns"].as_array_mut().unwrap();
        let volume = columns.iter_mut().find(|column| column["Name"] == "volume").unwrap();
        volume["Type"] = json!("int");
    });
    deployed.broken([check, "volume is int, not bigint", BY_HAND]);
    table(&|table| table["PartitionKeys"] = json!([]));
    deployed.broken([check, "no partitions by dt", BY_HAND]);
    table(&|_| ());
    deployed.healthy();
    deployed.glue("DeleteTable", &json!({ "DatabaseName": database, "Name": name }));
    deployed.broken([check, "not there", "--database and --lake-table"]);
    deployed.glue("DeleteDatabase", &json!({ "Name": database }));
    deployed.broken([check, "not there", "--database and --lake-table"]);
}

#[tokio::test]
async fn a_lake_that_is_empty_old_or_gone_is_found() {
    let deployed = Deployed::new().await;
    // Nothing is ever that young.
    let age = (&["--max-age", "0"][..], &[][..]);
    deployed.only(age, 1, ["quotes", "the newest is", "does the producer run"]);
    let Account { s3, bucket, .. } = &deployed.account;
    let objects = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    for object in objects.contents() {
        let delete = s3.delete_object().bucket(bucket).key(object.key().unwrap());
        delete.send().await.unwrap();
    }
    deployed.only(NOTHING, 0, ["quotes", "no quote was ever archived", "start the producer"]);
    s3.delete_bucket().bucket(bucket).send().await.unwrap();
    deployed.broken(["lake", "there is no bucket stock-market-data-bucket", "--bucket"]);
}

#[tokio::test]
async fn people_who_are_not_told_are_found() {
    let deployed = Deployed::new().await;
    // The emulator asks only those by HTTP to confirm, and nobody listens on this port.
    deployed.subscribe("http", "http://127.0.0.1:9/alerts").await;
    let spam = "AWS Notification - Subscription Confirmation";
    deployed.broken(["subscriptions", "1 of 2 wait to be confirmed: http", spam]);
    deployed.sns.delete_topic().topic_arn(deployed.topic()).send().await.unwrap();
    deployed.broken(["subscriptions", "not there", "--topic"]);
    deployed.sns.create_topic().name(TOPIC).send().await.unwrap();
    deployed.only(NOTHING, 0, ["subscriptions", "nobody is subscribed", "aws sns subscribe"]);
}

#[tokio::test]
async fn records_that_wait_for_long_are_found() {
    let deployed = Deployed::new().await;
    let body = "Action=PutMetricData&Version=2010-08-01&Namespace=AWS%2FLambda&MetricData.member.1.MetricName=IteratorAge\
                &MetricData.member.1.Dimensions.member.1.Name=FunctionName\
                &MetricData.member.1.Dimensions.member.1.Value=kinesis-stock-processor\
                &MetricData.member.1.Value=90000&MetricData.member.1.Unit=Milliseconds";
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    deployed.account.call("monitoring", "POST", "/", &[form], body);
    let finding = ["delay of stage 1", "up to 90 s in the last 15 minutes", "docs/operations.md"];
    deployed.only(NOTHING, 0, finding);
}

#[tokio::test]
async fn a_region_without_any_of_it_is_one_finding() {
    let deployed = Deployed::new().await;
    let elsewhere = (&[][..], &[("AWS_REGION", "eu-west-1")][..]);
    deployed.only(
        elsewhere,
        1,
        ["region", "nothing is in eu-west-1", "set AWS_REGION to where it is"],
    );
}

/// In the words of AWS, by a stub in place of one service: the emulator has no buckets of other regions, no policies on
/// its shared port, no subscription by mail that waits, and none that is deleted.
#[tokio::test]
async fn answers_that_no_emulator_gives_are_understood() {
    let deployed = Deployed::new().await;
    let url = relay::answering(
        "400 Bad Request\nContent-Type: application/x-amz-json-1.1",
        r#"{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: glue:GetTable on resource: arn:aws:glue:us-east-1:123456789012:catalog because no identity-based policy allows the glue:GetTable action"}"#,
    );
    let denied = (&[][..], &[("AWS_ENDPOINT_URL_GLUE", url.as_str())][..]);
    deployed.only(denied, 1, ["columns of the lake", "glue:GetTable", "allow the call"]);

    let url = relay::answering("301 Moved Permanently\nx-amz-bucket-region: eu-central-1", "");
    let moved = (&[][..], &[("AWS_ENDPOINT_URL_S3", url.as_str())][..]);
    deployed.only(moved, 1, ["lake", "is in eu-central-1", "export AWS_REGION=eu-central-1"]);

    let url = relay::answering("403 Forbidden", "");
    let foreign = (&[][..], &[("AWS_ENDPOINT_URL_S3", url.as_str())][..]);
    deployed.only(foreign, 1, ["lake", "403", "these credentials may not look"]);

    let member = |arn: &str| {
        format!(
            "<member><TopicArn>arn:aws:sns:us-east-1:123456789012:stock-trend-alerts</TopicArn><Protocol>email</Protocol>\
             <SubscriptionArn>{arn}</SubscriptionArn><Owner>123456789012</Owner><Endpoint>a@example.org</Endpoint></member>"
        )
    };
    let list = |arns: &[&str]| {
        let members: String = arns.iter().map(|arn| member(arn)).collect();
        let body = format!(
            "<ListSubscriptionsByTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListSubscriptionsByTopicResult>\
             <Subscriptions>{members}</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
        );
        relay::answering("200 OK\nContent-Type: text/xml", &body)
    };
    let url = list(&["PendingConfirmation", "Deleted"]);
    let waits = (&[][..], &[("AWS_ENDPOINT_URL_SNS", url.as_str())][..]);
    deployed.only(waits, 1, ["subscriptions", "1 of 1 wait to be confirmed: email", "spam"]);
    let url = list(&["Deleted"]);
    let gone = (&[][..], &[("AWS_ENDPOINT_URL_SNS", url.as_str())][..]);
    deployed.only(gone, 0, ["subscriptions", "nobody is subscribed", "aws sns subscribe"]);

    let expired = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
                   <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
    let url = relay::answering("403 Forbidden\nContent-Type: text/xml", expired);
    let stale = (&[][..], &[("AWS_ENDPOINT_URL_STS", url.as_str())][..]);
    deployed.only(stale, 1, ["credentials", "ExpiredToken", "aws sso login"]);
}

#[tokio::test]
async fn without_a_region_a_network_or_credentials_that_alone_is_told() {
    let account = Account::new().await;
    let last = |command: &mut std::process::Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let all: Vec<Value> = serde_json::from_str(out(&output)).unwrap();
        assert!(all.iter().rev().skip(1).all(|finding| finding["state"] == "ok"), "{all:?}");
        let text = |key: &str| all.last().unwrap()[key].as_str().unwrap().to_owned();
        [text("check"), text("finding"), text("what_to_do")]
    };
    let doctor = || account.command(&["doctor", "--aws", "--format", "json"]);
    let [check, _, todo] = last(doctor().env_remove("AWS_REGION"));
    assert_eq!((check.as_str(), todo.contains("AWS_REGION")), ("region", true), "{todo}");
    let [check, _, todo] = last(doctor().env_remove("AWS_ACCESS_KEY_ID"));
    assert_eq!((check.as_str(), todo.contains("AWS_PROFILE")), ("credentials", true), "{todo}");
    let [check, what, todo] = last(doctor().env("AWS_ENDPOINT_URL", "http://127.0.0.1:9"));
    assert_eq!((check.as_str(), todo.contains("region's name")), ("network", true), "{todo}");
    assert!(what.contains("http://127.0.0.1:9"), "{what}");
    // Keys that nobody has, at an emulator that checks them.
    let strict = Emulator::start(&[("AUTH", "true")]).unwrap();
    let mut wrong = doctor();
    wrong.env("AWS_ENDPOINT_URL", strict.endpoint()).env("AWS_ACCESS_KEY_ID", "AKIA0");
    let [check, what, todo] = last(&mut wrong);
    assert_eq!((check.as_str(), todo.contains("AWS_PROFILE")), ("credentials", true), "{todo}");
    assert!(what.contains("403") && what.contains("InvalidClientTokenId"), "{what}");
}
