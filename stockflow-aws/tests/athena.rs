//! Queries through Athena, on the emulator's engine.
#![cfg(all(feature = "athena", feature = "s3", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_athena::{
    Client,
    types::{QueryExecutionState, ResultConfiguration, WorkGroupConfiguration},
};
use aws_types::SdkConfig;
use stockflow_aws::{
    Patience,
    athena::{Athena, AthenaAnswer, AthenaValue, SqlParameter},
    client,
    testing::{Emulator, Fault, Faults},
};
use stockflow_core::{Error, ErrorKind};

async fn workgroup() -> SdkConfig {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let config = Emulator::shared().unwrap().new_account(client::https());
    let bucket = format!("athena-query-results-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    aws_sdk_s3::Client::new(&config).create_bucket().bucket(&bucket).send().await.unwrap();
    let results = ResultConfiguration::builder().output_location(format!("s3://{bucket}/")).build();
    let settings = WorkGroupConfiguration::builder().result_configuration(results).build();
    let create = Client::new(&config).create_work_group().name("stocks").configuration(settings);
    create.send().await.unwrap();
    config
}

async fn all(mut answer: AthenaAnswer) -> Vec<Vec<AthenaValue>> {
    let mut all = Vec::new();
    while let Some(rows) = answer.next().await.unwrap() {
        all.extend(rows);
    }
    all
}

async fn ask(athena: &Athena, sql: &str) -> Result<Vec<Vec<AthenaValue>>, Error> {
    let answer = athena.start(sql, &[]).await?.finish(|_| ()).await?;
    Ok(all(answer).await)
}

#[tokio::test]
async fn values_keep_their_types_and_the_heading_is_no_row() {
    let config = workgroup().await;
    let athena = Athena::new(&Client::new(&config), "stocks").unwrap();
    let sql =
        "SELECT 'a' AS a, 42 AS n, CAST(1.5 AS DOUBLE) AS d, true AS b, CAST(NULL AS VARCHAR) AS z";
    let answer = athena.start(sql, &[]).await.unwrap().finish(|_| ()).await.unwrap();
    let columns: Vec<(&str, bool)> =
        answer.columns().iter().map(|c| (c.name.as_str(), c.is_numeric())).collect();
    assert_eq!(columns, [("a", false), ("n", true), ("d", true), ("b", false), ("z", false)]);
    let row = vec![
        AthenaValue::Text("a".into()),
        AthenaValue::Number("42".into()),
        AthenaValue::Number("1.5".into()),
        AthenaValue::Bool(true),
        AthenaValue::Null,
    ];
    assert_eq!(all(answer).await, [row]);
    let empty = athena.start("SELECT 'a' AS a WHERE 1 = 0", &[]).await.unwrap();
    let empty = empty.finish(|_| ()).await.unwrap();
    assert_eq!(empty.columns()[0].name, "a");
    assert!(all(empty).await.is_empty());
}

#[tokio::test]
async fn a_long_answer_comes_in_pages_without_a_gap() {
    let config = workgroup().await;
    let athena = Athena::new(&Client::new(&config), "stocks").unwrap();
    let rows = ask(&athena, "SELECT * FROM range(0, 2500) ORDER BY 1").await.unwrap();
    let expected: Vec<_> = (0..2_500).map(|n| vec![AthenaValue::Number(n.to_string())]).collect();
    assert_eq!(rows.len(), expected.len());
    assert!(rows == expected);
}

#[tokio::test]
async fn a_query_that_cannot_be_answered_is_rejected_with_the_reason() {
    let config = workgroup().await;
    let athena = Athena::new(&Client::new(&config), "stocks").unwrap();
    for (sql, word) in [
        ("SELECT nothing FROM nowhere", "nowhere"),
        ("DROP TABLE stock_data_table", "only queries"),
        ("SELEC 1", "SELEC"),
    ] {
        let error = ask(&athena, sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{}", error.chain());
        assert!(error.chain().contains(word), "{}", error.chain());
    }
}

#[tokio::test]
async fn parameters_are_sent_quoted() {
    use aws_sdk_athena::config::{Intercept, RuntimeComponents, interceptors};
    use aws_smithy_types::config_bag::ConfigBag;

    #[derive(Debug)]
    struct Bodies(&'static Mutex<Vec<String>>);

    impl Intercept for Bodies {
        fn name(&self) -> &'static str {
            "bodies"
        }

        fn read_before_transmit(
            &self,
            context: &interceptors::BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), aws_smithy_runtime_api::box_error::BoxError> {
            let body = context.request().body().bytes().unwrap_or_default();
            self.0.lock().unwrap().push(String::from_utf8_lossy(body).into_owned());
            Ok(())
        }
    }

    static BODIES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let config = workgroup().await;
    let config = aws_sdk_athena::Config::from(&config).to_builder().interceptor(Bodies(&BODIES));
    let athena = Athena::new(&Client::from_conf(config.build()), "stocks").unwrap();
    let parameters = [SqlParameter::text("a' OR '1'='1"), SqlParameter::integer(7)];
    athena.start("SELECT ?, ?", &parameters).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&BODIES.lock().unwrap()[0]).unwrap();
    assert_eq!(body["ExecutionParameters"], serde_json::json!(["'a'' OR ''1''=''1'", "7"]));
    assert_eq!(body["QueryExecutionContext"]["Database"], "stock_market_catalog");
    assert_eq!(body["WorkGroup"], "stocks");
}

#[tokio::test]
async fn a_query_is_stopped_by_hand_and_when_nobody_waits_for_it() {
    let config = workgroup().await;
    let client = Client::new(&config);
    let athena = Athena::new(&client, "stocks").unwrap();
    let long = "SELECT COUNT(*) FROM range(0, 200000000) a, range(0, 5) b WHERE (a.range * b.range) % 7 = 3";
    for by_hand in [true, false] {
        let query = athena.start(long, &[]).await.unwrap();
        let id = query.id().to_owned();
        let mut looks = 0;
        let waiting = tokio::time::timeout(
            Duration::from_millis(400),
            query.finish(|now| {
                looks += 1;
                assert!(!now.to_string().is_empty());
            }),
        );
        assert!(waiting.await.is_err(), "the query was to be a long one");
        assert!(looks > 0);
        if by_hand {
            query.cancel().await.unwrap();
            let error = query.finish(|_| ()).await.unwrap_err();
            assert!(error.chain().contains("cancelled"), "{}", error.chain());
        } else {
            drop(query);
        }
        let mut state = None;
        for _ in 0..100 {
            let answer = client.get_query_execution().query_execution_id(&id).send().await.unwrap();
            state = answer.query_execution.unwrap().status.unwrap().state;
            if state == Some(QueryExecutionState::Cancelled) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(state, Some(QueryExecutionState::Cancelled));
    }
}

#[tokio::test]
async fn whatever_fails_for_now_the_answer_is_the_same() {
    let config = workgroup().await;
    let faults = Faults::by_seed(5)
        .with(Fault::Throttle, 0.4)
        .with(Fault::ServerError, 0.1)
        .with(Fault::ExpiredCredentials, 0.05)
        .with(Fault::Reset, 0.1);
    let http = faults.around(client::https());
    let config = config.to_builder().http_client(http.clone()).build();
    let waits = Patience::default().with_waits(Duration::from_millis(1), Duration::from_millis(5));
    let athena = Athena::new(&Client::new(&config), "stocks").unwrap().with_patience(waits);
    for _ in 0..5 {
        let rows = ask(&athena, "SELECT * FROM range(0, 1500) ORDER BY 1").await.unwrap();
        assert_eq!(rows.len(), 1_500);
    }
    assert!(http.count(Fault::Throttle) > 5);
}
