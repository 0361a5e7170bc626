//! What the table's stream tells: the event that a Lambda gets, decoded leniently outside and strictly within each record.

use serde::Deserialize;
use serde_json::value::RawValue;
use stockflow_core::{StoredRow, wire::DecodeError};

use super::{row, value::Fields};

/// A change of the table, with what the response of a Lambda names it by.
#[derive(Debug)]
pub struct ChangeRecord {
    /// Its number in the stream: an opaque text, for `itemIdentifier`. Empty if the record has none.
    pub sequence_number: String,
    /// What changed, or why it cannot be read.
    pub change: Result<RowChange, DecodeError>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange {
    /// A checkpoint was written: stage 2 has work to do.
    Checkpoint(StoredRow),
    /// Another row was written.
    Row(StoredRow),
    /// A row was deleted, or expired.
    Removed,
}

/// Bytes that are no event of a stream at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an event of a DynamoDB stream: {0}")]
pub struct InvalidEvent(String);

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}

/// As little of a record as tells which one it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Numbered<'a> {
    #[serde(borrow)]
    dynamodb: Option<Number<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Number<'a> {
    #[serde(rename = "SequenceNumber", borrow)]
    sequence_number: std::borrow::Cow<'a, str>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(rename = "eventName", borrow)]
    event_name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    dynamodb: Option<Images<'a>>,
}

#[derive(Deserialize)]
struct Images<'a> {
    #[serde(rename = "NewImage", borrow)]
    new_image: Option<Fields<'a>>,
}

/// Reads the body of an event, as it comes to a Lambda: `{"Records":[…]}`. A record that cannot be read hurts only itself.
///
/// ```
/// use stockflow_aws::dynamodb::{RowChange, read_event};
///
/// let event = br#"{"Records":[{"eventName":"REMOVE","dynamodb":{"SequenceNumber":"111"}}, {"eventName":"INSERT",
///     "dynamodb":{"SequenceNumber":"222","NewImage":{"symbol":{"S":"AAPL"}}}}]}"#;
/// let records = read_event(event)?;
/// assert_eq!(records[0].change, Ok(RowChange::Removed));
/// assert_eq!(records[1].sequence_number, "222");
/// assert!(records[1].change.is_err());
/// # Ok::<(), stockflow_aws::dynamodb::InvalidEvent>(())
/// ```
///
/// # Errors
/// [`InvalidEvent`] if it is no JSON object with a list `Records`; never a panic, whatever the bytes are.
pub fn read_event(body: &[u8]) -> Result<Vec<ChangeRecord>, InvalidEvent> {
    let event: Event<'_> =
        serde_json::from_slice(body).map_err(|error| InvalidEvent(error.to_string()))?;
    let record = |raw: &RawValue| {
        let numbered: Numbered<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
        let sequence_number = numbered.dynamodb.unwrap_or_default().sequence_number.into_owned();
        ChangeRecord { sequence_number, change: read_change(raw.get()) }
    };
    Ok(event.records.into_iter().map(record).collect())
}

fn read_change(record: &str) -> Result<RowChange, DecodeError> {
    let Change { event_name, dynamodb } = serde_json::from_str(record).map_err(json)?;
    if event_name == "REMOVE" {
        return Ok(RowChange::Removed);
    }
    let image = dynamodb.and_then(|images| images.new_image);
    let row = row::decode(&image.ok_or(DecodeError::Missing("NewImage"))?)?;
    Ok(if row.checkpoint.is_some() { RowChange::Checkpoint(row) } else { RowChange::Row(row) })
}

/// Reads an image alone, in the JSON of attribute values: `{"symbol":{"S":"AAPL"},…}`.
///
/// # Errors
/// [`DecodeError`] if it is no row of ours; never a panic, whatever the bytes are.
pub fn read_image(image: &[u8]) -> Result<StoredRow, DecodeError> {
    row::decode(&serde_json::from_slice(image).map_err(json)?)
}

fn json(error: serde_json::Error) -> DecodeError {
    DecodeError::Json(error.to_string())
}
