//! What every page has in common, and the answer that carries one.
use super::Look;
use axum::{body::Body, response::Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Where the forms of a page lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// There are none.
    None,
    /// To pages of ours.
    Stay,
    /// To pages of ours that may redirect to an application or an identity provider, which Chromium counts as part of
    /// the form: no list could name them all (`docs/decisions/0028-hosted-pages.md`).
    Leave,
}

/// A hosted page.
pub trait Page: Sized {
    /// For tests: the name of its template.
    const NAME: &'static str;
    /// Where its forms lead.
    const FORMS: Forms;

    /// Its HTML.
    ///
    /// # Errors
    /// None that is not a fault of ours.
    fn html(&self, look: &Look) -> Result<String, askama::Error>;

    /// Whether it needs our script.
    fn has_script(&self) -> bool {
        false
    }

    /// The page in each of its states, for tests and for people who judge how it looks.
    fn samples() -> Vec<Self>;
}

/// `page!(SignIn, "sign_in", Forms::Leave)`: the page's template is `templates/pages/sign_in.html`, which sees it as
/// `page` and the look as `look`.
macro_rules! page {
    ($page:ident, $name:literal, $path:literal, $forms:expr $(, script: $script:expr)?) => {
        const _: () = {
            use $crate::pages::Page as _;

            #[derive(askama::Template)]
            #[template(path = $path)]
            struct View<'a> {
                look: &'a $crate::pages::Look,
                page: &'a $page,
            }

            impl $crate::pages::Page for $page {
                const NAME: &'static str = $name;
                const FORMS: $crate::pages::Forms = $forms;

                fn html(&self, look: &$crate::pages::Look) -> Result<String, askama::Error> {
                    askama::Template::render(&View { look, page: self })
                }

                $(fn has_script(&self) -> bool {
                    let script: fn(&Self) -> bool = $script;
                    script(self)
                })?

                fn samples() -> Vec<Self> {
                    Self::examples()
                }
            }
        };
    };
}
pub(super) use page;

/// The page as an answer, with all headers that it needs. Add cookies to it as you like.
pub fn respond<P: Page>(look: &Look, status: StatusCode, page: &P) -> Response {
    let html = match page.html(look) {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, page = P::NAME, "a page cannot be shown");
            return broken();
        }
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(look.language().tag));
    if let Ok(policy) = HeaderValue::from_str(&policy(P::FORMS, page.has_script())) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Nothing but what pages use: our style sheets, images that branding names, fonts that were uploaded.
fn policy(forms: Forms, has_script: bool) -> String {
    let script = if has_script { "; script-src 'self'; connect-src 'self'" } else { "" };
    let forms = match forms {
        Forms::None => "; form-action 'none'",
        Forms::Stay => "; form-action 'self'",
        Forms::Leave => "",
    };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'{script}{forms}"
    )
}

fn broken() -> Response {
    let mut response = Response::new(Body::from("this page cannot be shown; the server's log says why\n"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
