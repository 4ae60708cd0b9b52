//! Names that belong to everybody: public suffixes, and providers of mail for anybody.
use std::{collections::HashSet, sync::LazyLock};

/// Whether names right below this one are handed out to different owners: `com`, `co.uk`, `github.io` (Public Suffix
/// List, with its private part).
pub fn is_public_suffix(name: &str) -> bool {
    psl::suffix_str(name) == Some(name)
}

/// Whether anybody can have a mailbox there, such as `gmail.com`.
pub fn is_public_mail(name: &str) -> bool {
    static PROVIDERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let lines = include_str!("public_mail.txt").lines();
        lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    });
    with_parents(name).any(|name| PROVIDERS.contains(name))
}

/// Whether it is, or belongs to, a provider of throw-away addresses, such as `mailinator.com`.
pub fn is_disposable(name: &str) -> bool {
    static PROVIDERS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| mailchecker::blacklist().into_iter().collect());
    with_parents(name).any(|name| PROVIDERS.contains(name))
}

/// `a.b.c`, `b.c`.
fn with_parents(name: &str) -> impl Iterator<Item = &str> {
    let parents = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent));
    parents.filter(|name| name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_public_and_names_below_them_are_not() {
        for name in ["com", "co.uk", "github.io", "xn--p1ai", "unknown-tld"] {
            assert!(is_public_suffix(name), "{name}");
        }
        for name in ["acme.com", "acme.co.uk", "acme.github.io", "acme.example", "sso.acme.com"] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn providers_of_mail_are_known_with_their_subdomains() {
        for name in
            ["gmail.com", "outlook.com", "yahoo.com", "yahoo.co.uk", "gmx.de", "qq.com", "x.gmail.com"]
        {
            assert!(is_public_mail(name), "{name}");
            assert!(!is_disposable(name), "{name}");
        }
        for name in ["mailinator.com", "x.mailinator.com", "guerrillamail.com", "33mail.com"] {
            assert!(is_disposable(name), "{name}");
        }
        for name in
            ["acme.com", "notgmail.com", "gmail.com.acme.example", "customerdomain-1772884800.com", "com"]
        {
            assert!(!is_public_mail(name) && !is_disposable(name), "{name}");
        }
    }

    #[test]
    fn the_list_of_public_mail_is_in_order_and_in_its_one_spelling() {
        let names: Vec<&str> = include_str!("public_mail.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert!(names.len() > 150, "{}", names.len());
        assert!(names.is_sorted());
        for name in names {
            assert_eq!(super::super::parse(name).as_deref(), Ok(name));
        }
    }
}
