//! What talks to AWS.

mod athena;
mod doctor;
mod lake;
mod redrive;
mod tail;

pub(super) use self::{athena::athena, doctor::doctor, lake::lake, redrive::redrive, tail::tail};
