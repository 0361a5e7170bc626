//! Stands between the program and the emulator, and kills the program at a moment of its choice.

use std::{
    io::Write as _,
    net::TcpStream,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::relay::{self, Request};

/// What the program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    List,
    Read,
    LookAtNote,
    Send,
    Note,
}

/// Where in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// It has asked, and nothing is done.
    Asked,
    /// It is done, and the program does not know.
    Done,
    /// The program was told, and does something until it asks for the next.
    Told,
}

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// At the `nth` request of this kind; when told, so much later.
    At {
        step: Step,
        moment: Moment,
        nth: u64,
        later: Duration,
    },
    /// So long after its start.
    After(Duration),
    Never,
}

#[derive(Debug, Default)]
struct State {
    aim: Option<(Step, Moment, u64, Duration)>,
    /// The process that is to be killed; no more, once it is dead.
    victim: Option<u32>,
    /// Records that were sent since the last note.
    unnoted: usize,
}

/// Runs the program, and kills it as `aim` says, if it comes to that; with the records that it had sent and not noted then.
pub(crate) fn run(mut command: Command, aim: Aim) -> (Output, usize) {
    let at = match aim {
        Aim::At { step, moment, nth, later } => Some((step, moment, nth, later)),
        Aim::After(_) | Aim::Never => None,
    };
    // Of its own for each process, so that none gets through what a dead one has asked for.
    let state = Arc::<Mutex<State>>::default();
    let shared = state.clone();
    let url = relay::start(move |request, stream| serve(&request, stream, &shared));
    let child = {
        let mut state = state.lock().unwrap();
        command.env("AWS_ENDPOINT_URL", url).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        *state = State { aim: at, victim: Some(child.id()), unnoted: 0 };
        child
    };
    if let Aim::After(delay) = aim {
        thread::sleep(delay);
        state.lock().unwrap().kill();
    }
    let output = child.wait_with_output().unwrap();
    let unnoted = state.lock().unwrap().unnoted;
    (output, unnoted)
}

impl State {
    fn kill(&mut self) {
        if let Some(victim) = self.victim.take() {
            // It may have ended by itself.
            let _ = Command::new("kill").args(["-KILL", &victim.to_string()]).status();
        }
    }

    /// Whether this is the moment.
    fn is_aim(&mut self, now: Step, at: Moment) -> bool {
        let Some((step, moment, nth, _)) = &mut self.aim else { return false };
        if (*step, *moment) != (now, at) {
            return false;
        }
        *nth -= 1;
        *nth == 0
    }
}

/// One request; all others wait meanwhile.
fn serve(request: &Request, mut stream: TcpStream, state: &Mutex<State>) {
    let mut state = state.lock().unwrap();
    // Of a dead process nothing is taken any more.
    if state.victim.is_none() {
        return;
    }
    let step = step(request);
    if state.is_aim(step, Moment::Asked) {
        return state.kill();
    }
    let answer = request.forward();
    match step {
        Step::Send => state.unnoted += request.json()["Records"].as_array().unwrap().len(),
        Step::Note => state.unnoted = 0,
        _ => {}
    }
    if state.is_aim(step, Moment::Done) {
        return state.kill();
    }
    let told = state.is_aim(step, Moment::Told);
    let _ = stream.write_all(&answer);
    drop(stream);
    if told {
        let later = state.aim.map_or(Duration::ZERO, |(.., later)| later);
        thread::sleep(later);
        state.kill();
    }
}

fn step(request: &Request) -> Step {
    let head = request.head();
    if head.contains("kinesis_20131202.putrecords") {
        return Step::Send;
    }
    let line = head.lines().next().unwrap();
    match (line.starts_with("put"), line.contains("/redriven/"), line.contains("list-type=2")) {
        (true, true, _) => Step::Note,
        (false, true, _) => Step::LookAtNote,
        (false, false, true) => Step::List,
        (false, false, false) => Step::Read,
        (true, false, _) => unreachable!("it writes nothing but notes: {line}"),
    }
}
