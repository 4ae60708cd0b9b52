//! Every page in every state, for tests and for people who judge how pages look.
use super::{Look, Page, respond};
use axum::response::Response;
use http::StatusCode;

/// A page in one of its states.
pub struct Exhibit {
    /// `sign_in-2`
    pub name: String,
    /// As the page is answered.
    pub show: Box<dyn Fn(&Look) -> Response + Send + Sync>,
}

impl std::fmt::Debug for Exhibit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// All of them.
pub fn exhibits() -> Vec<Exhibit> {
    let mut all = Vec::new();
    show::<super::SignIn>(&mut all);
    show::<super::EnterCode>(&mut all);
    show::<super::LinkSent>(&mut all);
    show::<super::ConfirmLink>(&mut all);
    show::<super::LinkDone>(&mut all);
    show::<super::ChooseOrganization>(&mut all);
    show::<super::CreateOrganization>(&mut all);
    show::<super::AcceptInvitation>(&mut all);
    show::<super::InvitationExpired>(&mut all);
    show::<super::Consent>(&mut all);
    show::<super::AddPasskey>(&mut all);
    show::<super::Passkeys>(&mut all);
    show::<super::Sessions>(&mut all);
    show::<super::Simulator>(&mut all);
    show::<super::TestResult>(&mut all);
    show::<super::ErrorPage>(&mut all);
    show::<super::SignedOut>(&mut all);
    show::<super::ConfirmLogout>(&mut all);
    all
}

fn show<P: Page + Send + Sync + 'static>(all: &mut Vec<Exhibit>) {
    for (number, page) in P::samples().into_iter().enumerate() {
        all.push(Exhibit {
            name: format!("{}-{}", P::NAME, number + 1),
            show: Box::new(move |look| respond(look, StatusCode::OK, &page)),
        });
    }
}
