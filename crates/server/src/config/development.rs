//! `[development]`: what development environments have, and production environments never.
use super::section::section;

section! {
    /// What development environments have, and production environments never.
    Development = "development" {
        /// Whether a new development environment has a "Test Organization", whose people (`…@example.com`, `…@example.org`)
        /// sign in at a simulated identity provider: single sign-on to try, also without the internet.
        test_organization: bool = "true";
    }
}
