//! Who is told.

use aws_sdk_sns::Client;

use super::{Finding, account::Account, refused, told};

const CHECK: &str = "subscriptions";

pub(super) async fn check(account: &Account, name: &str) -> Finding {
    let client = Client::new(&account.config);
    let partition = if account.region.starts_with("cn-") { "aws-cn" } else { "aws" };
    let topic = format!("arn:{partition}:sns:{}:{}:{name}", account.region, account.number);
    let mut pages = client.list_subscriptions_by_topic().topic_arn(&topic).into_paginator().send();
    let (mut confirmed, mut waiting) = (0, Vec::new());
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => return refused(CHECK, told(&error), "--topic"),
        };
        for subscription in page.subscriptions() {
            let arn = subscription.subscription_arn().unwrap_or_default();
            // Who has unsubscribed is listed for three days.
            if arn == "Deleted" {
                continue;
            }
            if is_pending(&client, arn).await {
                waiting.push(subscription.protocol().unwrap_or("?").to_owned());
            } else {
                confirmed += 1;
            }
        }
    }
    if !waiting.is_empty() {
        return Finding::broken(
            CHECK,
            format!(
                "{} of {} wait to be confirmed: {}",
                waiting.len(),
                waiting.len() + confirmed,
                waiting.join(", ")
            ),
            "open the mail \"AWS Notification - Subscription Confirmation\", also among the spam, and follow its link; without a mail, subscribe again: what nobody confirms is dropped after 2 days",
        );
    }
    if confirmed == 0 {
        return Finding::warning(
            CHECK,
            "nobody is subscribed to the alerts",
            format!(
                "deploy with AlertEmail, or: aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint YOU@EXAMPLE.ORG"
            ),
        );
    }
    Finding::ok(CHECK, format!("{confirmed}, all confirmed"))
}

/// A list has a word instead of the ARN for those that are.
async fn is_pending(client: &Client, arn: &str) -> bool {
    if !arn.starts_with("arn:") {
        return true;
    }
    let answer = client.get_subscription_attributes().subscription_arn(arn).send().await;
    let attributes = answer.ok().and_then(|answer| answer.attributes).unwrap_or_default();
    attributes.get("PendingConfirmation").is_some_and(|value| value == "true")
}
