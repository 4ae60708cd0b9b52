//! Hosted pages: how they look and what they say. A flow fills one of these structs and hands it to [`respond`].
//!
//! Invariants: what people or customers typed is escaped, always; no page has inline script or style, may be framed or
//! is kept by a cache; every sentence is a message of `locales/*.ftl`, in each language; every page works without
//! script, except for what passkeys need.
mod accounts;
pub mod assets;
mod brand;
mod color;
mod consent;
mod csrf;
mod errors;
pub mod gallery;
mod language;
mod look;
mod organizations;
mod outcome;
mod page;
mod sign_in;
mod text;
mod theme;

#[cfg(test)]
mod tests;

pub use accounts::{AddPasskey, PasskeyRow, Passkeys, SessionRow, Sessions};
pub use consent::{Consent, ConsentScope};
pub use csrf::{check_csrf, csrf};
pub use language::{LANGUAGES, Language};
pub use look::{Look, theme_sheet};
pub use organizations::{
    AcceptInvitation, ChooseOrganization, CreateOrganization, InvitationExpired, OrganizationChoice,
    OrganizationStatus,
};
pub use outcome::{ConfirmLogout, ErrorPage, SignedOut, Simulator, TestResult};
pub use page::{Forms, Page, respond};
pub use sign_in::{
    CodePurpose, ConfirmLink, EnterCode, LinkDone, LinkSent, PasskeyUse, ProviderButton, SignIn,
};
pub use text::Text;
