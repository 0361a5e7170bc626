//! The lake in S3: the suite on the emulator, then faults.
#![cfg(all(feature = "s3", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_s3::Client;
use aws_types::SdkConfig;
use stockflow_aws::{
    Patience, client,
    s3::S3Lake,
    testing::{Emulator, Fault, Faults, FaultyClient},
};
use stockflow_core::{
    Archive as _, ErrorKind, Object, ObjectName, Position, Result,
    conformance::{self, Probe},
};

/// A bucket of its own: all accounts share their names.
struct Bucket {
    config: SdkConfig,
    client: Client,
    name: String,
}

impl Bucket {
    async fn new() -> Self {
        let bucket = Self::absent();
        bucket.client.create_bucket().bucket(&bucket.name).send().await.unwrap();
        bucket
    }

    fn absent() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("stock-market-data-bucket-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let config = Emulator::shared().unwrap().new_account(client::https());
        Self { client: Client::new(&config), config, name }
    }

    fn lake(&self, prefix: &str) -> S3Lake {
        self.lake_through(&self.client, prefix)
    }

    fn lake_through(&self, client: &Client, prefix: &str) -> S3Lake {
        S3Lake::new(client, format!("s3://{}/{prefix}", self.name).parse().unwrap())
    }

    /// The same bucket, through a client that fails.
    fn failing(&self, faults: Faults) -> (S3Lake, FaultyClient) {
        let http = faults.around(client::https());
        let config = self.config.to_builder().http_client(http.clone()).build();
        (self.lake_through(&Client::new(&config), "lake"), http)
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) {
        let put = self.client.put_object().bucket(&self.name).key(key);
        put.body(bytes.into()).send().await.unwrap();
    }
}

async fn read_all(lake: &S3Lake) -> Result<Vec<Object>> {
    let mut all = Vec::new();
    for dt in lake.days().await? {
        for object in lake.objects(dt).await? {
            all.push(Object { name: object.name().unwrap(), lines: lake.read(&object).await? });
        }
    }
    Ok(all)
}

fn object(day: &str, number: u64, lines: impl Into<bytes::Bytes>) -> Object {
    let first = Position::new(number.into());
    Object {
        name: ObjectName { dt: day.parse().unwrap(), shard: "0".into(), first },
        lines: lines.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lake_passes_the_suite() {
    let bucket = Bucket::new().await;
    let next = AtomicUsize::new(0);
    let harness = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        // The first one is the whole bucket, whose keys the others' must not be taken for.
        let prefix = if number == 0 { String::new() } else { format!("lakes/{number}") };
        let lake = bucket.lake(&prefix);
        async move {
            let reader = lake.clone();
            Probe::new(lake, move || {
                let reader = reader.clone();
                async move { read_all(&reader).await }
            })
        }
    };
    conformance::archive::all(&harness).await.unwrap();
}

#[tokio::test]
async fn an_object_is_the_compressed_file_that_its_name_says() {
    let bucket = Bucket::new().await;
    let lake = bucket.lake("lake");
    lake.put(object("2026-11-23", 7, "{}\n")).await.unwrap();
    let key = "lake/dt=2026-11-23/0-00000000000000000007.ndjson.zst";
    let stored = bucket.client.get_object().bucket(&bucket.name).key(key).send().await.unwrap();
    assert_eq!(stored.content_type(), Some("application/zstd"));
    assert_eq!(stored.content_encoding(), None);
    let bytes = stored.body.collect().await.unwrap().into_bytes();
    assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), b"{}\n");
}

#[tokio::test]
async fn more_objects_than_a_page_are_all_listed() {
    let bucket = Bucket::new().await;
    let lake = Arc::new(bucket.lake("lake"));
    let puts: Vec<_> = (0..1_005)
        .map(|number| {
            let lake = Arc::clone(&lake);
            tokio::spawn(async move { lake.put(object("2026-11-23", number, "{}\n")).await })
        })
        .collect();
    for put in puts {
        put.await.unwrap().unwrap();
    }
    let of_others = format!("{}/dt=2026-11-23/part.parquet", lake.location().prefix());
    bucket.put(&of_others, vec![]).await;
    let objects = lake.objects("2026-11-23".parse().unwrap()).await.unwrap();
    assert_eq!(objects.len(), 1_006);
    assert_eq!(objects.iter().filter(|object| object.name().is_none()).count(), 1);
    assert!(lake.objects("2026-11-22".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_object_is_read_in_parts_of_one_version() {
    let bucket = Bucket::new().await;
    let lake = bucket.lake("lake");
    let key = "lake/dt=2026-11-23/long.bin";
    let long: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
    bucket.put(key, long.clone()).await;
    let listed = &lake.objects("2026-11-23".parse().unwrap()).await.unwrap()[0];
    let mut read = Vec::new();
    while (read.len() as u64) < listed.bytes() {
        read.extend_from_slice(&lake.part(listed, read.len() as u64).await.unwrap());
    }
    assert!(read == long);
    bucket.put(key, vec![7; long.len()]).await;
    let lake = lake.with_patience(Patience::default().with_deadline(Duration::from_millis(300)));
    let error = lake.part(listed, 8 << 20).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
}

#[tokio::test]
async fn a_damaged_object_is_told_with_its_key() {
    let bucket = Bucket::new().await;
    let lake = bucket.lake("lake");
    let key = "lake/dt=2026-11-23/0-00000000000000000007.ndjson.zst";
    for damage in [&b"damage"[..], b""] {
        bucket.put(key, damage.to_vec()).await;
        let listed = &lake.objects("2026-11-23".parse().unwrap()).await.unwrap()[0];
        let error = lake.read(listed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.chain().contains(key), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_with_what_to_do() {
    let bucket = Bucket::absent();
    for error in [
        bucket.lake("lake").put(object("2026-11-23", 7, "{}\n")).await.unwrap_err(),
        bucket.lake("lake").days().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let text = error.chain();
        assert!(
            text.contains(&bucket.name)
                && text.contains("AWS_REGION")
                && text.contains("request id"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_for_now_every_object_is_there_once_and_whole() {
    for seed in [1, 2, 3] {
        let bucket = Bucket::new().await;
        let faults = Faults::by_seed(seed)
            .with(Fault::Throttle, 0.3)
            .with(Fault::ServerError, 0.1)
            .with(Fault::ExpiredCredentials, 0.05)
            .with(Fault::Reset, 0.1)
            .with(Fault::Timeout, 0.05)
            .with(Fault::Hang, 0.01);
        let (faulty, http) = bucket.failing(faults);
        let waits =
            Patience::default().with_waits(Duration::from_millis(1), Duration::from_millis(20));
        let faulty = faulty.with_patience(waits.with_deadline(Duration::from_secs(3)));
        let objects: Vec<Object> = (0..100)
            .map(|n| {
                object(
                    ["2026-11-23", "2026-11-24"][n as usize % 2],
                    n,
                    format!("{{\"n\":{n}}}\n").repeat(50),
                )
            })
            .collect();
        let puts = objects.iter().cloned().map(|object| {
            let faulty = faulty.clone();
            tokio::spawn(async move { faulty.put(object).await })
        });
        for put in puts.collect::<Vec<_>>() {
            put.await.unwrap().unwrap();
        }
        let mut expected = objects;
        expected.sort_by_key(|object| (object.name.dt, object.name.first.clone()));
        assert!(read_all(&faulty).await.unwrap() == expected, "seed {seed}");
        assert!(http.count(Fault::Throttle) > 20 && http.count(Fault::Reset) > 5);
    }
}

#[tokio::test]
async fn a_call_is_back_by_its_deadline_with_the_reason() {
    let bucket = Bucket::new().await;
    for (fault, kind) in [
        (Fault::Throttle, ErrorKind::Throttled),
        (Fault::ServerError, ErrorKind::Unavailable),
        (Fault::Hang, ErrorKind::Unavailable),
    ] {
        let (lake, _) = bucket.failing(Faults::by_seed(1).with(fault, 1.0));
        let lake =
            lake.with_patience(Patience::default().with_deadline(Duration::from_millis(500)));
        let begin = Instant::now();
        let error = lake.put(object("2026-11-23", 7, "{}\n")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.chain());
        assert!(begin.elapsed() < Duration::from_secs(5), "back long after the deadline");
    }
}
