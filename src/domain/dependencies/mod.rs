//! Which deployments a package is bound to, what has to be deployed before it, and what has to be
//! taken down with it.
//!
//! [`resolve`] decides: `known` is what runs, `walk` follows the dependencies from the requested
//! package on, `plan` checks and orders what would be deployed, `words` says what is in the way.
//! [`Dependents`] looks the other way.

mod dependents;
mod known;
mod plan;
mod resolve;
mod walk;
mod words;

pub use dependents::Dependents;
pub use resolve::{
    Binding, Candidate, CandidateState, Choice, Planned, PlannedBinding, Resolution, Target,
    resolve,
};

#[cfg(test)]
mod tests;
