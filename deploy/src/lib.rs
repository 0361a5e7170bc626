//! What tests of the deployed whole have in common.
