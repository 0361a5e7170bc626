use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use stockflow_core::{
    Cursor, CursorStore, Result,
    conformance::{Harness, cursors},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    ForgetsOtherFeeds,
    OnlyMovesForward,
    KeepsTheFirstOfACall,
    TrimsNames,
    InventsOne,
}
use Defect::*;

#[derive(Debug, Default)]
struct Broken {
    offsets: Mutex<BTreeMap<String, String>>,
    defect: Option<Defect>,
}

#[async_trait]
impl CursorStore for Broken {
    async fn load(&self) -> Result<Vec<Cursor>> {
        let mut offsets = self.offsets.lock().unwrap().clone();
        if self.defect == Some(InventsOne) {
            offsets.insert("feed".to_owned(), "0".to_owned());
        }
        Ok(offsets.into_iter().map(|(feed, offset)| Cursor { feed, offset }).collect())
    }

    async fn store(&self, cursors: &[Cursor]) -> Result<()> {
        let mut offsets = self.offsets.lock().unwrap();
        if self.defect == Some(ForgetsOtherFeeds) {
            offsets.clear();
        }
        let mut cursors = cursors.to_vec();
        if self.defect == Some(KeepsTheFirstOfACall) {
            cursors.reverse();
        }
        for Cursor { mut feed, offset } in cursors {
            if self.defect == Some(TrimsNames) {
                feed = feed.trim().to_owned();
            }
            let backward = offsets.get(&feed).is_some_and(|known| *known > offset);
            if self.defect == Some(OnlyMovesForward) && backward {
                continue;
            }
            offsets.insert(feed, offset);
        }
        Ok(())
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Broken> {
    move || async move { Broken { defect, ..Broken::default() } }
}

#[tokio::test]
async fn every_defect_is_noticed() {
    noticed!(cursors::all, with, {
        InventsOne => cursors::a_new_store_has_none,
        ForgetsOtherFeeds => cursors::a_cursor_replaces_that_of_its_feed_only,
        OnlyMovesForward => cursors::a_cursor_replaces_that_of_its_feed_only,
        KeepsTheFirstOfACall => cursors::the_last_cursor_of_a_call_counts,
        TrimsNames => cursors::names_and_offsets_come_back_as_they_were,
    });
}
