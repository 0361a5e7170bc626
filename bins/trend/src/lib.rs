//! Stage 2 as a Lambda function: builds the clients once, and hands each event to `stockflow-core`.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `STOCKFLOW_TABLE` | table of judged rows | `stock-market-table` |
//! | `STOCKFLOW_ALERTS` | table of the ledger | `stock-market-alerts` |
//! | `STOCKFLOW_TOPIC_ARN` | topic that tells people | must be set |
//! | `STOCKFLOW_CONFIG` | file with the rules, in the function's package | the default rules |

use std::{error::Error, sync::Arc, time::Duration};

use stockflow_aws::{
    Patience,
    dynamodb::{DynamoLedger, DynamoTable},
    lambda::{Environment, TrendFunction, run as run_function},
    sns::SnsAlerter,
};
use stockflow_core::{QuoteTable as _, Rules, Symbol, TrendWatch, config::Config};
use tokio::sync::Mutex;

/// The function's usual name, under which it logs if Lambda says no other.
pub const FUNCTION: &str = "dynamodb-stock-trend";

/// Longer than Lambda lets any function run, so that no live sender outlasts it.
const LEASE: Duration = Duration::from_secs(15 * 60 + 5);

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

/// The function with its backends, and a first connection, so that no alert waits for it.
///
/// # Errors
/// Settings that are missing or wrong.
pub async fn function(
    environment: &Environment<'_>,
) -> Result<TrendFunction, Box<dyn Error + Send + Sync>> {
    let sdk = environment.sdk_config()?;
    let rules = rules(environment)?;
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
    let table = environment.or("STOCKFLOW_TABLE", "stock-market-table");
    let table = DynamoTable::new(dynamodb.clone(), &table)?;
    let ledger =
        DynamoLedger::new(dynamodb, &environment.or("STOCKFLOW_ALERTS", "stock-market-alerts"))?;
    let topic =
        environment.require("STOCKFLOW_TOPIC_ARN", "set it to the ARN of the topic for alerts")?;
    let alerter = SnsAlerter::new(&aws_sdk_sns::Client::new(&sdk), &topic)?;
    // TLS and the first use of a connection cost more than a small event.
    let probe =
        table.clone().with_patience(Patience::default().with_deadline(Duration::from_secs(2)));
    if let Err(error) = probe.newest(&[Symbol::new("WARM-UP")?]).await {
        tracing::warn!(error = error.chain(), "the table does not answer yet");
    }
    let stage = TrendWatch::new(&rules, Arc::new(table), Arc::new(ledger), Arc::new(alerter));
    Ok(TrendFunction::new(stage.with_lease(LEASE)))
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
