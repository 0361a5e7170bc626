//! The program, and how it is killed.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::steps::{Step, Trace};

/// When to kill.
#[derive(Debug)]
pub enum Aim {
    /// So much later than the `nth` trace before this step.
    Step { step: &'static Step, nth: u64, later: Duration },
    /// So long after the start.
    Delay(Duration),
    /// Not at all.
    Nothing,
}

/// How a process ended.
#[derive(Debug)]
pub enum End {
    /// By itself.
    Finished,
    /// By SIGKILL; with the last trace that it left.
    Killed(Option<Trace>),
}

/// A replay of files into a data folder, started as often as one likes.
pub struct Replay<'a> {
    pub files: &'a [PathBuf],
    pub data: &'a Path,
    pub config: &'a Path,
}

/// So many traces are read in wait for one of the intake, which has nothing to do any more once all quotes are taken.
const PATIENCE: u64 = 60;
impl Replay<'_> {
    /// Starts the program, with so many quotes in a batch, and kills it where `aim` says, if it comes to that.
    pub fn run(&self, batch: u64, aim: &Aim) -> End {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stockflow"))
            .arg("run")
            .args(self.files.iter().flat_map(|file| [Path::new("--replay"), file]))
            .args([Path::new("--data"), self.data, Path::new("--config"), self.config])
            .args(["--batch-records", &batch.to_string(), "--format", "json"])
            .env("RUST_LOG", "off,stockflow::step=trace")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = Log::of(&mut child);
        match aim {
            Aim::Nothing => {}
            Aim::Delay(delay) => {
                thread::sleep(*delay);
                child.kill().unwrap();
            }
            Aim::Step { step, nth, later } => {
                let most = if step.part == 0 { PATIENCE } else { u64::MAX };
                if log.read_up_to(step, *nth, most) {
                    let seen = Instant::now();
                    while seen.elapsed() < *later {
                        std::hint::spin_loop();
                    }
                    child.kill().unwrap();
                }
            }
        }
        // What it wrote before it died is still in the pipe.
        while log.next() {}
        let status = child.wait().unwrap();
        if status.success() {
            return End::Finished;
        }
        assert!(status.code().is_none(), "it failed by itself: {status}\n{}", log.text);
        End::Killed(log.last)
    }
}

struct Log {
    lines: BufReader<ChildStderr>,
    line: String,
    last: Option<Trace>,
    /// What is no trace.
    text: String,
}

impl Log {
    fn of(child: &mut Child) -> Self {
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { lines, line: String::new(), last: None, text: String::new() }
    }

    /// Whether there was one more line.
    fn next(&mut self) -> bool {
        self.line.clear();
        if self.lines.read_line(&mut self.line).unwrap() == 0 {
            return false;
        }
        match Trace::read(&self.line) {
            Some(trace) => self.last = Some(trace),
            None => self.text.push_str(&self.line),
        }
        true
    }

    /// Reads until the trace before `step` came so often, at most so many lines; whether there were enough.
    fn read_up_to(&mut self, step: &Step, nth: u64, most: u64) -> bool {
        let mut left = nth;
        for _ in 0..most {
            if left == 0 {
                break;
            }
            if !self.next() {
                return false;
            }
            let here = Trace::read(&self.line);
            left -= u64::from(here.is_some_and(|t| t.part == step.part && t.done == step.after));
        }
        true
    }
}
