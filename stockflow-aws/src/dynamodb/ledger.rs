//! The ledger of alerts.

mod item;
mod list;
mod read;

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Claim, Error, ErrorKind, InvalidConfig, PolicyState,
    Result, RuleKey, Timestamp, wire::DecodeError,
};

use super::{
    BACKEND,
    call::retry,
    definition::check_name,
    value::{Fields, Item, text},
};
use crate::{Patience, error::Call};

pub use list::LedgerEntry;

/// Alerts and policy states in a DynamoDB table: an [`AlertLedger`].
///
/// # Items
/// The key is `id`: an alert's id, or `/SYMBOL/rule` for the state of a rule's policy. An alert is stored in full when it is claimed,
/// with `lease_until`, later `sent_at`; a policy's state has `last_input`, and `up`, `down` and `flat`.
///
/// The table is made by [`ALERTS`](super::ALERTS), or by whatever makes the same.
///
/// # Delivery
/// Each change is one conditional write, so of several callers exactly one wins. An answer that gets lost does no harm within a call:
/// each call signs what it writes, and so finds its own claim when it tries again. A call that ended in an error may have claimed
/// all the same: then nobody sends until its lease is over, and then whoever asks takes the claim over. Such an alert is late, not
/// lost.
///
/// # Limits
/// An alert costs two write units to claim and two to mark (half of it for the index), a policy's state one. A failed condition costs
/// one too. Rules' names are limited by the key's 2,048 bytes.
///
/// Retries are as those of [`DynamoTable`](super::DynamoTable).
#[derive(Clone, Debug)]
pub struct DynamoLedger {
    client: Client,
    name: String,
    resource: String,
    patience: Patience,
}

/// What a conditional write came to.
enum Written {
    Done,
    /// The condition does not hold, because of this item.
    Refused(Option<Item>),
}

impl DynamoLedger {
    /// The ledger in the table `name`; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`InvalidConfig`] if no table can have that name.
    pub fn new(client: Client, name: &str) -> Result<Self, InvalidConfig> {
        check_name(name)?;
        let resource = format!("table `{name}`");
        Ok(Self { client, name: name.to_owned(), resource, patience: Patience::default() })
    }

    /// With another deadline and other waits.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }

    /// Puts `item` if there is none of its id, or one that `unless` lets go, or one that this very call has put.
    async fn put_if(
        &self,
        item: &Item,
        unless: &str,
        values: &[(&str, AttributeValue)],
        claimant: &str,
    ) -> Result<Written> {
        let call = self.call("PutItem");
        let condition = format!("attribute_not_exists(id) OR claimant = :claimant OR ({unless})");
        retry(call, &mut self.patience.begin(), || {
            let mut put = self
                .client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item.clone()))
                .condition_expression(&condition)
                .expression_attribute_values(":claimant", text(claimant))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            for (name, value) in values {
                put = put.expression_attribute_values(*name, value.clone());
            }
            async move {
                match put.send().await {
                    Ok(_) => Ok(Written::Done),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                            Ok(Written::Refused(refusal.item.clone()))
                        }
                        _ => Err(call.failed(error)),
                    },
                }
            }
        })
        .await
    }
}

/// A name for one call, that no other call has.
fn claimant() -> String {
    let (a, b) = (RandomState::new().hash_one(0), RandomState::new().hash_one(1));
    format!("{a:016x}{b:016x}")
}

fn corrupt(call: Call<'_>, item: &Item, error: DecodeError) -> Error {
    let id = item.get("id").map_or("absent".into(), |id| format!("{id:?}"));
    call.error(ErrorKind::Corrupt)
        .with_source(format!("the item with id {id} in {} is not ours: {error}", call.resource))
}

#[async_trait]
impl AlertLedger for DynamoLedger {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        let claimant = claimant();
        let item = item::encode_alert(alert, now.saturating_add(lease), &claimant);
        let free = "attribute_not_exists(sent_at) AND lease_until <= :now";
        let values = [(":now", text(now.to_string()))];
        let held = match self.put_if(&item, free, &values, &claimant).await? {
            Written::Done => return Ok(Claim::Won),
            Written::Refused(Some(held)) => held,
            // The refusal did not bring what it is for.
            Written::Refused(None) => {
                let gone = || {
                    let cause = format!("alert {} was taken away while it was claimed", alert.id());
                    self.call("PutItem").error(ErrorKind::Unavailable).with_source(cause)
                };
                self.item(alert.id().as_str()).await?.ok_or_else(gone)?
            }
        };
        match item::decode_status(&Fields::from(&held)) {
            Ok(AlertStatus::Sent { .. }) => Ok(Claim::Sent),
            Ok(AlertStatus::Claimed { until }) => Ok(Claim::Held { until }),
            Err(error) => Err(corrupt(self.call("PutItem"), &held, error)),
        }
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        let call = self.call("UpdateItem");
        retry(call, &mut self.patience.begin(), || {
            let update = self
                .client
                .update_item()
                .table_name(&self.name)
                .key("id", text(id.as_str()))
                // The first mark stays, also when its answer was lost and this is another attempt.
                .update_expression("SET sent_at = if_not_exists(sent_at, :at)")
                .condition_expression("attribute_exists(id)")
                .expression_attribute_values(":at", text(at.to_string()));
            async move {
                match update.send().await {
                    Ok(_) => Ok(()),
                    Err(error)
                        if error
                            .as_service_error()
                            .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
                    {
                        let cause = format!("alert {id} was never claimed");
                        Err(call.error(ErrorKind::NotFound).with_source(cause))
                    }
                    Err(error) => Err(call.failed(error)),
                }
            }
        })
        .await
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        let Some(item) = self.item(id.as_str()).await? else { return Ok(None) };
        let status = item::decode_status(&Fields::from(&item));
        status.map(Some).map_err(|error| corrupt(self.call(read::OPERATION), &item, error))
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        let ids: Vec<String> = keys.iter().map(item::policy_id).collect();
        let items = self.items(&ids).await?;
        let state = |item: &Item| {
            let state = item::decode_policy(&Fields::from(item));
            state.map_err(|error| corrupt(self.call(read::OPERATION), item, error))
        };
        ids.iter().map(|id| items.get(id).map(state).transpose()).collect()
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        let claimant = claimant();
        let item = item::encode_policy(key, state, &claimant);
        let earlier = "last_input < :last_input";
        let values = [(":last_input", text(state.last_input.to_string()))];
        Ok(matches!(self.put_if(&item, earlier, &values, &claimant).await?, Written::Done))
    }
}
