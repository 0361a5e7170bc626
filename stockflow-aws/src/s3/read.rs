//! Listing and reading.

use bytes::Bytes;
use stockflow_core::{Date, Error, ErrorKind, ObjectName, Result};

use super::{S3Lake, SUFFIX, body, unexpected};
use crate::again::again;

/// Most that is asked for at once, in bytes.
const PART: u64 = 8 << 20;

/// An object in a lake, as it was when it was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Object {
    dt: Date,
    key: String,
    bytes: u64,
    etag: Option<String>,
}

impl S3Object {
    /// Its day.
    #[must_use]
    pub const fn dt(&self) -> Date {
        self.dt
    }

    /// Its key in the bucket.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The last part of its key.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }

    /// Its length as it is stored.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its name; none for an object that some other program put there.
    #[must_use]
    pub fn name(&self) -> Option<ObjectName> {
        ObjectName::from_stem(self.dt, self.file_name().strip_suffix(SUFFIX)?)
    }
}

impl S3Lake {
    /// The days that have objects, ascending.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn days(&self) -> Result<Vec<Date>> {
        let root = self.location.root();
        let mut days = Vec::new();
        self.list(&root, |page| {
            days.extend(page.common_prefixes().iter().filter_map(|folder| {
                let folder = folder.prefix()?.strip_prefix(&root)?;
                folder.strip_prefix("dt=")?.strip_suffix('/')?.parse::<Date>().ok()
            }));
        })
        .await?;
        days.sort_unstable();
        Ok(days)
    }

    /// The objects of a day by name, those of other programs too, but not what lies in folders below; none if there is no such day.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn objects(&self, dt: Date) -> Result<Vec<S3Object>> {
        let folder = self.location.day(dt);
        let mut objects = Vec::new();
        self.list(&folder, |page| {
            objects.extend(page.contents().iter().filter_map(|found| {
                let key = found.key().filter(|key| *key != folder)?.to_owned();
                let bytes = u64::try_from(found.size().unwrap_or_default()).unwrap_or_default();
                Some(S3Object { dt, key, bytes, etag: found.e_tag().map(str::to_owned) })
            }));
        })
        .await?;
        objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    async fn list(
        &self,
        prefix: &str,
        mut page: impl FnMut(&aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output),
    ) -> Result<()> {
        let call = self.call("ListObjectsV2");
        let mut token = None;
        loop {
            let answer = again(self.patience, call, || async {
                let request = self.client.list_objects_v2().bucket(self.location.bucket());
                request
                    .prefix(prefix)
                    .delimiter("/")
                    .set_continuation_token(token.clone())
                    .send()
                    .await
                    .map_err(|error| call.failed(error))
            })
            .await?;
            page(&answer);
            token = answer.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// All lines of an object of ours, each with its line feed, checked against the object's checksum before any is given out.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] with the key if it is truncated or altered, otherwise what S3 says.
    pub async fn read(&self, object: &S3Object) -> Result<Bytes> {
        let mut stored = Vec::new();
        while (stored.len() as u64) < object.bytes {
            stored.extend_from_slice(&self.part(object, stored.len() as u64).await?);
        }
        let call = self.call("GetObject");
        let lines = tokio::task::spawn_blocking(move || body::decompress(&stored));
        lines.await.map_err(|error| unexpected(call, error))?.map_err(|why| {
            let key = object.key();
            call.error(ErrorKind::Corrupt).with_source(format!("`{key}`: {why}"))
        })
    }

    /// Bytes of an object as it is stored, from `start`, at most 8 MiB of them: a long one comes in parts, all of one version.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if it was replaced since it was listed; what S3 says.
    pub async fn part(&self, object: &S3Object, start: u64) -> Result<Bytes> {
        let call = self.call("GetObject");
        let end = object.bytes.min(start.saturating_add(PART));
        if start >= end {
            return Ok(Bytes::new());
        }
        let range = format!("bytes={start}-{}", end - 1);
        let bytes = again(self.patience, call, || async {
            let request = self.client.get_object().bucket(self.location.bucket());
            let answer = request
                .key(&object.key)
                .range(&range)
                .set_if_match(object.etag.clone())
                .send()
                .await
                .map_err(|error| call.failed(error))?;
            let body = answer.body.collect().await;
            // Cut off on the way: it can be asked for again.
            let cut = |error| call.error(ErrorKind::Unavailable).with_source(error);
            Ok::<Bytes, Error>(body.map_err(cut)?.into_bytes())
        })
        .await?;
        if bytes.len() as u64 != end - start {
            let why = format!("`{}`: {} bytes came for {range}", object.key, bytes.len());
            return Err(call.error(ErrorKind::Unavailable).with_source(why));
        }
        Ok(bytes)
    }
}
