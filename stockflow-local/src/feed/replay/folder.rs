//! A lake folder: many objects, one after the other.

use std::{
    fs, io,
    path::{Path, PathBuf},
    vec,
};

use bytes::Bytes;

use super::{
    content::Content,
    error::ReplayError,
    format::{self, unreadable},
    parquet,
    rows::{Broken, Item, Row, Rows},
};

const EXTENSIONS: [&str; 4] = [".ndjson.zst", ".ndjson.gz", ".ndjson", ".parquet"];

/// The objects of a lake folder by day and name, read as one file.
#[derive(Debug)]
pub(super) struct Folder {
    objects: vec::IntoIter<Object>,
    current: Option<(String, Box<dyn Rows>)>,
    /// Number of the last row of the objects before the current one, and of the last row at all.
    before: u64,
    last: u64,
    _hold: parquet::Hold,
}

/// A file of a day that counts.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) name: String,
    /// Hash of its content, if that is known.
    pub(super) blake3: Option<String>,
}

impl From<String> for Piece {
    fn from(name: String) -> Self {
        Self { name, blake3: None }
    }
}

#[derive(Debug)]
struct Object {
    /// Relative to the folder.
    name: String,
    path: PathBuf,
    hash: blake3::Hash,
    /// Whether its content is not what it has to be.
    altered: bool,
}

impl Folder {
    /// The folder's rows, and its name by the content of all objects.
    pub(super) fn open(path: &Path) -> Result<(Self, blake3::Hash), ReplayError> {
        let hold = parquet::hold(path);
        let mut objects = Vec::new();
        let mut hasher = blake3::Hasher::new();
        for Piece { name, blake3 } in pieces(path).map_err(|source| unreadable(path, source))? {
            let at = path.join(&name);
            let content = Content::open(&at).map_err(|source| unreadable(&at, source))?;
            let hash = content.hash;
            let altered = blake3.is_some_and(|blake3| blake3 != hash.to_hex().as_str());
            if content.is_parquet() && !altered {
                // Whether this build can read it at all.
                drop(format::rows(content)?);
            }
            hasher.update(name.as_bytes()).update(b"\n").update(hash.as_bytes());
            objects.push(Object { name, path: at, hash, altered });
        }
        if objects.is_empty() {
            return Err(ReplayError::Format {
                path: path.to_owned(),
                expected: "a lake folder with objects such as dt=2026-11-23/….ndjson.zst".into(),
                found: "a folder without any".into(),
            });
        }
        let folder =
            Self { objects: objects.into_iter(), current: None, before: 0, last: 0, _hold: hold };
        Ok((folder, hasher.finalize()))
    }

    /// Goes on to the next object; a broken one is one broken row.
    fn start(&mut self, object: Object) -> io::Result<Option<Row>> {
        self.before = self.last;
        let content = Content::open(&object.path)?;
        if content.hash != object.hash {
            return Err(io::Error::other(format!("{} changed while it was read", object.name)));
        }
        let damage = if object.altered {
            Some(io::Error::other("truncated or altered"))
        } else {
            damage(&object.path)?
        };
        let rows = match damage {
            None => format::rows(content),
            Some(error) => Err(ReplayError::Read { path: object.path, source: error }),
        };
        let reason = match rows {
            Ok(rows) => {
                self.current = Some((object.name, rows));
                return Ok(None);
            }
            Err(ReplayError::Read { source, .. }) if source.raw_os_error().is_some() => {
                return Err(source);
            }
            Err(ReplayError::Read { source, .. }) => {
                format!("the object is damaged, and nothing of it can be read: {source}")
            }
            Err(error) => error.to_string(),
        };
        self.last += 1;
        let broken = Broken { place: object.name, reason: reason.into(), data: Bytes::new() };
        Ok(Some(Row { number: self.last, item: Item::Broken(broken) }))
    }
}

impl Rows for Folder {
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        loop {
            if let Some((name, rows)) = &mut self.current {
                if let Some(mut row) = rows.next_row()? {
                    row.number += self.before;
                    self.last = row.number;
                    if let Item::Broken(broken) = &mut row.item {
                        broken.place = format!("{name}:{}", broken.place);
                    }
                    return Ok(Some(row));
                }
                self.current = None;
            }
            let Some(object) = self.objects.next() else { return Ok(None) };
            if let Some(row) = self.start(object)? {
                return Ok(Some(row));
            }
        }
    }
}

/// What is wrong with a packed object, if something is: a flipped bit shows at the end only, when wrong quotes would be out.
fn damage(path: &Path) -> io::Result<Option<io::Error>> {
    match Content::open(path)?.unpack().and_then(|mut bytes| io::copy(&mut bytes, &mut io::sink()))
    {
        Ok(_) => Ok(None),
        Err(error) if error.raw_os_error().is_some() => Err(error),
        Err(error) => Ok(Some(error)),
    }
}

/// The files that count, by names relative to the folder, in order.
fn pieces(folder: &Path) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for day in entries(folder)?.iter().filter(|name| name.starts_with("dt=")) {
        let at = folder.join(day);
        let mut names = entries(&at)?;
        names.retain(|name| EXTENSIONS.iter().any(|end| name.ends_with(end)));
        let counted = parquet::counted(&at, names)?.into_iter();
        pieces
            .extend(counted.map(|piece| Piece { name: format!("{day}/{}", piece.name), ..piece }));
    }
    Ok(pieces)
}

fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        // A name that is no text is none of ours.
        names.extend(entry?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}
