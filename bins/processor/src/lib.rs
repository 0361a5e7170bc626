//! Stage 1 as a Lambda function: builds the clients once, and hands each event to `stockflow-core`.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `STOCKFLOW_TABLE` | table of judged rows | `stock-market-table` |
//! | `STOCKFLOW_LAKE` | where raw quotes go, `s3://bucket/prefix` | must be set |
//! | `STOCKFLOW_QUARANTINE` | where records go that cannot be read, `s3://bucket/prefix` | must be set |
//! | `STOCKFLOW_CONFIG` | file with the rules, in the function's package | the default rules |
//! | `STOCKFLOW_EXPIRY_DAYS` | after how many days rows may be deleted | never |

use std::{error::Error, sync::Arc, time::Duration};

use stockflow_aws::{
    Patience,
    dynamodb::{DynamoTable, Expiry},
    lambda::{Environment, ProcessorFunction, run as run_function},
    s3::{S3Lake, S3Location},
};
use stockflow_core::{Processor, QuoteTable as _, Rules, Symbol, config::Config};
use tokio::sync::Mutex;

/// The function's usual name, under which it logs if Lambda says no other.
pub const FUNCTION: &str = "kinesis-stock-processor";

/// Runs until Lambda ends it; `variable` looks up the environment.
///
/// # Errors
/// Settings that are missing or wrong; a connection to Lambda that fails.
pub async fn run(
    variable: impl Fn(&str) -> Option<String> + Send + Sync,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let environment = Environment::new(variable);
    log(&environment);
    // Two of them in one account have metrics of their own.
    let name = environment.or("AWS_LAMBDA_FUNCTION_NAME", FUNCTION);
    let function = Arc::new(Mutex::new(function(&environment).await?));
    run_function(|body, invocation| {
        let (function, name) = (Arc::clone(&function), name.clone());
        async move {
            let outcome = function.lock().await.handle(&body, &invocation).await?;
            let mut line = outcome.to_line(&name);
            println!("{}", line.field("requestId", invocation.request_id).to_json(invocation.now));
            Ok(outcome.response.to_json())
        }
    })
    .await
}

/// The function with its backends, and a first connection, so that no quote waits for it.
///
/// # Errors
/// Settings that are missing or wrong.
pub async fn function(
    environment: &Environment<'_>,
) -> Result<ProcessorFunction, Box<dyn Error + Send + Sync>> {
    let sdk = environment.sdk_config()?;
    let rules = rules(environment)?;
    let table = environment.or("STOCKFLOW_TABLE", "stock-market-table");
    let mut table = DynamoTable::new(aws_sdk_dynamodb::Client::new(&sdk), &table)?;
    if let Some(days) = environment.get("STOCKFLOW_EXPIRY_DAYS") {
        let days: u32 = days
            .parse()
            .map_err(|_| format!("STOCKFLOW_EXPIRY_DAYS is {days}, not a number of days"))?;
        let keep = Duration::from_secs(u64::from(days) * 86_400);
        table = table.with_expiry(Expiry::new(keep, &rules, Duration::from_secs(60))?);
    }
    let s3 = aws_sdk_s3::config::Builder::from(&sdk)
        // An address that is no name of AWS has no subdomains for buckets.
        .force_path_style(sdk.endpoint_url().is_some())
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    let what = "set it to s3://BUCKET/PREFIX";
    let lake: S3Location = environment.require("STOCKFLOW_LAKE", what)?.parse()?;
    let quarantine: S3Location = environment.require("STOCKFLOW_QUARANTINE", what)?.parse()?;
    // TLS and the first use of a connection cost more than a small event.
    let probe =
        table.clone().with_patience(Patience::default().with_deadline(Duration::from_secs(2)));
    if let Err(error) = probe.newest(&[Symbol::new("WARM-UP")?]).await {
        tracing::warn!(error = error.chain(), "the table does not answer yet");
    }
    Ok(ProcessorFunction::new(Processor::new(
        &rules,
        Arc::new(table),
        Arc::new(S3Lake::new(&s3, lake)),
        Arc::new(S3Lake::new(&s3, quarantine)),
    )))
}

fn rules(environment: &Environment<'_>) -> Result<Rules, Box<dyn Error + Send + Sync>> {
    let Some(path) = environment.get("STOCKFLOW_CONFIG") else {
        return Ok(Rules::default_set());
    };
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    Ok(Config::from_toml(&text, &path)?.rules())
}

/// Logs as lines of JSON, at the level that the function is configured for.
fn log(environment: &Environment<'_>) {
    let level =
        environment.or("AWS_LAMBDA_LOG_LEVEL", "info").parse().unwrap_or(tracing::Level::INFO);
    // A second logger is only tried in tests.
    let _ = tracing_subscriber::fmt().json().with_max_level(level).without_time().try_init();
}
