//! Who is asking.

use aws_config::SdkConfig;

use super::Finding;
use crate::aws::signed::{Refusal, Request, elements};

/// The account behind the credentials.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) config: SdkConfig,
    pub(super) region: String,
    /// Twelve digits.
    pub(super) number: String,
}

impl Account {
    /// Asks who the credentials are of.
    pub(super) async fn open(config: SdkConfig, region: String) -> Result<Self, Finding> {
        let fields = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
        let answer = Request::form("sts", &fields).send(&config).await;
        let todo = "set AWS_PROFILE, sign in (`aws sso login`), or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        let answer = answer.map_err(|why| match why {
            Refusal::Unreachable(why) => Finding::broken(
                "network",
                format!("nobody answers: {why}"),
                "is the region's name right, is there a way out of this network, and does AWS_ENDPOINT_URL lead somewhere?",
            ),
            Refusal::Unsigned(why) | Refusal::Refused(why) => {
                Finding::broken("credentials", why, todo)
            }
        })?;
        match elements(&answer, "Account").first() {
            Some(number) => Ok(Self { config, region, number: (*number).to_owned() }),
            None => Err(Finding::broken("credentials", format!("no account in {answer}"), todo)),
        }
    }
}
