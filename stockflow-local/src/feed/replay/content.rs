//! A file's content: its name by what is in it, and its bytes without the compression.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
pub(super) const PARQUET: &[u8] = b"PAR1";

/// An open file that was read once, to know it by its content.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: PathBuf,
    pub(super) hash: blake3::Hash,
    file: File,
    len: u64,
    magic: [u8; 4],
}

impl Content {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            // A pipe can be read once only, and it has to be read twice.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 256 * 1024];
        let mut magic = [0; 4];
        let mut len = 0;
        loop {
            let read = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if len == 0 {
                let known = read.min(4);
                magic[..known].copy_from_slice(&buffer[..known]);
            }
            hasher.update(&buffer[..read]);
            len += read as u64;
        }
        file.rewind()?;
        Ok(Self { path: path.to_owned(), hash: hasher.finalize(), file, len, magic })
    }

    pub(super) fn is_parquet(&self) -> bool {
        self.magic == PARQUET
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The file, at its start.
    #[cfg(feature = "parquet")]
    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// The bytes, unpacked. What is appended to the file from now on is not among them: it is not in the name either.
    pub(super) fn unpack(self) -> io::Result<Box<dyn Read + Send>> {
        let packed = self.file.take(self.len);
        Ok(if self.magic.starts_with(GZIP) {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 * 1024, packed)))
        } else if self.magic == ZSTD {
            Box::new(zstd::stream::read::Decoder::new(packed)?)
        } else {
            Box::new(packed)
        })
    }
}

/// The start of a content hash, for people.
pub(super) fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..12].to_string()
}
