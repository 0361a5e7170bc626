//! Bodies of webhooks.

use serde_json::json;
use stockflow_core::Alert;

/// What the receiver of a webhook understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookForm {
    /// The alert as it is, [`Alert::to_json`].
    Json,
    /// A message to an incoming webhook of Slack, or of what understands the same (Mattermost, Rocket.Chat).
    Slack,
    /// A message to a webhook of Discord.
    Discord,
}

/// The forms by name.
pub(super) const FORMS: [(&str, WebhookForm); 3] =
    [("json", WebhookForm::Json), ("slack", WebhookForm::Slack), ("discord", WebhookForm::Discord)];

/// Discord takes 2,000 characters.
const DISCORD_MAX: usize = 1900;

impl WebhookForm {
    pub(super) fn body(self, alert: &Alert) -> String {
        let text = || format!("{}\n{}", alert.subject(), alert.message());
        match self {
            Self::Json => alert.to_json(),
            // Not as markup: a symbol may hold what would be a mention, a link or bold letters.
            Self::Slack => {
                let text = text().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                json!({ "text": text, "mrkdwn": false }).to_string()
            }
            Self::Discord => {
                let mut text = text().replace('`', "'");
                // All of it is ASCII.
                text.truncate(DISCORD_MAX);
                let content = format!("```\n{text}\n```");
                json!({ "content": content, "allowed_mentions": { "parse": [] } }).to_string()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use stockflow_core::conformance::samples;

    use super::*;

    fn alert(symbol: &str) -> Alert {
        Alert { symbol: symbol.parse().unwrap(), ..samples::alerts(1).remove(0) }
    }

    fn text(form: WebhookForm, alert: &Alert, key: &str) -> String {
        let body: Value = serde_json::from_str(&form.body(alert)).unwrap();
        body[key].as_str().unwrap().to_owned()
    }

    #[test]
    fn plain_json_is_the_alert() {
        let alert = alert("AAPL");
        assert_eq!(Alert::from_json(WebhookForm::Json.body(&alert).as_bytes()), Ok(alert));
    }

    #[test]
    fn messages_are_no_markup_and_mention_nobody() {
        let mut alert = alert("@everyone&*");
        alert.rule = "<!channel> ``` *x*".into();
        let slack = text(WebhookForm::Slack, &alert, "text");
        assert!(slack.starts_with(&alert.subject()[..9]));
        assert!(slack.contains("@everyone&amp;*") && slack.contains("&lt;!channel&gt;"));
        assert!(!slack.contains(['<', '>']));
        let discord = text(WebhookForm::Discord, &alert, "content");
        assert_eq!(discord.matches("```").count(), 2);
        let body: Value = serde_json::from_str(&WebhookForm::Discord.body(&alert)).unwrap();
        assert_eq!(body["allowed_mentions"]["parse"], json!([]));
    }

    #[test]
    fn a_long_message_fits_discord() {
        let mut alert = alert("AAPL");
        alert.rule = "x".repeat(5000).into();
        assert!(text(WebhookForm::Discord, &alert, "content").len() < 2000);
    }
}
