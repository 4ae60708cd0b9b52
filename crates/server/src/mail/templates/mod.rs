//! Mails in the customer's own words, for the environment or for one organization.
//!
//! Invariants: a template that is stored can be read and filled; of a scope and use case at most one is in use, by a key of
//! the database, and an organization's wins; templates are used only for mails that go by the environment's own server,
//! so that nobody writes what they like in the installation's name.
mod grpc;
mod jet;
mod ops;
mod render;
pub(super) mod store;
mod use_cases;

pub(super) use grpc::routes;
pub use ops::check_variables;
pub(super) use ops::values;
pub(super) use render::Parts;

use crate::{ids::EmailTemplateId, time::Timestamp};
use use_cases::TemplateUseCase;

/// A template.
#[derive(Clone, Debug)]
pub struct Template {
    /// `tpl_…`
    pub id: EmailTemplateId,
    /// What it is for.
    pub use_case: TemplateUseCase,
    /// Its text.
    pub parts: Parts,
    /// Whether it is in use.
    pub enabled: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
