//! The declared rules of `buf.validate`, checked on a request's bytes before they are decoded: one pass, all violations.
//!
//! Besides the declared rules every string must be UTF-8 without NUL, which PostgreSQL cannot store.
mod cel;
mod rules;
#[cfg(test)]
mod tests;
mod text;
mod walk;

use crate::error::{Error, Violation};
use crate::transport::wire::Path;
use gatewright_api::plan::Message;
use std::borrow::Cow;

pub use cel::unknown_expressions;

/// Most violations that one answer tells.
const MAX_VIOLATIONS: usize = 100;

/// Checks a request.
///
/// # Errors
/// `INVALID_ARGUMENT` with every rule that is broken (at most 100), in order of declaration; or with the one field that
/// is not encoded as its type.
pub fn check(message: &'static Message, bytes: &[u8]) -> Result<(), Error> {
    let mut found = Violations(Vec::new());
    walk::Walk { found: &mut found, depth: 0 }.message(message, bytes, &Path::Root)?;
    if found.0.is_empty() { Ok(()) } else { Err(Error::violations(found.0)) }
}

/// What is wrong so far.
struct Violations(Vec<Violation>);

impl Violations {
    fn add(
        &mut self,
        path: &Path<'_>,
        constraint: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) {
        if !self.is_full() {
            let field = path.to_string();
            self.0.push(Violation { field, description: description.into(), constraint: constraint.into() });
        }
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MAX_VIOLATIONS
    }
}
