//! A suite that cannot fail shows nothing: for each behaviour a backend that lacks it, and the suite has to notice.

#![allow(clippy::unwrap_used, reason = "a poisoned lock fails the test")]

use std::fmt::Debug;

use stockflow_core::conformance::Outcome;

/// Runs each behaviour with a backend of its defect, and wants it to be noticed there, and by the whole suite.
macro_rules! noticed {
    ($suite:path, $harness:expr, { $($defect:expr => $behaviour:path),+ $(,)? }) => {
        $(
            $crate::is_noticed($defect, $behaviour(&$harness(Some($defect))).await);
            $crate::is_noticed($defect, $suite(&$harness(Some($defect))).await);
        )+
        $suite(&$harness(None)).await.expect("without a defect nothing is found");
    };
}

// After the macro that they use.
mod alerter;
mod archive;
mod cursors;
mod ledger;
mod sink;
mod source;
mod table;

/// Wants a defect to have been noticed.
fn is_noticed(defect: impl Debug, outcome: Outcome) {
    assert!(outcome.is_err(), "{defect:?} went unnoticed");
}
