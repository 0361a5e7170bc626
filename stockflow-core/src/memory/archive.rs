//! Objects in memory.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use super::lock;
use crate::{Archive, Date, Object, ObjectName, Position, Result, ShardId};

/// An [`Archive`] in memory: a lake or a quarantine to look into.
#[derive(Debug, Default)]
pub struct MemoryArchive {
    objects: Mutex<BTreeMap<(Date, ShardId, Position), Bytes>>,
}

impl MemoryArchive {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every object, by day, shard and position.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        lock(&self.objects)
            .iter()
            .map(|((dt, shard, first), lines)| Object {
                name: ObjectName { dt: *dt, shard: shard.clone(), first: first.clone() },
                lines: lines.clone(),
            })
            .collect()
    }

    /// Every line, without its line feed, in the order of [`objects`](Self::objects).
    #[must_use]
    pub fn lines(&self) -> Vec<Bytes> {
        let mut lines = Vec::new();
        for object in self.objects() {
            let mut start = 0;
            for line in object.lines.split_inclusive(|&byte| byte == b'\n') {
                let end = start + line.len();
                let feed = usize::from(line.ends_with(b"\n"));
                lines.push(object.lines.slice(start..end - feed));
                start = end;
            }
        }
        lines
    }
}

#[async_trait]
impl Archive for MemoryArchive {
    async fn put(&self, object: Object) -> Result<()> {
        let Object { name: ObjectName { dt, shard, first }, lines } = object;
        lock(&self.objects).insert((dt, shard, first), lines);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_in_the_order_of_positions() {
        let archive = MemoryArchive::new();
        for (position, lines) in [(10_u64, "c\n"), (9, "a\nb\n")] {
            let name = ObjectName {
                dt: "2026-11-23".parse().unwrap(),
                shard: "0".into(),
                first: Position::new(position.into()),
            };
            archive
                .put(Object { name, lines: Bytes::from_static(lines.as_bytes()) })
                .await
                .unwrap();
        }
        assert_eq!(archive.lines(), ["a", "b", "c"]);
    }
}
