//! Where it is kept how far feeds were read.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{Cursor, Result};

/// Keeps how far each feed was read, for a program that reads a stream by itself and may be stopped at any time.
///
/// # Contract
/// - `store` is durable when it returns, all of its cursors or, after an error, each of them or not. A cursor replaces the one of the same
///   feed; those of other feeds stay.
/// - `load` tells the last stored cursor of each feed, in any order.
/// - One program stores at a time: two that read the same feed would take turns in moving it.
///
/// Store a batch's cursors when the batch is done with, not before: what was read after the stored cursors comes again.
///
/// # Errors
/// Of this call; what was stored before stays.
///
/// # Implementing
/// ```
/// use std::{collections::BTreeMap, sync::Mutex};
/// use async_trait::async_trait;
/// use stockflow_core::{Cursor, CursorStore, Error, ErrorKind, Result};
///
/// /// For tests: keeps them as long as the program runs.
/// #[derive(Debug, Default)]
/// struct Kept(Mutex<BTreeMap<String, String>>);
///
/// #[async_trait]
/// impl CursorStore for Kept {
///     async fn load(&self) -> Result<Vec<Cursor>> {
///         let kept = self.0.lock().map_err(|_| Error::new(ErrorKind::Unexpected, "kept", "load"))?;
///         Ok(kept.iter().map(|(feed, offset)| Cursor { feed: feed.clone(), offset: offset.clone() }).collect())
///     }
///
///     async fn store(&self, cursors: &[Cursor]) -> Result<()> {
///         let mut kept = self.0.lock().map_err(|_| Error::new(ErrorKind::Unexpected, "kept", "store"))?;
///         kept.extend(cursors.iter().map(|c| (c.feed.clone(), c.offset.clone())));
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait CursorStore: fmt::Debug + Send + Sync {
    /// The last cursor of each feed.
    async fn load(&self) -> Result<Vec<Cursor>>;

    /// Keeps `cursors`, each in the place of the one of its feed.
    async fn store(&self, cursors: &[Cursor]) -> Result<()>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: CursorStore + ?Sized> CursorStore for Arc<S> {
    async fn load(&self) -> Result<Vec<Cursor>> {
        (**self).load().await
    }

    async fn store(&self, cursors: &[Cursor]) -> Result<()> {
        (**self).store(cursors).await
    }
}
