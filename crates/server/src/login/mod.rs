//! Signing in: from an application's request for authorization to the code that it exchanges for tokens (`auth.md` 1 to 5).
//!
//! A request is checked (`authorize`), routed (`routing`), answered by a session that will do (`switching`), or becomes a
//! sign-in: a row that says what was asked for and how far the person is. Each page shows where it is (`pages`), each form
//! takes one step (`mailing`, `upstream`, `organizations`, `consent`), what was proved leads to an organization (`proof`), and
//! one transaction ends it (`enter`).
//!
//! Invariants: nobody is redirected to a URI that the client has not registered; a sign-in belongs to one browser, by its
//! cookie; a step is taken once, by the version of the row, and one code comes of a sign-in however often its last step is
//! taken; a mailbox counts as a person's only after a proof; what an organization's provider says counts in that organization
//! only; a failed sign-in leaves an entry in the authentication log and an event that says what was expected and what came.
mod authorize;
mod begin;
mod consent;
mod enter;
mod grpc;
mod handoff;
mod invitations;
mod jobs;
mod log;
mod mailing;
mod organizations;
mod outcome;
mod pages;
mod params;
mod passkey_offer;
mod proof;
mod reported;
mod restart;
mod routing;
mod sign_in;
mod steps;
mod store;
mod switching;
mod target;
mod upstream;

pub use begin::{Visitor, authorize};
pub use grpc::routes;
pub use handoff::{LoginRequest, NewLoginRequest, ReportedUser, Resource, open, take};
pub use invitations::{Invited, accept as accept_invitation, find as find_invitation};
pub use jobs::jobs;
pub use outcome::{Go, Outcome, Trouble, TroubleKind};
pub use pages::{Reader, show, stop};
pub use params::Params;
pub use passkey_offer::begin as begin_registration;
pub use reported::came_back as came_back_reported;
pub use restart::initiate_login;
pub use sign_in::SignIn;
pub use steps::{Form, find, find_link, take_step};
pub use upstream::came_back;
