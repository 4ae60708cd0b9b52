//! E-mail addresses: one strict parser, and the key by which two spellings are one address.
use crate::hostname;

/// A mailbox, as it was given and folded for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    text: String,
    key: String,
}

/// RFC 5321 §4.5.3.1.1, and §4.5.3.1.3 with the erratum that leaves 254 for the address.
const MAX_LOCAL: usize = 64;
const MAX_ADDRESS: usize = 254;

impl Email {
    /// Reads `local@domain`: a dot-atom (RFC 5322 §3.2.3) and a domain name of two labels or more. Quoted local parts,
    /// comments, routes, address literals and everything else that mail programs read differently are refused. So are
    /// local parts beyond ASCII (RFC 6531), because there is no folding of them that all providers share.
    ///
    /// # Errors
    /// What it must be, to follow the name of a field.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (local, domain) =
            text.rsplit_once('@').ok_or("must be an e-mail address, such as ann@acme.example")?;
        if local.is_empty() || local.len() > MAX_LOCAL || !local.split('.').all(is_atom) {
            return Err(
                "must have 1 to 64 letters, digits, single dots and signs of !#$%&'*+-/=?^_`{|}~ before the @",
            );
        }
        if domain.ends_with('.') {
            return Err("must not end with a dot");
        }
        let domain = hostname::parse(domain)
            .map_err(|_| "must have a domain name after the @, such as acme.example")?;
        let key = format!("{}@{domain}", local.to_ascii_lowercase());
        if key.len() > MAX_ADDRESS || text.len() > MAX_ADDRESS {
            return Err("must have at most 254 characters");
        }
        Ok(Self { text: text.to_owned(), key })
    }

    /// From the columns of a row that [`Email::parse`] filled.
    pub fn from_stored(text: String, key: String) -> Self {
        Self { text, key }
    }

    /// As it was given: what mail is sent to.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Lower case, the domain in ASCII (IDNA): equal for equal addresses. A local part's case matters to no provider
    /// in use, and where it did, two accounts for one person would be the smaller harm; one account for two, the greater.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The domain, folded.
    pub fn domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_spellings_of_one_address_have_one_key() {
        for (text, key) in [
            ("ann@acme.example", "ann@acme.example"),
            ("Ann.Lee+News@ACME.example", "ann.lee+news@acme.example"),
            ("o'neil@mail.acme.co.uk", "o'neil@mail.acme.co.uk"),
            ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
            ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ] {
            let email = Email::parse(text).unwrap();
            assert_eq!((email.as_str(), email.key()), (text, key));
            assert_eq!(format!("x@{}", email.domain()), format!("x@{}", key.split_once('@').unwrap().1));
        }
    }

    #[test]
    fn what_programs_read_differently_is_refused() {
        let long = format!("{}@acme.example", "a".repeat(65));
        let longer = format!("abcde@{}example", "abcdefgh.".repeat(27));
        for text in [
            "",
            "ann",
            "@acme.example",
            "ann@",
            "ann@acme",
            "ann@@acme.example",
            "ann@b@acme.example",
            "\"ann b\"@acme.example",
            "ann(me)@acme.example",
            "<ann@acme.example>",
            "Ann <ann@acme.example>",
            "ann@acme.example,bob@acme.example",
            "ann;bob@acme.example",
            "@relay.example:ann@acme.example",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@acme.example.",
            ".ann@acme.example",
            "ann.@acme.example",
            "an..n@acme.example",
            " ann@acme.example",
            "ann@acme.example ",
            "ann@acme.example\r\nBcc: all@acme.example",
            "ann\r\n@acme.example",
            "ann\0@acme.example",
            "änn@acme.example",
            "аnn@acme.example", // Cyrillic а
            "a\u{200b}nn@acme.example",
            &long,
            &longer,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keys_are_stable(text in "\\PC{0,40}|[a-zA-Z0-9.+@ü-]{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                prop_assert_eq!(again.key(), email.key());
            }
        }
    }
}
