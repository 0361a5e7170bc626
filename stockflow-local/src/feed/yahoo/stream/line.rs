//! The connection: made, kept alive, and made again.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    super::BACKEND,
    dial::{Dial, Lost, Socket},
};
use crate::rng::Rng;

/// A line that was silent for so many heartbeats is dead.
const SILENT_BEATS: u32 = 3;
/// First pause after a refusal for the rate; it doubles up to the longest one.
const FIRST_REFUSED: Duration = Duration::from_secs(30);
const LONGEST_REFUSED: Duration = Duration::from_secs(3_600);

/// What happens on a line.
#[derive(Debug)]
pub(super) enum Event {
    /// It is connected, and has subscribed.
    Open,
    /// A text, or the bytes of one.
    Heard(String),
    /// The connection is no more, or could not be made. Whether it was refused for the rate.
    Lost { refused: bool },
    /// It is not to be made again.
    End,
}

/// A WebSocket that subscribes to something, and connects again by itself.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) dial: Dial,
    /// Between two heartbeats.
    pub(super) beat: Duration,
    /// First and longest pause before a connection is made again.
    pub(super) pauses: (Duration, Duration),
    /// Connections that are left; none: no end.
    pub(super) left: Option<u32>,
    /// The next pause; none: the first one.
    pause: Option<Duration>,
    random: Rng,
    lost_at: Option<Instant>,
    state: State,
}

enum State {
    Waiting(Instant),
    Connecting(JoinHandle<Result<Socket, Lost>>),
    Open(Box<Open>),
}

struct Open {
    socket: Socket,
    since: Instant,
    beat_at: Instant,
    /// Heartbeats since something was heard.
    silent: u32,
}

impl Line {
    pub(super) fn new(dial: Dial) -> Self {
        Self {
            dial,
            beat: Duration::from_secs(15),
            pauses: (Duration::from_secs(1), Duration::from_secs(120)),
            left: None,
            pause: None,
            // Many that lose one host together do not come back together.
            random: Rng::new(&[RandomState::new().build_hasher().finish()]),
            lost_at: None,
            state: State::Waiting(Instant::now()),
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Waits for the next event. Dropped while it waits, it loses none.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            if self.left == Some(0) && !self.is_open() {
                return Event::End;
            }
            match &mut self.state {
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    self.state = State::Connecting(tokio::spawn(self.dial.clone().connect()));
                }
                State::Connecting(connecting) => match connecting.await {
                    Ok(Ok(socket)) => return self.opened(socket),
                    Ok(Err(lost)) => return self.lost(lost),
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    // The runtime ends.
                    Err(error) => return self.lost(Lost::new(error.to_string())),
                },
                State::Open(open) => match open.next(self.beat, &self.dial).await {
                    Ok(Some(text)) => return Event::Heard(text),
                    Ok(None) => {}
                    Err(lost) => return self.lost(lost),
                },
            }
        }
    }

    fn opened(&mut self, socket: Socket) -> Event {
        let now = Instant::now();
        let beat_at = now + self.beat;
        self.state = State::Open(Box::new(Open { socket, since: now, beat_at, silent: 0 }));
        match self.lost_at.take() {
            Some(lost) => {
                let gap = now - lost;
                tracing::warn!(
                    backend = BACKEND,
                    ?gap,
                    "the stream is connected again; what was told meanwhile is not seen"
                );
            }
            None => tracing::info!(backend = BACKEND, "the stream is connected"),
        }
        Event::Open
    }

    /// Gives up the connection, if there is one; the next one is made after a pause. Of a connection that lasted four times as long as the
    /// pause before it, that is the first pause.
    pub(super) fn lost(&mut self, Lost { why, refused, after }: Lost) -> Event {
        let (now, (first, longest)) = (Instant::now(), self.pauses);
        let pause = self.pause.unwrap_or(first);
        let lasted = match &self.state {
            State::Open(open) => now - open.since,
            _ => Duration::ZERO,
        };
        let pause = if lasted > pause * 4 { first } else { pause };
        let (least, longest) =
            if refused { (FIRST_REFUSED, LONGEST_REFUSED) } else { (Duration::ZERO, longest) };
        let pause = pause.max(least).min(longest);
        self.pause = Some((pause * 2).min(longest));
        let pause = pause.mul_f64(0.5 + 0.5 * self.random.unit()).max(after.unwrap_or_default());
        self.state = State::Waiting(now + pause);
        self.lost_at.get_or_insert(now);
        self.left = self.left.map(|left| left.saturating_sub(1));
        tracing::warn!(
            backend = BACKEND,
            why,
            ?pause,
            "the stream is lost; it is connected again after a pause"
        );
        Event::Lost { refused }
    }
}

impl Open {
    /// The next text, or nothing, for another frame or a heartbeat.
    async fn next(&mut self, beat: Duration, dial: &Dial) -> Result<Option<String>, Lost> {
        tokio::select! {
            message = self.socket.next() => {
                self.silent = 0;
                match message {
                    None | Some(Ok(Message::Close(_))) => {
                        Err(Lost::new("the host has closed it".to_owned()))
                    }
                    Some(Err(error)) => Err(error.into()),
                    Some(Ok(Message::Text(text))) => Ok(Some(text.to_string())),
                    Some(Ok(Message::Binary(bytes))) => {
                        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
                    }
                    // Pings are answered below this.
                    Some(Ok(_)) => Ok(None),
                }
            }
            () = sleep_until(self.beat_at) => {
                // Not by the clock: nothing is heard while nobody listens.
                self.silent += 1;
                if self.silent > SILENT_BEATS {
                    return Err(Lost::new(format!("it was silent for {:?}", beat * SILENT_BEATS)));
                }
                self.beat_at = Instant::now() + beat;
                say(&mut self.socket, dial).await.map(|()| None)
            }
        }
    }
}

/// The subscription, which hosts forget, and a ping, which they answer also when no market moves.
pub(super) async fn say(socket: &mut Socket, dial: &Dial) -> Result<(), Lost> {
    let said = async {
        socket.feed(Message::text(dial.subscribe.as_str())).await?;
        socket.send(Message::Ping(Default::default())).await
    };
    let said = timeout(dial.timeout, said).await;
    Ok(said.map_err(|_| Lost::new("it takes nothing".to_owned()))??)
}

impl Drop for State {
    fn drop(&mut self) {
        if let Self::Connecting(connecting) = self {
            connecting.abort();
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting",
            Self::Connecting(_) => "Connecting",
            Self::Open(_) => "Open",
        })
    }
}
