//! A day in a folder.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stockflow_core::{Date, ErrorKind, Result};

use super::{S3Lake, S3Object, SUFFIX};

/// What a compaction leaves beside objects; a bucket has it if a lake on disk was copied there.
const MANIFEST: &str = "compacted.json";
const COMPACTED: &str = "compacted-";
/// Objects that are copied side by side.
const SIDE_BY_SIDE: usize = 16;

impl S3Lake {
    /// Copies what a day holds of a lake into `folder`, which is there, under the same names; files of other programs are left out.
    ///
    /// What is replaced while it is copied is told as [`ErrorKind::Unavailable`]: the folder has a part of the day then.
    ///
    /// # Errors
    /// What S3 or the disk says.
    pub async fn copy_day(&self, dt: Date, folder: &Path) -> Result<()> {
        let mut objects = self.objects(dt).await?;
        // The manifest first, and the objects as they are after it: it covers none that would be missed.
        if let Some(manifest) = objects.iter().find(|object| object.file_name() == MANIFEST) {
            self.copy(manifest, folder).await?;
            objects = self.objects(dt).await?;
        }
        let ours = objects.into_iter().filter(|object| is_ours(object.file_name()));
        let copies = ours.map(|object| async move { self.copy(&object, folder).await });
        stream::iter(copies).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    async fn copy(&self, object: &S3Object, folder: &Path) -> Result<()> {
        let path = folder.join(object.file_name());
        let mut file = self.on_disk(path.clone(), |path| File::create(path)).await?;
        let mut done = 0;
        while done < object.bytes() {
            let bytes = self.part(object, done).await?;
            done += bytes.len() as u64;
            let write = move |_: &Path| file.write_all(&bytes).map(|()| file);
            file = self.on_disk(path.clone(), write).await?;
        }
        Ok(())
    }

    /// Does something that blocks, beside the runtime.
    async fn on_disk<T: Send + 'static>(
        &self,
        path: PathBuf,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let call = self.call("copy");
        let named = move || work(&path).map_err(|error| (path.display().to_string(), error));
        let outcome = tokio::task::spawn_blocking(named).await;
        outcome.map_err(|error| super::unexpected(call, error))?.map_err(|(path, error)| {
            call.error(kind(&error)).with_source(format!("{path}: {error}"))
        })
    }
}

fn kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Exhausted,
        io::ErrorKind::PermissionDenied => ErrorKind::Denied,
        _ => ErrorKind::Unexpected,
    }
}

/// Whether a file belongs to a lake, and stays in its folder whatever it is called.
fn is_ours(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"%._-".contains(&b));
    plain && (name.ends_with(SUFFIX) || name.starts_with(COMPACTED) && name.ends_with(".parquet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_left_out() {
        for name in [
            "shardId-000-00000000000000000007.ndjson.zst",
            "a%2Fb-7.ndjson.zst",
            "compacted-ab12.parquet",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "",
            "..",
            "a.json",
            "..\\x.ndjson.zst",
            "compacted.json",
            "x y.ndjson.zst",
            "other.parquet",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
