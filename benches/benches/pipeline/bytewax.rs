//! The job on bytewax, in a process of its own.

use std::{io::Write, path::Path, process::Command};

use serde::Deserialize;

/// What the script answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) quotes: usize,
    pub(crate) alerts: usize,
    seconds: Vec<f64>,
}

impl Answer {
    /// CPU time of a quote, of the fastest round.
    pub(crate) fn nanos(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min) * 1e9 / self.quotes as f64
    }
}

/// Runs the script over `records` in one of its forms, or says why it cannot.
pub(crate) fn run(records: &[&'static [u8]], rounds: usize, form: &str) -> Result<Answer, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let python = folder.join(".venv/bin/python");
    if !python.exists() {
        return Err("not installed: run benches/peers/setup.sh".into());
    }
    let file = std::env::temp_dir().join(format!("stockflow-bench-{}.ndjson", std::process::id()));
    let lines = records.join(&b'\n');
    let output =
        std::fs::File::create(&file).and_then(|mut out| out.write_all(&lines)).and_then(|()| {
            Command::new(python)
                .arg(folder.join("bytewax_job.py"))
                .arg(&file)
                .arg(rounds.to_string())
                .arg(form)
                .output()
        });
    let _ = std::fs::remove_file(&file);
    let output = output.map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}; {}", String::from_utf8_lossy(&output.stderr)))
}
