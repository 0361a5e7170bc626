//! What an answer means, before its content is looked at.

use std::time::Duration;

use super::http::Answer;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Looks like what was asked for.
    Body(Vec<u8>),
    /// Refused for its rate; how long to wait, if told.
    Refused(Option<Duration>),
    /// Something else.
    Failed(String),
}

/// What the host says in place of anything that is asked for, whatever its status.
const REFUSAL: &[u8] = b"Too Many Requests";

impl Outcome {
    pub(super) fn of(answer: Result<Answer, String>) -> Self {
        let Answer { status, retry_after, body } = match answer {
            Ok(answer) => answer,
            Err(why) => return Self::Failed(why),
        };
        let text = body.trim_ascii_start();
        if status == 429 || text.starts_with(REFUSAL) {
            return Self::Refused(retry_after);
        }
        if !text.starts_with(b"{") {
            let what = match text.first() {
                None => "nothing",
                Some(b'<') => "a page in place of JSON",
                Some(_) => "no JSON",
            };
            return Self::Failed(format!("status {status} with {what}"));
        }
        match status {
            // Of a symbol that it does not know, it says so in JSON.
            200 | 404 => Self::Body(body),
            503 if retry_after.is_some() => Self::Refused(retry_after),
            _ => Self::Failed(format!("status {status}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let of = |status: u16, body: &str| {
            let body = body.as_bytes().to_vec();
            Outcome::of(Ok(Answer { status, retry_after: None, body }))
        };
        assert_eq!(of(200, "{}"), Outcome::Body(b"{}".to_vec()));
        assert_eq!(of(404, "{}"), Outcome::Body(b"{}".to_vec()));
        assert_eq!(of(429, ""), Outcome::Refused(None));
        assert_eq!(of(200, "Too Many Requests\r\n"), Outcome::Refused(None));
        for (status, body) in [
            (200, ""),
            (200, "<!doctype html>"),
            (404, "<html>"),
            (200, "null"),
            (500, "{}"),
            (401, "{}"),
            (302, ""),
        ] {
            assert!(matches!(of(status, body), Outcome::Failed(_)), "{status} {body}");
        }
        assert_eq!(Outcome::of(Err("cut".into())), Outcome::Failed("cut".into()));
    }
}
