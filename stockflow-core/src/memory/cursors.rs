//! Cursors in memory.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;

use super::lock;
use crate::{Cursor, CursorStore, Result};

/// A [`CursorStore`] that forgets with the program.
#[derive(Debug, Default)]
pub struct MemoryCursors {
    offsets: Mutex<BTreeMap<String, String>>,
}

impl MemoryCursors {
    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        Self { offsets: Mutex::new(BTreeMap::new()) }
    }
}

#[async_trait]
impl CursorStore for MemoryCursors {
    async fn load(&self) -> Result<Vec<Cursor>> {
        let offsets = lock(&self.offsets).clone();
        Ok(offsets.into_iter().map(|(feed, offset)| Cursor { feed, offset }).collect())
    }

    async fn store(&self, cursors: &[Cursor]) -> Result<()> {
        let new = cursors.iter().map(|Cursor { feed, offset }| (feed.clone(), offset.clone()));
        lock(&self.offsets).extend(new);
        Ok(())
    }
}
