//! Functions as Lambda takes them.

use std::{fs, path::Path, process::Command};

use crate::Result;

/// The one file of a package for the runtime `provided.al2023`.
const NAME: &[u8] = b"bootstrap";

/// A package of `program` for the runtime `provided.al2023`: a zip file with the program as `bootstrap`, without what is in it for
/// debuggers only.
///
/// # Errors
/// There is no such program, or no `strip`, which comes with a C compiler.
pub fn package(program: &Path) -> Result<Vec<u8>> {
    let stripped = program.with_extension(format!("stripped-{}", std::process::id()));
    let strip = Command::new("strip").arg("-o").args([&stripped, program]).output()?;
    if !strip.status.success() {
        return Err(format!("strip: {}", String::from_utf8_lossy(&strip.stderr)).into());
    }
    let bytes = fs::read(&stripped)?;
    fs::remove_file(&stripped)?;
    zip(&bytes)
}

/// A zip file of one executable file, stored: nobody keeps it, and to deflate it takes longer than all the rest. Crates that write any
/// zip file bring more along than there is to write of this one.
fn zip(bytes: &[u8]) -> Result<Vec<u8>> {
    let size = u32::try_from(bytes.len())?.to_le_bytes();
    let name = u16::try_from(NAME.len())?.to_le_bytes();
    // From the version that is needed to the length of the name, without extra fields: common to both headers.
    let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    about.extend(crc32fast::hash(bytes).to_le_bytes());
    about.extend([size, size].concat());
    about.extend([name, [0; 2]].concat());
    let mut zip = Vec::with_capacity(bytes.len() + 256);
    zip.extend(b"PK\x03\x04");
    zip.extend(&about);
    zip.extend(NAME);
    zip.extend(bytes);
    let directory = u32::try_from(zip.len())?.to_le_bytes();
    // Made on Unix, which is where the mode comes from.
    zip.extend(b"PK\x01\x02\x14\x03");
    zip.extend(&about);
    zip.extend([0; 6]);
    zip.extend((0o100_755_u32 << 16).to_le_bytes());
    zip.extend([0; 4]);
    zip.extend(NAME);
    let length = u32::try_from(46 + NAME.len())?.to_le_bytes();
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend([length, directory].concat());
    zip.extend([0; 2]);
    Ok(zip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_read_it_and_the_program_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("function.zip");
        fs::write(&file, zip(b"#!/bin/sh\n").unwrap()).unwrap();
        let look = "import sys, zipfile\nzip = zipfile.ZipFile(sys.argv[1])\nassert zip.testzip() is None\n\
            [file] = zip.infolist()\nprint(file.filename, oct(file.external_attr >> 16), zip.read(file))";
        let output = Command::new("python3").args(["-c", look]).arg(file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim_end(), r"bootstrap 0o100755 b'#!/bin/sh\n'", "{output:?}");
    }
}
