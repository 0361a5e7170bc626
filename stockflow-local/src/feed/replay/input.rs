//! One file of a replay.

use std::{io, path::Path};

use stockflow_core::{Cursor, Quote, Symbol, Unreadable};

use super::{
    content::{Content, short},
    error::ReplayError,
    folder::Folder,
    format::{self, unreadable},
    rows::{Item, Row, Rows},
};

#[derive(Debug)]
pub(super) struct Input {
    /// Its name in cursors: by its content.
    pub(super) feed: String,
    origin: String,
    rows: Box<dyn Rows>,
    /// The next quote of this file, if it was read already, and its number.
    head: Option<(Quote, u64)>,
    /// Number of the last row that was delivered or passed over.
    read: u64,
    /// Whether that changed since the last cursor.
    advanced: bool,
}

/// What came of asking a file for its next quote.
#[derive(Debug)]
pub(super) enum Step {
    /// It is there, as head.
    Head(Quote),
    /// A row that is none.
    Unreadable(Unreadable),
    /// A row of a symbol that nobody wants.
    Unwanted,
    /// The file ended.
    End,
}

impl Input {
    pub(super) fn open(path: &Path, symbols: Option<&[Symbol]>) -> Result<Self, ReplayError> {
        let failed = |source| unreadable(path, source);
        let folder = path.metadata().map_err(failed)?.is_dir();
        let (rows, hash): (Box<dyn Rows>, _) = if folder {
            let (folder, hash) = Folder::open(path)?;
            (Box::new(folder), hash)
        } else {
            let content = Content::open(path).map_err(failed)?;
            let hash = content.hash;
            (format::rows(content)?, hash)
        };
        Ok(Self {
            feed: feed(&hash, symbols),
            origin: short(&hash),
            rows,
            head: None,
            read: 0,
            advanced: false,
        })
    }

    /// Passes over what was delivered before: it is read all the same, since ticks of one time are numbered.
    pub(super) fn skip(&mut self, path: &Path, cursors: &[Cursor]) -> Result<(), ReplayError> {
        let Some(cursor) = cursors.iter().find(|cursor| cursor.feed == self.feed) else {
            return Ok(());
        };
        let offset: u64 = cursor.offset.parse().map_err(|_| ReplayError::Cursor {
            path: path.to_owned(),
            offset: cursor.offset.clone(),
        })?;
        while self.read < offset {
            match self.rows.next_row().map_err(|source| unreadable(path, source))? {
                Some(row) => self.read = row.number,
                None => break,
            }
        }
        Ok(())
    }

    /// Reads a row.
    pub(super) fn step(&mut self, symbols: Option<&[Symbol]>) -> io::Result<Step> {
        let Some(Row { number, item }) = self.rows.next_row()? else { return Ok(Step::End) };
        let step = match item {
            Item::Quote(quote) => {
                if symbols.is_none_or(|wanted| wanted.binary_search(&quote.symbol).is_ok()) {
                    self.head = Some((quote, number));
                    return Ok(Step::Head(quote));
                }
                Step::Unwanted
            }
            Item::Broken(broken) => Step::Unreadable(Unreadable {
                origin: format!("{}:{}", self.origin, broken.place),
                reason: broken.reason.into_owned(),
                data: broken.data,
            }),
        };
        (self.read, self.advanced) = (number, true);
        Ok(step)
    }

    /// Delivers the head.
    pub(super) fn take(&mut self) -> Option<Quote> {
        let (quote, number) = self.head.take()?;
        (self.read, self.advanced) = (number, true);
        Some(quote)
    }

    /// Where to go on, if that changed since the last time.
    pub(super) fn cursor(&mut self) -> Option<Cursor> {
        std::mem::take(&mut self.advanced)
            .then(|| Cursor { feed: self.feed.clone(), offset: self.read.to_string() })
    }
}

/// A choice of symbols is part of the name: whoever takes other symbols of the same file has not read those yet.
fn feed(hash: &blake3::Hash, symbols: Option<&[Symbol]>) -> String {
    let mut feed = format!("file:{}", hash.to_hex());
    if let Some(symbols) = symbols {
        let mut hasher = blake3::Hasher::new();
        for symbol in symbols {
            hasher.update(symbol.as_bytes()).update(b" ");
        }
        feed.push(':');
        feed.push_str(&hasher.finalize().to_hex()[..16]);
    }
    feed
}
