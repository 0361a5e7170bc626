//! Standard error, shared by alerts and a progress line that stays below them.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write},
    sync::{Arc, Mutex, PoisonError},
};

const ERASE_LINE: &str = "\r\u{1b}[2K";

/// Writes whole lines; a progress line, on a terminal only, is wiped before and drawn again after each.
#[derive(Clone)]
pub(in crate::cmd) struct Screen {
    state: Arc<Mutex<State>>,
    colour: bool,
    live: bool,
}

struct State {
    out: Box<dyn Write + Send>,
    progress: String,
}

impl Screen {
    /// Standard error: with a progress line if it is a terminal, and in colour unless `NO_COLOR` is set.
    pub(in crate::cmd) fn stderr() -> Self {
        let terminal = io::stderr().is_terminal();
        Self::new(Box::new(io::stderr()), terminal, crate::stderr_has_colour())
    }

    fn new(out: Box<dyn Write + Send>, live: bool, colour: bool) -> Self {
        let state = State { out, progress: String::new() };
        Self { state: Arc::new(Mutex::new(state)), colour, live }
    }

    pub(in crate::cmd) const fn is_live(&self) -> bool {
        self.live
    }

    pub(in crate::cmd) const fn has_colour(&self) -> bool {
        self.colour
    }

    /// Prints lines above the progress line.
    pub(in crate::cmd) fn line(&self, text: &str) {
        self.draw(|state| {
            let State { out, progress } = state;
            let erase = if progress.is_empty() { "" } else { ERASE_LINE };
            write!(out, "{erase}{text}\n{progress}")
        });
    }

    /// Replaces the progress line; an empty text removes it.
    pub(in crate::cmd) fn progress(&self, text: &str) {
        if self.live {
            self.draw(|state| {
                text.clone_into(&mut state.progress);
                write!(state.out, "{ERASE_LINE}{text}")
            });
        }
    }

    /// What is written there in whole lines is printed as [`line`](Self::line) prints them.
    pub(in crate::cmd) fn writer(&self) -> Lines {
        Lines { screen: self.clone(), open: Vec::new() }
    }

    fn draw(&self, draw: impl FnOnce(&mut State) -> io::Result<()>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever closed standard error does not want to see it; the run goes on.
        let _ = draw(&mut state).and_then(|()| state.out.flush());
    }
}

/// Bytes that become lines of a [`Screen`].
pub(in crate::cmd) struct Lines {
    screen: Screen,
    /// The line that is not ended yet.
    open: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.extend_from_slice(bytes);
        if let Some(end) = self.open.iter().rposition(|&byte| byte == b'\n') {
            let rest = self.open.split_off(end + 1);
            let lines = std::mem::replace(&mut self.open, rest);
            self.screen.line(String::from_utf8_lossy(&lines[..end]).as_ref());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("live", &self.live).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl Write for Sheet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(live: bool) -> String {
        let sheet = Sheet::default();
        let screen = Screen::new(Box::new(sheet.clone()), live, false);
        screen.progress("1 quote");
        screen.line("alert!");
        screen.progress("");
        let bytes = sheet.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn alerts_are_printed_above_the_progress_line() {
        assert_eq!(
            shown(true),
            format!("{ERASE_LINE}1 quote{ERASE_LINE}alert!\n1 quote{ERASE_LINE}")
        );
    }

    #[test]
    fn a_file_gets_no_progress_and_no_control_sequences() {
        assert_eq!(shown(false), "alert!\n");
    }
}
