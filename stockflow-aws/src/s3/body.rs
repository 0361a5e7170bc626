//! Objects as they are stored.

use std::io::{self, Read as _, Write as _};

use bytes::Bytes;

/// Fast, and a tenth of the size.
const LEVEL: i32 = 1;
/// Longest object when unpacked, in bytes: ours have a few MiB. A small object may unpack to any size.
const UNPACKED_MAX: u64 = 256 << 20;

pub(super) fn compress(lines: &[u8]) -> io::Result<Bytes> {
    let mut encoder = zstd::Encoder::new(Vec::with_capacity(lines.len() / 8 + 64), LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(lines.len() as u64))?;
    encoder.write_all(lines)?;
    Ok(encoder.finish()?.into())
}

/// The lines, all of them; why not, if the bytes are not a whole object.
pub(super) fn decompress(bytes: &[u8]) -> Result<Bytes, String> {
    if bytes.is_empty() {
        return Err("truncated: it is empty".into());
    }
    let mut lines = Vec::new();
    zstd::Decoder::new(bytes)
        .and_then(|decoder| decoder.take(UNPACKED_MAX + 1).read_to_end(&mut lines))
        .map_err(|error| format!("truncated or altered: {error}"))?;
    if lines.len() as u64 > UNPACKED_MAX {
        return Err(format!("it unpacks to more than {UNPACKED_MAX} bytes"));
    }
    if lines.last().is_some_and(|last| *last != b'\n') {
        return Err("truncated: the last line has no end".into());
    }
    Ok(lines.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_altered_is_noticed() {
        let lines: String = (0..500).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let stored = compress(lines.as_bytes()).unwrap();
        assert_eq!(decompress(&stored).unwrap(), lines);
        for end in 0..stored.len() {
            assert!(decompress(&stored[..end]).is_err(), "cut at {end}");
        }
        for at in 0..stored.len() {
            let mut altered = stored.to_vec();
            altered[at] ^= 0x10;
            let read = decompress(&altered);
            // A bit of the header may say nothing of the content.
            assert!(read.is_err() || read.unwrap() == lines, "altered at {at}");
        }
        assert!(decompress(&compress(b"{}").unwrap()).unwrap_err().contains("no end"));
        assert_eq!(decompress(&compress(b"").unwrap()).unwrap(), "");
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        let zeros = vec![b'\n'; 1 << 20];
        for _ in 0..=(UNPACKED_MAX >> 20) {
            encoder.write_all(&zeros).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 1 << 20);
        assert!(decompress(&bomb).unwrap_err().contains("more than"));
    }
}
