//! Webhooks, where the cargo feature `webhook` is off.

pub(super) const ENTRY: super::AlerterEntry = super::AlerterEntry::absent("webhook", "webhook");
