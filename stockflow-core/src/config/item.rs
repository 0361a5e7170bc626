//! What a TOML file holds, with lines.

use std::fmt;

use toml::de::{DeTable, DeValue};

/// Keys and values of a table, in the order of the file.
pub(super) type Fields = Vec<(String, Item)>;

/// A value and the line of its key.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) line: Option<usize>,
    pub(super) value: Value,
}

/// A value of a configuration file.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// Any other number, as it is written.
    Number(String),
    Boolean(bool),
    List(Vec<Item>),
    Table(Fields),
    /// A date or a time, which nothing here is.
    Other,
}

impl Item {
    /// Reads a whole file, or says in which line it is not TOML. The message repeats nothing of the text, which may hold secrets.
    pub(super) fn parse(text: &str) -> Result<Fields, (Option<usize>, String)> {
        match DeTable::parse(text) {
            Ok(table) => Ok(fields(table.get_ref(), text)),
            Err(error) => {
                let line = error.span().map(|span| line(text, span.start));
                Err((line, error.message().replace('\n', ", ")))
            }
        }
    }
}

fn fields(table: &DeTable<'_>, text: &str) -> Fields {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    fields
        .into_iter()
        .map(|(key, value)| {
            let line = Some(line(text, key.span().start));
            (key.get_ref().to_string(), Item { line, value: read(value.get_ref(), text) })
        })
        .collect()
}

fn read(value: &DeValue<'_>, text: &str) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| Value::Number(integer.as_str().to_owned()), Value::Integer),
        DeValue::Float(float) => Value::Number(float.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Other,
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Item {
                    line: Some(line(text, item.span().start)),
                    value: read(item.get_ref(), text),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(fields(table, text)),
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

/// As it would stand in the file, cut where it is long.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if text.chars().count() > 60 => {
                write!(f, "{:?}...", text.chars().take(60).collect::<String>())
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::List(_) => f.write_str("a list"),
            Self::Table(_) => f.write_str("a table"),
            Self::Other => f.write_str("a date or time"),
        }
    }
}
