//! Requests of S3, by what they cost.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::{bought::Answer, usage::S3Usage};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Put,
    Get,
    Free,
}

/// By the operation where its name tells more than its method.
fn class_of(operation: &str, method: &str) -> Class {
    match (operation, method) {
        (_, "DELETE") | ("DeleteObjects", _) => Class::Free,
        (name, "GET") if name.starts_with("List") => Class::Put,
        (_, "PUT" | "POST") => Class::Put,
        _ => Class::Get,
    }
}

#[derive(Debug)]
pub(super) struct Asked {
    class: Class,
    /// Bytes of an object, or of a part of one, that is sent.
    bytes: u64,
}

impl Asked {
    pub(super) fn read(operation: &str, request: &HttpRequest) -> Self {
        let is_upload = matches!(operation, "PutObject" | "UploadPart");
        let header = |name| request.headers().get(name).and_then(|text| text.parse().ok());
        // With a checksum behind it, a body is longer than what it carries.
        let bytes = header("x-amz-decoded-content-length").or_else(|| header("content-length"));
        Self {
            class: class_of(operation, request.method()),
            bytes: bytes.filter(|_| is_upload).unwrap_or_default(),
        }
    }

    pub(super) fn settle(&self, answer: &Answer<'_>, usage: &mut S3Usage) {
        if answer.status >= 500 {
            return;
        }
        match self.class {
            Class::Put => usage.put_requests += 1,
            Class::Get => usage.get_requests += 1,
            Class::Free => usage.free_requests += 1,
        }
        if answer.is_success() {
            usage.bytes_in += self.bytes;
            usage.bytes_out += if self.class == Class::Get { answer.length } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_cost_by_what_they_do() {
        for (operation, method, class) in [
            ("PutObject", "PUT", Class::Put),
            ("CopyObject", "PUT", Class::Put),
            ("CreateMultipartUpload", "POST", Class::Put),
            ("ListObjectsV2", "GET", Class::Put),
            ("ListBuckets", "GET", Class::Put),
            ("GetObject", "GET", Class::Get),
            ("HeadObject", "HEAD", Class::Get),
            ("GetBucketLocation", "GET", Class::Get),
            ("DeleteObject", "DELETE", Class::Free),
            ("DeleteObjects", "POST", Class::Free),
            ("AbortMultipartUpload", "DELETE", Class::Free),
        ] {
            assert_eq!(class_of(operation, method), class, "{operation}");
        }
    }

    #[test]
    fn what_s3_failed_is_free_and_what_it_refused_is_not() {
        let asked = Asked { class: Class::Put, bytes: 10 };
        let mut usage = S3Usage::default();
        for status in [200, 403, 404, 500, 503] {
            asked.settle(&Answer { status, body: b"", length: 0 }, &mut usage);
        }
        assert_eq!((usage.put_requests, usage.bytes_in), (3, 10));
    }
}
