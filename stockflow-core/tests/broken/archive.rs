use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use stockflow_core::{
    Archive, Object, ObjectName, Result,
    conformance::{Harness, Probe, archive},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    LosesTheLastLineFeed,
    Appends,
    KeepsTheFirst,
    IgnoresTheDay,
    IgnoresTheIndex,
    EscapesSlashesOnly,
    CutsLongObjects,
    WritesInParts,
}
use Defect::*;

#[derive(Debug, Default)]
struct Broken {
    objects: Mutex<HashMap<String, (ObjectName, Vec<u8>)>>,
    defect: Option<Defect>,
}

impl Broken {
    fn key(&self, name: &ObjectName) -> String {
        let ObjectName { dt, shard, first } = name;
        match self.defect {
            Some(IgnoresTheDay) => format!("{shard}/{first}"),
            Some(IgnoresTheIndex) => format!("{dt}/{shard}/{}", first.sequence),
            Some(EscapesSlashesOnly) => format!("{dt}/{}/{first}", shard.replace('/', "%2F")),
            _ => format!("{dt}/{shard:?}/{first}"),
        }
    }
}

#[async_trait]
impl Archive for Broken {
    async fn put(&self, object: Object) -> Result<()> {
        let key = self.key(&object.name);
        let mut bytes = object.lines.to_vec();
        match self.defect {
            Some(LosesTheLastLineFeed) => bytes.truncate(bytes.len() - 1),
            Some(CutsLongObjects) => bytes.truncate(1 << 20),
            Some(WritesInParts) => {
                let half = bytes.len() / 2;
                let start = (object.name.clone(), bytes[..half].to_vec());
                self.objects.lock().unwrap().insert(key.clone(), start);
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                let mut objects = self.objects.lock().unwrap();
                objects.get_mut(&key).unwrap().1.extend_from_slice(&bytes[half..]);
                return Ok(());
            }
            _ => {}
        }
        let mut objects = self.objects.lock().unwrap();
        match objects.get_mut(&key) {
            Some(_) if self.defect == Some(KeepsTheFirst) => {}
            Some((_, old)) if self.defect == Some(Appends) => old.extend(bytes),
            _ => {
                objects.insert(key, (object.name, bytes));
            }
        }
        Ok(())
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Probe<Arc<Broken>, Object>> {
    move || async move {
        let broken = Arc::new(Broken { defect, ..Broken::default() });
        Probe::new(Arc::clone(&broken), move || {
            let objects = broken.objects.lock().unwrap();
            let object = |(name, lines): &(ObjectName, Vec<u8>)| Object {
                name: name.clone(),
                lines: Bytes::copy_from_slice(lines),
            };
            std::future::ready(Ok(objects.values().map(object).collect()))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_broken_archive_is_noticed() {
    noticed!(archive::all, with, {
        LosesTheLastLineFeed => archive::an_object_comes_back_as_it_was_put,
        Appends => archive::an_object_of_the_same_name_is_replaced,
        KeepsTheFirst => archive::an_object_of_the_same_name_is_replaced,
        IgnoresTheDay => archive::objects_of_different_names_are_kept_apart,
        IgnoresTheIndex => archive::objects_of_different_names_are_kept_apart,
        EscapesSlashesOnly => archive::names_of_shards_stay_names,
        CutsLongObjects => archive::a_large_object_is_kept_whole,
        WritesInParts => archive::of_concurrent_puts_one_object_is_whole,
    });
}
