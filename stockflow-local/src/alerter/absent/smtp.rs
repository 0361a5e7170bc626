//! E-mail, where the cargo feature `smtp` is off.

pub(super) const ENTRY: super::AlerterEntry = super::AlerterEntry::absent("smtp", "smtp");
