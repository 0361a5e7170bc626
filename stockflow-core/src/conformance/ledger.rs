//! Alerts claimed and sent, and the policy's states: [`AlertLedger`].

mod claims;
mod states;

use super::{Harness, Outcome};
use crate::AlertLedger;

pub use claims::*;
pub use states::*;

/// Every behaviour of this module.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<H>(harness: &H) -> Outcome
where
    H: Harness<Backend: AlertLedger + 'static>,
{
    run!(harness:
        a_first_claim_wins,
        a_claim_holds_until_its_lease_is_over,
        a_takeover_has_a_lease_of_its_own,
        a_claim_without_a_lease_is_taken_over_at_once,
        a_mark_is_final,
        a_mark_counts_after_the_lease_too,
        alerts_are_kept_apart,
        of_eight_concurrent_claims_one_wins,
        of_eight_concurrent_takeovers_one_wins,
        a_state_comes_back_as_it_was,
        states_only_move_forward,
        states_are_kept_apart,
        states_come_in_the_order_of_their_keys,
        of_eight_concurrent_advances_one_wins,
    )
}
