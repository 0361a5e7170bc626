//! Answers, as rows of plain values.

use std::fmt;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray as _, RecordBatch},
        datatypes::{DataType, Field, Schema},
        json::LineDelimitedWriter,
        util::display::{ArrayFormatter, FormatOptions},
    },
    error::{DataFusionError, Result},
    execution::SendableRecordBatchStream,
};
use futures_util::StreamExt as _;

use super::error::SqlError;

/// An answer that comes batch by batch.
pub struct Answer {
    columns: Vec<AnswerColumn>,
    stream: SendableRecordBatchStream,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerColumn {
    /// Its name; several columns may have the same.
    pub name: String,
    /// Whether its values are numbers.
    pub numeric: bool,
}

/// A value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, with all of its digits; `NaN` and `inf` are possible.
    Number(String),
    /// Text, a time or date in ISO form, or bytes in hexadecimal.
    Text(String),
    /// A list or a structure, as JSON.
    Json(String),
}

impl Answer {
    pub(super) fn new(stream: SendableRecordBatchStream) -> Self {
        let schema = stream.schema();
        let column = |field: &std::sync::Arc<Field>| AnswerColumn {
            name: field.name().clone(),
            numeric: field.data_type().is_numeric(),
        };
        Self { columns: schema.fields().iter().map(column).collect(), stream }
    }

    /// Its columns, also of an answer without rows.
    #[must_use]
    pub fn columns(&self) -> &[AnswerColumn] {
        &self.columns
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// [`SqlError::Query`] for what the query does (a cast that fails, too little memory), [`SqlError::Failed`] for what the
    /// data or the machine does.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        match self.stream.next().await {
            None => Ok(None),
            Some(batch) => Ok(Some(rows(&batch?)?)),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("columns", &self.columns).finish_non_exhaustive()
    }
}

fn rows(batch: &RecordBatch) -> Result<Vec<Vec<SqlValue>>> {
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        for (row, value) in rows.iter_mut().zip(values(column)?) {
            row.push(value);
        }
    }
    Ok(rows)
}

fn values(column: &ArrayRef) -> Result<Vec<SqlValue>> {
    let data_type = column.data_type();
    if data_type.is_nested() && !matches!(data_type, DataType::Dictionary(..)) {
        return nested(column);
    }
    let options = FormatOptions::default();
    let shown = ArrayFormatter::try_new(column.as_ref(), &options)?;
    let value = |at: usize| {
        if column.is_null(at) || *data_type == DataType::Null {
            SqlValue::Null
        } else if let Some(flags) = column.as_boolean_opt() {
            SqlValue::Bool(flags.value(at))
        } else if data_type.is_numeric() {
            SqlValue::Number(shown.value(at).to_string())
        } else {
            SqlValue::Text(shown.value(at).to_string())
        }
    };
    Ok((0..column.len()).map(value).collect())
}

/// Lists and structures, each as JSON.
fn nested(column: &ArrayRef) -> Result<Vec<SqlValue>> {
    let field = Field::new("v", column.data_type().clone(), true);
    let batch = RecordBatch::try_new(Schema::new(vec![field]).into(), vec![column.clone()])?;
    let mut lines = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut lines);
    writer.write(&batch)?;
    writer.finish()?;
    let text = String::from_utf8(lines).map_err(|e| DataFusionError::External(e.into()))?;
    // A null is written as an object without the field.
    let inner = |line: &str| line.strip_prefix("{\"v\":")?.strip_suffix('}').map(str::to_owned);
    Ok(text.lines().map(|line| inner(line).map_or(SqlValue::Null, SqlValue::Json)).collect())
}
