//! The table of judged rows, what its stream tells, and the ledger of alerts, in DynamoDB.

mod call;
mod definition;
mod expiry;
mod ledger;
mod pool;
mod row;
mod stream;
mod table;
mod value;

use definition::ANOMALIES;

pub use definition::{ALERTS, IndexDefinition, QUOTES, TableDefinition};
pub use expiry::Expiry;
pub use ledger::{DynamoLedger, LedgerEntry};
pub use stream::{ChangeRecord, InvalidEvent, RowChange, read_event, read_image};
pub use table::DynamoTable;

const BACKEND: &str = "dynamodb";
