//! Many quotes in one record: a magic number, then a Zstandard frame of lines, each a quote in the wire format.
//!
//! Without the first four bytes it is a `.zst` file: `tail -c +5 record | zstd -d`.

use std::io::{self, Read as _, Write as _};

use bytes::Bytes;
use stockflow_core::wire;

use super::{Parts, hash::HashRange};

const MAGIC: [u8; 4] = [0xf3, b'S', b'F', b'Z'];
/// What a record may hold when it is unpacked. A record of 25 kB with a million equal bytes for each of its own is an attack.
const MOST: u64 = 16 << 20;
/// Largest window that a reader makes room for: 2²³ bytes.
const WINDOW_LOG: u32 = 23;

/// A record of `lines`, each a quote in the wire format and ended by a line feed, compressed at a `level` of Zstandard (1 to 22).
///
/// Lines of one symbol should be neighbours: they compress better, and are read faster.
///
/// # Errors
/// Memory is used up.
pub fn compress(lines: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(MAGIC.to_vec(), level)?;
    encoder.set_pledged_src_size(Some(lines.len() as u64))?;
    encoder.include_checksum(true)?;
    encoder.write_all(lines)?;
    encoder.finish()
}

/// Pushes the lines of a compressed record; `None`, if it is none.
pub(super) fn split(data: &Bytes, parts: &mut Parts<'_>) -> Option<()> {
    let lines = Bytes::from(decompress(data.strip_prefix(&MAGIC)?)?);
    let mut rest = &lines[..];
    // Lines of one symbol are neighbours: its place is looked up once.
    let mut last: Option<(&[u8], bool)> = None;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if line.is_empty() {
            continue;
        }
        let is_here = match (parts.shard, key(line)) {
            (None, _) => true,
            (Some(shard), None) => slowly(line, shard),
            (Some(_), Some(key)) if last.is_some_and(|(last, _)| last == key) => {
                last.is_some_and(|(_, here)| here)
            }
            (Some(shard), Some(key)) => {
                let here = shard.holds_key(key);
                last = Some((key, here));
                here
            }
        };
        parts.push(lines.slice_ref(line), is_here);
    }
    Some(())
}

fn decompress(frame: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = zstd::Decoder::with_buffer(frame).ok()?;
    decoder.window_log_max(WINDOW_LOG).ok()?;
    let mut lines = Vec::with_capacity(frame.len().saturating_mul(8).min(MOST as usize));
    decoder.take(MOST + 1).read_to_end(&mut lines).ok()?;
    (lines.len() as u64 <= MOST).then_some(lines)
}

/// The symbol of a line in canonical form.
fn key(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(br#"{"symbol":""#)?;
    // No legal symbol has an escape.
    let end = memchr::memchr2(b'"', b'\\', rest).filter(|&end| rest[end] == b'"')?;
    Some(&rest[..end])
}

/// Of a line of another writer. What is no quote belongs everywhere: it is for the quarantine.
fn slowly(line: &[u8], shard: &HashRange) -> bool {
    wire::decode(line)
        .map_or(true, |decoded| shard.holds_key(decoded.quote.symbol.as_str().as_bytes()))
}
