//! What needs the SQL engine.

use std::{
    io::{self, BufWriter},
    path::Path,
    sync::Arc,
};

use stockflow_core::Date;
use stockflow_local::{Compactor, RemoteLake, SqlEngine, SqlError, SqlValue, verify_compacted};
use tokio::runtime::Runtime;

use super::{compact::Compact, query::Query, signals};
use crate::{
    Failure, Outcome, fail,
    output::{self, Cell, Column, Printer},
};

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Query(text) => Self::Usage(format!(
                "{text}\n\nOnly queries are answered. SHOW TABLES and DESCRIBE stock_data_table say of what."
            )),
            other => Self::Failed(other.to_string()),
        }
    }
}

pub(super) fn query(command: &Query) -> Outcome {
    let engine = SqlEngine::open(command.data.existing()?, SqlEngine::MEMORY_BYTES)?;
    told(&engine, Runtime::new()?.block_on(answer(&engine, command)))
}

pub(super) fn query_remote(
    command: &Query,
    lake: Arc<dyn RemoteLake>,
    runtime: &Runtime,
) -> Outcome {
    // Removed at the end, also after Ctrl-C.
    let folder = tempfile::tempdir()?;
    let engine = SqlEngine::remote(lake, folder.path(), SqlEngine::MEMORY_BYTES)?;
    told(
        &engine,
        runtime.block_on(async {
            tokio::select! {
                outcome = answer(&engine, command) => outcome,
                () = signals::next() => Err(Failure::failed("cancelled")),
            }
        }),
    )
}

fn told(engine: &SqlEngine, outcome: Outcome) -> Outcome {
    // Also of a query that failed: they may be the reason.
    for problem in engine.problems() {
        fail::note(format_args!("warning: left out: {problem}"));
    }
    outcome
}

async fn answer(engine: &SqlEngine, command: &Query) -> Outcome {
    let mut answer = engine.query(&command.sql).await?;
    let columns = answer.columns().iter();
    let columns = columns
        .map(|c| if c.numeric { Column::number(&*c.name) } else { Column::text(&*c.name) })
        .collect();
    let out = BufWriter::new(io::stdout());
    let mut printer = Printer::new(out, command.format, columns, output::terminal_width());
    while let Some(rows) = answer.next().await? {
        for row in rows {
            printer.row(row.into_iter().map(cell).collect())?;
        }
    }
    printer.finish()?;
    Ok(())
}

fn cell(value: SqlValue) -> Cell {
    match value {
        SqlValue::Null => Cell::Null,
        SqlValue::Bool(value) => Cell::Bool(value),
        SqlValue::Number(text) => Cell::Number(text),
        SqlValue::Text(text) => Cell::Text(text),
        SqlValue::Json(text) => Cell::Json(text),
    }
}

pub(super) fn compact(command: &Compact) -> Outcome {
    let compactor = Compactor::open(command.data.existing()?)?;
    let mut days = compactor.days()?;
    if let Some(wanted) = command.dt {
        days.retain(|day| *day == wanted);
        if days.is_empty() {
            return Err(Failure::usage(format!("the lake has no quotes of {wanted}")));
        }
    }
    let mut damaged = 0;
    for dt in days {
        let day = compactor.compact(dt)?;
        for error in &day.damaged {
            fail::note(format_args!("warning: left as it is: {}", error.chain()));
        }
        damaged += day.damaged.len();
        let mut line =
            format!("{dt}: {} rows in {} bytes; {} objects taken", day.rows, day.bytes, day.taken);
        if day.open > 0 {
            line += &format!(", {} left that the pipeline is not done with", day.open);
        }
        if day.kept {
            line += ", old files kept while somebody reads them";
        }
        fail::note(line);
    }
    if damaged > 0 {
        return Err(Failure::failed(format!("{damaged} objects cannot be read")));
    }
    Ok(())
}

/// What there is to say of a compacted day; nothing, if it is none.
pub(super) fn compacted(lake: &Path, dt: Date) -> stockflow_core::Result<Option<String>> {
    let rows = verify_compacted(lake, dt)?;
    Ok(rows.map(|rows| format!("{rows} rows compacted, whole")))
}
