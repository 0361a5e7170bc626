//! The answer of a query, page by page.

use std::time::Duration;

use aws_sdk_athena::{
    operation::get_query_results::GetQueryResultsOutput,
    types::{QueryExecution, Row, StatementType},
};
use stockflow_core::Result;

use super::{Athena, run::scanned};
use crate::again::again;

/// An answer that comes page by page.
#[derive(Debug)]
pub struct AthenaAnswer {
    athena: Athena,
    id: String,
    columns: Vec<AthenaColumn>,
    statistics: AthenaStatistics,
    page: Option<Vec<Row>>,
    next: Option<String>,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AthenaColumn {
    /// Its name; several columns may have the same.
    pub name: String,
    /// Athena's word for its type, as `bigint`.
    pub data_type: String,
}

impl AthenaColumn {
    /// Whether its values are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        let types = [
            "tinyint", "smallint", "integer", "int", "bigint", "real", "float", "double", "decimal",
        ];
        types.contains(&self.data_type.split('(').next().unwrap_or_default())
    }
}

/// A value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AthenaValue {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, with all of its digits; `NaN` and `Infinity` are possible.
    Number(String),
    /// Anything else, as Athena writes it.
    Text(String),
}

/// What a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AthenaStatistics {
    /// Bytes read, which is what is billed.
    pub scanned_bytes: u64,
    /// From the start to the end, as Athena counts it.
    pub total: Duration,
    /// Time of the engine alone.
    pub engine: Duration,
}

impl AthenaAnswer {
    /// The answer of an execution that has succeeded, with its first page.
    pub(super) async fn open(
        athena: Athena,
        id: String,
        execution: &QueryExecution,
    ) -> Result<Self> {
        let taken = execution.statistics();
        let millis = |value: Option<i64>| {
            Duration::from_millis(value.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default())
        };
        let statistics = AthenaStatistics {
            scanned_bytes: scanned(execution),
            total: millis(taken.and_then(|t| t.total_execution_time_in_millis())),
            engine: millis(taken.and_then(|t| t.engine_execution_time_in_millis())),
        };
        let mut answer =
            Self { athena, id, columns: Vec::new(), statistics, page: None, next: None };
        let first = answer.fetch().await?;
        let set = first.result_set();
        if let Some(data) = set.and_then(|set| set.result_set_metadata()) {
            answer.columns.extend(data.column_info().iter().map(|column| AthenaColumn {
                name: column.label().unwrap_or(column.name()).to_owned(),
                data_type: column.r#type().to_ascii_lowercase(),
            }));
        }
        let mut rows = set.map(|set| set.rows().to_vec()).unwrap_or_default();
        // The first row of a SELECT's first page is its heading.
        let is_dml = execution.statement_type() == Some(&StatementType::Dml);
        if is_dml && rows.first().is_some_and(|row| answer.is_heading(row)) {
            rows.remove(0);
        }
        answer.page = Some(rows);
        Ok(answer)
    }

    /// Its columns, also of an answer without rows.
    #[must_use]
    pub fn columns(&self) -> &[AthenaColumn] {
        &self.columns
    }

    /// What it took.
    #[must_use]
    pub const fn statistics(&self) -> AthenaStatistics {
        self.statistics
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// What Athena says.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<AthenaValue>>>> {
        let rows = match self.page.take() {
            Some(rows) => rows,
            None if self.next.is_none() => return Ok(None),
            None => {
                self.fetch().await?.result_set.map(|set| set.rows().to_vec()).unwrap_or_default()
            }
        };
        Ok(Some(rows.iter().map(|row| self.values(row)).collect()))
    }

    async fn fetch(&mut self) -> Result<GetQueryResultsOutput> {
        let call = self.athena.call("GetQueryResults");
        let page = again(self.athena.patience, call, || async {
            let request = self.athena.client.get_query_results().query_execution_id(&self.id);
            let answer = request.set_next_token(self.next.clone()).send().await;
            answer.map_err(|error| call.failed(error))
        })
        .await?;
        self.next = page.next_token().map(str::to_owned);
        Ok(page)
    }

    fn is_heading(&self, row: &Row) -> bool {
        let names = self.columns.iter().map(|column| Some(column.name.as_str()));
        row.data().iter().map(|datum| datum.var_char_value()).eq(names)
    }

    fn values(&self, row: &Row) -> Vec<AthenaValue> {
        let value = |(column, datum): (&AthenaColumn, Option<&str>)| match datum {
            None => AthenaValue::Null,
            Some(text) if column.is_numeric() => AthenaValue::Number(text.to_owned()),
            Some(text) if column.data_type == "boolean" => AthenaValue::Bool(text == "true"),
            Some(text) => AthenaValue::Text(text.to_owned()),
        };
        // A row of a SHOW or DESCRIBE may have fewer values than there are columns.
        let data = row.data().iter().map(|datum| datum.var_char_value());
        self.columns.iter().zip(data.chain(std::iter::repeat(None))).map(value).collect()
    }
}
