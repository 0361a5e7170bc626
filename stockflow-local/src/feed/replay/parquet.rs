//! Parquet, in a build without it.

use super::{content::Content, error::ReplayError, rows::Rows};

pub(super) fn rows(content: Content) -> Result<Box<dyn Rows>, ReplayError> {
    Err(ReplayError::Feature { path: content.path, feature: "parquet" })
}
