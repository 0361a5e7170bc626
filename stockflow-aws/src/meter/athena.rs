//! Queries of Athena.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    bought::{Answer, json},
    usage::AthenaUsage,
};
use crate::prices::athena_billed_bytes;

/// Queries whose end was not seen yet.
pub(super) type Running = BTreeSet<String>;

#[derive(Debug)]
pub(super) enum Asked {
    Start,
    Look(String),
    Other,
}

impl Asked {
    pub(super) fn read(operation: &str, body: &[u8]) -> Self {
        match operation {
            "StartQueryExecution" => Self::Start,
            "GetQueryExecution" => Self::Look(id(&json(body)).unwrap_or_default()),
            _ => Self::Other,
        }
    }

    pub(super) fn settle(
        &self,
        answer: &Answer<'_>,
        usage: &mut AthenaUsage,
        running: &mut Running,
    ) {
        if !answer.is_success() {
            return;
        }
        match self {
            Self::Start => running.extend(id(&answer.json())),
            Self::Look(id) if running.contains(id) => {
                let body = answer.json();
                let query = &body["QueryExecution"];
                let state = query["Status"]["State"].as_str().unwrap_or_default();
                if matches!(state, "SUCCEEDED" | "CANCELLED" | "FAILED") {
                    running.remove(id);
                    note_end(query, state, usage);
                }
            }
            Self::Look(_) | Self::Other => {}
        }
        usage.running = running.len() as u64;
    }
}

/// A query that failed is free, and so is one that reads no data: `SHOW`, `EXPLAIN`, DDL.
fn note_end(query: &Value, state: &str, usage: &mut AthenaUsage) {
    usage.queries += 1;
    let scans = !matches!(query["StatementType"].as_str(), Some("DDL" | "UTILITY"));
    if state != "FAILED" && scans {
        let scanned = query["Statistics"]["DataScannedInBytes"].as_u64().unwrap_or_default();
        usage.bytes_scanned += scanned;
        usage.bytes_billed += athena_billed_bytes(scanned);
    }
}

fn id(body: &Value) -> Option<String> {
    body["QueryExecutionId"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Account(AthenaUsage, Running);

    impl Account {
        fn call(&mut self, operation: &str, request: &Value, answer: &Value) {
            let body = answer.to_string();
            let answer = Answer { status: 200, body: body.as_bytes(), length: 0 };
            Asked::read(operation, request.to_string().as_bytes()).settle(
                &answer,
                &mut self.0,
                &mut self.1,
            );
        }

        fn start(&mut self, id: &str) {
            self.call("StartQueryExecution", &json!({}), &json!({"QueryExecutionId": id}));
        }

        fn look(&mut self, id: &str, state: &str, kind: &str, bytes: u64) {
            let query = json!({"Status": {"State": state}, "StatementType": kind, "Statistics": {"DataScannedInBytes": bytes}});
            self.call(
                "GetQueryExecution",
                &json!({"QueryExecutionId": id}),
                &json!({"QueryExecution": query}),
            );
        }
    }

    #[test]
    fn a_query_is_billed_once_at_its_end() {
        let mut account = Account::default();
        account.start("a");
        assert_eq!(account.0.running, 1);
        account.look("a", "RUNNING", "DML", 5 << 20);
        assert_eq!((account.0.queries, account.0.bytes_billed), (0, 0));
        for _ in 0..3 {
            account.look("a", "SUCCEEDED", "DML", (20 << 20) + 1);
        }
        let expected = AthenaUsage {
            queries: 1,
            bytes_scanned: (20 << 20) + 1,
            bytes_billed: 21 << 20,
            running: 0,
        };
        assert_eq!(account.0, expected);
        account.look("b", "SUCCEEDED", "DML", 1);
        assert_eq!(account.0, expected, "somebody else's query");
    }

    #[test]
    fn small_and_cancelled_queries_cost_10_mb_and_failed_ones_nothing() {
        for (state, kind, billed) in [
            ("SUCCEEDED", "DML", 10 << 20),
            ("CANCELLED", "DML", 10 << 20),
            ("FAILED", "DML", 0),
            ("SUCCEEDED", "UTILITY", 0),
            ("SUCCEEDED", "DDL", 0),
        ] {
            let mut account = Account::default();
            account.start("a");
            account.look("a", state, kind, 100);
            assert_eq!((account.0.queries, account.0.bytes_billed), (1, billed), "{state} {kind}");
        }
    }
}
