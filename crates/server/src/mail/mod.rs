//! Mails to users: queued in the transaction of the change, sent by a job after its commit, never by the request.
//!
//! Invariants: what a mail says (codes, links) is stored sealed, and forgotten once it is sent or given up; a mail is
//! never sent after what it carries has expired; all attempts at one mail have one Message-ID, so that a receiver knows a
//! repetition; an environment may have servers and templates of its own; without any SMTP server, mails are kept in an
//! inbox for developers, or, in production, wait and are given up visibly. No log line has an address, a code or a link in it.
mod inbox;
mod job;
mod mailer;
mod message;
mod model;
mod ops;
mod servers;
mod smtp;
mod store;
mod templates;
mod words;

pub use inbox::{InboxMail, Page, inbox, page};
pub use job::jobs;
pub use mailer::{Delivery, Mailer};
pub use model::{NewMail, UseCase, Variables};
pub use ops::{queue, queue_in};
pub use templates::check_variables;

/// The rpcs that are built: all of `EmailService`.
pub fn routes(routes: &mut crate::rpc::Routes) {
    servers::routes(routes);
    templates::routes(routes);
}
