//! Which format a file is of, by what is in it.

use std::path::Path;

use super::{
    content::{Content, PARQUET},
    csv::Csv,
    error::ReplayError,
    lines::{Line, Lines, MAX_LINE},
    ndjson::{self, Ndjson},
    parquet,
    rows::Rows,
    text::{TextRows, excerpt},
};

/// A reader for a file of any format.
pub(super) fn rows(content: Content) -> Result<Box<dyn Rows>, ReplayError> {
    if content.is_parquet() {
        return parquet::rows(content);
    }
    let path = content.path.clone();
    let refuse = |found: String| ReplayError::Format {
        path: path.clone(),
        expected: format!("{}, NDJSON in the wire format, or Parquet", Csv::expected()),
        found,
    };
    if content.is_empty() {
        return Err(refuse("an empty file".into()));
    }
    let mut lines = unpacked(content)?;
    let header = loop {
        let line = lines.next_line().map_err(|source| unreadable(&path, source))?;
        match line {
            None => return Err(refuse("no line with anything on it".into())),
            Some(Line::Whole(line)) if line.trim_ascii().is_empty() => {}
            Some(Line::Whole(line)) => break line.to_vec(),
            Some(Line::TooLong(start)) => {
                let found = format!("a line of more than {MAX_LINE} bytes, {}", excerpt(start));
                return Err(refuse(found));
            }
            Some(Line::Damaged(_, error)) => {
                return Err(refuse(format!("damage before the end of the first line: {error}")));
            }
        }
    };
    if header.starts_with(PARQUET) {
        return Err(refuse(
            "Parquet inside a compressed file, which has to be unpacked first".into(),
        ));
    }
    match header.trim_ascii_start().first() {
        Some(b'{') if ndjson::is_object(&header) => {
            Ok(Box::new(TextRows::with_first(lines, Ndjson, &header)))
        }
        Some(b'{' | b'[') => {
            Err(refuse(format!("{}, which is not one JSON object on a line", excerpt(&header))))
        }
        _ => {
            let csv = Csv::from_header(&header).map_err(refuse)?;
            Ok(Box::new(TextRows::new(lines, csv)))
        }
    }
}

/// The lines of a file, whatever it is packed with.
fn unpacked(content: Content) -> Result<Lines, ReplayError> {
    let path = content.path.clone();
    Ok(Lines::new(content.unpack().map_err(|source| unreadable(&path, source))?))
}

pub(super) fn unreadable(path: &Path, source: std::io::Error) -> ReplayError {
    ReplayError::Read { path: path.to_owned(), source }
}
