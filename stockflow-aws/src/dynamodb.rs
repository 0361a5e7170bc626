//! The table of judged rows, what its stream tells, the ledger of alerts, and how far feeds were read, in DynamoDB.

mod call;
mod cursors;
mod definition;
mod expiry;
mod ledger;
mod pool;
mod row;
mod stream;
mod table;
mod value;

use definition::ANOMALIES;

pub use cursors::DynamoCursors;
pub use definition::{ALERTS, CURSORS, IndexDefinition, QUOTES, TableDefinition};
pub use expiry::Expiry;
pub use ledger::{DynamoLedger, LedgerEntry};
pub use stream::{ChangeRecord, InvalidEvent, RowChange, read_event, read_image};
pub use table::DynamoTable;

const BACKEND: &str = "dynamodb";
