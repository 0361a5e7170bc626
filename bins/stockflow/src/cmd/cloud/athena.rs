//! `stockflow query --athena`: Athena answers.

use std::{io::BufWriter, time::Duration};

use aws_sdk_athena::{Client, config::Builder};
use stockflow_aws::{
    athena::{Athena, AthenaAnswer, AthenaQuery, AthenaValue, SqlParameter},
    meter::{Meter, StreamMode},
    prices::Prices,
};
use stockflow_core::{Error, ErrorKind};
use tokio::{runtime::Runtime, task::JoinHandle, time::timeout};

use super::super::{query::Query, run::screen::Screen, signals};
use crate::{
    Failure, Outcome,
    aws::sdk_config,
    output::{self, Cell, Column, Printer},
};

/// How long the last look at a query may take, for what it has cost.
const LAST_LOOK: Duration = Duration::from_secs(5);

pub(in crate::cmd) fn athena(command: &Query, workgroup: &str) -> Outcome {
    Runtime::new()?.block_on(ask(command, workgroup))
}

async fn ask(command: &Query, workgroup: &str) -> Outcome {
    let meter = Meter::new();
    let config = Builder::from(&sdk_config().await?).interceptor(meter.clone()).build();
    let athena = Athena::new(&Client::from_conf(config), workgroup)?;
    let athena = athena.with_database(&command.database)?;
    let parameters: Vec<SqlParameter> = command.parameters.iter().map(|p| parameter(p)).collect();
    let screen = Screen::stderr();
    // Before the query is started: whoever stops it from now on stops it in Athena too.
    let stop = stop(screen.clone());
    let query = athena.start(&command.sql, &parameters).await.map_err(failure)?;
    let outcome = run(command, &query, &screen, stop).await;
    screen.progress("");
    tell_cost(&meter, query.id(), &screen);
    outcome
}

/// Ends when the user asks to stop; the second time, the process does.
fn stop(screen: Screen) -> JoinHandle<()> {
    tokio::spawn(async move {
        signals::next().await;
        screen.line("stopping the query; once more to leave at once");
        tokio::spawn(async {
            signals::next().await;
            std::process::exit(1);
        });
    })
}

async fn run(
    command: &Query,
    query: &AthenaQuery,
    screen: &Screen,
    stop: JoinHandle<()>,
) -> Outcome {
    let tell = |now: &stockflow_aws::athena::AthenaProgress| {
        if screen.is_live() {
            screen.progress(&now.to_string());
        } else {
            screen.line(&now.to_string());
        }
    };
    let answer = async {
        let answer = query.finish(tell).await.map_err(failure)?;
        screen.progress("");
        print(command, answer).await
    };
    tokio::select! {
        outcome = answer => outcome,
        _ = stop => {
            query.cancel().await?;
            // What it had scanned is billed; an error is what a cancelled query ends with.
            let _ = timeout(LAST_LOOK, query.finish(|_| ())).await;
            Err(Failure::failed(format!("the query was cancelled (query id {})", query.id())))
        }
    }
}

async fn print(command: &Query, mut answer: AthenaAnswer) -> Outcome {
    let columns = answer.columns().iter();
    let columns = columns
        .map(|c| if c.is_numeric() { Column::number(&*c.name) } else { Column::text(&*c.name) })
        .collect();
    let out = BufWriter::new(std::io::stdout());
    let mut printer = Printer::new(out, command.format, columns, output::terminal_width());
    while let Some(rows) = answer.next().await? {
        for row in rows {
            printer.row(row.into_iter().map(cell).collect())?;
        }
    }
    printer.finish()?;
    Ok(())
}

fn cell(value: AthenaValue) -> Cell {
    match value {
        AthenaValue::Null => Cell::Null,
        AthenaValue::Bool(value) => Cell::Bool(value),
        AthenaValue::Number(text) => Cell::Number(text),
        AthenaValue::Text(text) => Cell::Text(text),
    }
}

/// A number is one; what stands in double quotes is a text whatever is in it.
fn parameter(text: &str) -> SqlParameter {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (inner, text.parse::<i64>(), text.parse::<f64>()) {
        (Some(inner), ..) => SqlParameter::text(inner),
        (None, Ok(whole), _) => SqlParameter::integer(whole),
        // `inf` and `nan` are words.
        (None, _, Ok(number)) if number.is_finite() => SqlParameter::double(number),
        _ => SqlParameter::text(text),
    }
}

/// A query that Athena does not take was asked wrongly.
fn failure(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Rejected => Failure::usage(error.chain()),
        _ => Failure::from(error),
    }
}

/// What the query has scanned and costs, whichever way it ended.
fn tell_cost(meter: &Meter, id: &str, screen: &Screen) {
    let (usage, prices) = (meter.usage(), Prices::us_east_1());
    let scanned = usage.athena.bytes_scanned;
    let usd = usage.bill(&prices, StreamMode::OnDemand).total();
    let text = if usage.athena.running > 0 {
        format!("what query {id} has scanned is not known")
    } else {
        let Prices { region, date, .. } = prices;
        format!(
            "{scanned} bytes scanned, {usd:.6} $ at the list price of {region} ({date}); query id {id}"
        )
    };
    screen.line(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbers_or_quoted_texts() {
        for (text, sql) in [
            ("AAPL", "'AAPL'"),
            ("it's", "'it''s'"),
            ("5", "5"),
            ("-5", "-5"),
            ("0.5", "5E-1"),
            ("\"5\"", "'5'"),
            ("\"", "'\"'"),
            ("nan", "'nan'"),
            ("infinity", "'infinity'"),
            ("", "''"),
            ("1; DROP TABLE x", "'1; DROP TABLE x'"),
        ] {
            assert_eq!(parameter(text).to_string(), sql, "{text}");
        }
    }
}
