//! Buckets, prefixes and keys.

use std::{fmt, str::FromStr};

use stockflow_core::{Date, InvalidConfig, ObjectName};

use super::SUFFIX;

/// S3's bound, in bytes.
const KEY_MAX: usize = 1_024;
/// Leaves the greater part of a key to the name of the object.
const PREFIX_MAX: usize = 512;

/// A bucket and a prefix in it, written `s3://bucket/prefix`; the prefix may be empty.
///
/// ```
/// use stockflow_aws::s3::S3Location;
///
/// let location: S3Location = "s3://stock-market-data-bucket-7/lake/".parse()?;
/// assert_eq!((location.bucket(), location.prefix()), ("stock-market-data-bucket-7", "lake"));
/// assert!("s3://bucket/../elsewhere".parse::<S3Location>().is_err());
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct S3Location {
    bucket: String,
    prefix: String,
}

impl S3Location {
    /// The part of `bucket` whose keys start with `prefix` and a slash; all of it, if the prefix is empty.
    ///
    /// # Errors
    /// A bucket has 3 to 63 of the characters `a-z 0-9 . -`, or is the ARN of an access point. A prefix has at most 512 of
    /// `A-Z a-z 0-9 ! _ . * ' ( ) = - /`; it has no empty segment, and none that is `.` or `..`.
    pub fn new(bucket: &str, prefix: &str) -> Result<Self, InvalidConfig> {
        let is_name = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        let is_arn = bucket.starts_with("arn:") && bucket.bytes().all(|b| b.is_ascii_graphic());
        if !is_name && !is_arn {
            return Err(InvalidConfig::new(
                "bucket",
                bucket,
                "3 to 63 characters out of a-z 0-9 . -, or the ARN of an access point",
            ));
        }
        let trimmed = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"!_.*'()=-".contains(&b))
        };
        let is_path = prefix.is_empty() || trimmed.split('/').all(is_segment);
        if !is_path || trimmed.len() > PREFIX_MAX {
            return Err(InvalidConfig::new(
                "prefix",
                prefix,
                format!(
                    "at most {PREFIX_MAX} characters out of A-Z a-z 0-9 ! _ . * ' ( ) = - /, no empty segment, no . and no .."
                ),
            ));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: trimmed.to_owned() })
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The prefix, without a slash at its end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What all keys start with.
    pub(super) fn root(&self) -> String {
        if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) }
    }

    /// What all keys of a day start with.
    pub(super) fn day(&self, dt: Date) -> String {
        format!("{}dt={dt}/", self.root())
    }

    pub(super) fn key(&self, name: &ObjectName) -> Result<String, String> {
        let key = format!("{}{}{SUFFIX}", self.day(name.dt), name.to_stem());
        if key.len() > KEY_MAX {
            return Err(format!(
                "the key has {} bytes, at most {KEY_MAX} are allowed: the name of the shard is too long",
                key.len()
            ));
        }
        Ok(key)
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

impl FromStr for S3Location {
    type Err = InvalidConfig;

    fn from_str(text: &str) -> Result<Self, InvalidConfig> {
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err(InvalidConfig::new("location", text, "s3://bucket/prefix"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        Self::new(bucket, prefix)
    }
}

#[cfg(test)]
mod tests {
    use stockflow_core::Position;

    use super::*;

    #[test]
    fn a_key_is_prefix_day_and_name() {
        let name = ObjectName {
            dt: "2026-11-23".parse().unwrap(),
            shard: "shardId-000000000000".into(),
            first: Position::new(7.into()),
        };
        for (location, root) in [("s3://abc", ""), ("s3://abc/", ""), ("s3://abc/a/b=c/", "a/b=c/")]
        {
            let location: S3Location = location.parse().unwrap();
            assert_eq!(
                location.key(&name).unwrap(),
                format!("{root}dt=2026-11-23/shardId-000000000000-00000000000000000007.ndjson.zst")
            );
            assert_eq!(location.to_string().parse::<S3Location>().unwrap(), location);
        }
    }

    #[test]
    fn whatever_a_shard_is_called_its_key_stays_below_the_day() {
        let location: S3Location = "s3://abc/lake".parse().unwrap();
        for shard in ["../../x", "a/b", "..", "", "ä", "a\0b", "$A:B#C@D!", "a?b&c"] {
            let first = Position::new(7.into());
            let dt = "2026-11-23".parse().unwrap();
            let key = location.key(&ObjectName { dt, shard: shard.into(), first }).unwrap();
            let rest = key.strip_prefix("lake/dt=2026-11-23/").unwrap();
            assert!(
                rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"%._-".contains(&b)),
                "{rest}"
            );
        }
        let first = Position::new(7.into());
        let dt = "2026-11-23".parse().unwrap();
        let long = ObjectName { dt, shard: "ä".repeat(200).into(), first };
        assert!(location.key(&long).unwrap_err().contains("at most 1024"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "abc/lake",
            "s3:/abc",
            "s3://",
            "s3://ab",
            "s3://Abc",
            "s3://a b c",
            "s3://abc//",
            "s3://abc/a//b",
            "s3://abc/..",
            "s3://abc/a/./b",
            "s3://abc/a?b",
            "s3://abc/a%2e",
            "s3://abc/ä",
            "https://abc/x",
        ] {
            assert!(text.parse::<S3Location>().is_err(), "{text}");
        }
        assert!(S3Location::new("abc", &"x".repeat(513)).is_err());
        assert!(
            S3Location::new("arn:aws:s3:us-east-1:123456789012:accesspoint/mine", "lake").is_ok()
        );
    }
}
