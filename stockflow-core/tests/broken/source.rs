use async_trait::async_trait;
use stockflow_core::{
    Cursor, Quote, QuoteSource, Result, SourceBatch, Unreadable,
    conformance::{
        samples,
        source::{self, SourceHarness},
    },
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    LosesABatch,
    StartsAgainAtTheEnd,
    NamesNoOrigin,
    LosesWhatItWaitsWith,
    CursorIsBehind,
    CursorIsAhead,
    LeavesOutACursor,
}
use Defect::*;

#[derive(Debug)]
struct Broken {
    quotes: Vec<Quote>,
    next: usize,
    defect: Option<Defect>,
}

#[async_trait]
impl QuoteSource for Broken {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        let (start, end) = (self.next, self.quotes.len().min(self.next + 4));
        if self.defect == Some(LosesWhatItWaitsWith) {
            self.next = end;
        }
        tokio::task::yield_now().await;
        self.next = end;
        if start == end {
            if self.defect == Some(StartsAgainAtTheEnd) {
                self.next = 0;
            }
            return Ok(None);
        }
        let mut batch = SourceBatch::from(self.quotes[start..end].to_vec());
        if start == 8 && self.defect == Some(LosesABatch) {
            batch.quotes.clear();
        }
        if start < 8 {
            let origin = if self.defect == Some(NamesNoOrigin) { 0 } else { start };
            batch.unreadable.push(Unreadable {
                origin: format!("line {origin}"),
                reason: "a comma is missing".to_owned(),
                data: "a".into(),
            });
        }
        let offset = match self.defect {
            Some(CursorIsBehind) => end - 1,
            Some(CursorIsAhead) => end + 1,
            _ => end,
        };
        let cursor = Cursor { feed: "broken".to_owned(), offset: offset.to_string() };
        if self.defect != Some(LeavesOutACursor) || start != 4 {
            batch.cursors.push(cursor);
        }
        Ok(Some(batch))
    }
}

struct With(Option<Defect>);

impl SourceHarness for With {
    type Source = Broken;

    async fn open(&self, cursors: &[Cursor]) -> Broken {
        let next = cursors.first().map_or(0, |cursor| cursor.offset.parse().expect("a number"));
        let quotes = self.expected();
        Broken { next: next.min(quotes.len()), quotes, defect: self.0 }
    }

    fn expected(&self) -> Vec<Quote> {
        samples::quotes(20)
    }

    fn unreadable(&self) -> usize {
        2
    }
}

async fn all(harness: &With) -> stockflow_core::conformance::Outcome {
    source::all(harness).await?;
    source::goes_on_from_every_cursor(harness).await
}

#[tokio::test]
async fn every_broken_source_is_noticed() {
    noticed!(all, With, {
        LosesABatch => source::every_quote_comes_once_in_order,
        StartsAgainAtTheEnd => source::an_exhausted_feed_stays_exhausted,
        NamesNoOrigin => source::two_readings_are_the_same,
        LosesWhatItWaitsWith => source::a_dropped_call_loses_nothing,
        CursorIsBehind => source::goes_on_from_every_cursor,
        CursorIsAhead => source::goes_on_from_every_cursor,
        LeavesOutACursor => source::goes_on_from_every_cursor,
    });
}
