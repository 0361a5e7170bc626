//! What talks to AWS.

mod athena;
mod lake;

pub(super) use self::{athena::athena, lake::lake};
