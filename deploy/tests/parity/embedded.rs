//! The embedded run: `stockflow run --replay`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use stockflow_deploy::Programs;
use tempfile::TempDir;

use crate::outcome::Tally;

/// A data folder after a replay, and what the program said.
pub(crate) struct Embedded {
    data: TempDir,
    summary: Value,
}

impl Embedded {
    pub(crate) fn run(programs: &Programs, file: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        let output = Command::new(programs.path("stockflow"))
            .args(["run", "--format", "json", "--replay"])
            .arg(file)
            .arg("--data")
            .arg(data.path())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success());
        Self { data, summary: serde_json::from_slice(&output.stdout).unwrap() }
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn tally(&self) -> Tally {
        let count = |name: &str| self.summary[name].as_u64().unwrap();
        let sum = |name: &str| {
            self.summary[name].as_object().unwrap().values().filter_map(Value::as_u64).sum()
        };
        Tally {
            late: count("late"),
            duplicate: count("duplicate"),
            quarantined: count("quarantined"),
            anomalies: sum("anomalies"),
            turns: sum("turns"),
            alerts: count("alerts"),
        }
    }
}
