//! Partial updates, `management.md` 0.8.
use crate::error::Error;
use prost_types::FieldMask;

/// What an update does to one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leaves it as it is.
    #[default]
    Keep,
    /// Gives it a value.
    Set(T),
    /// Takes its value away.
    Clear,
}

impl<T> Change<T> {
    /// Does it to an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Set(value) => *field = Some(value),
            Self::Clear => *field = None,
        }
    }
}

/// Which fields a request names, if it names any.
#[derive(Debug)]
pub struct Mask(Option<Vec<String>>);

impl Mask {
    /// Reads a mask. Paths may be in camelCase and may start with `prefix.`. Those of `ignored` (output only) do
    /// nothing; `*` means all.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a path that is none of `known` and `ignored`.
    pub fn parse(
        mask: Option<FieldMask>,
        prefix: &str,
        known: &[&str],
        ignored: &[&str],
    ) -> Result<Self, Error> {
        let Some(mask) = mask.filter(|mask| !mask.paths.is_empty()) else { return Ok(Self(None)) };
        let mut paths = Vec::new();
        for path in mask.paths.iter().flat_map(|path| path.split(',')) {
            let name = snake_case(path.trim());
            let name = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&name);
            // A map is masked as a whole: `metadata.plan` would say otherwise.
            if name == "*" {
                paths.extend(known.iter().map(|&name| name.to_owned()));
            } else if known.contains(&name) {
                paths.push(name.to_owned());
            } else if !ignored.contains(&name) {
                let known = known.join(", ");
                return Err(Error::invalid(
                    "update_mask",
                    "field_mask.path",
                    format!("\"{path}\" is none of {known}"),
                ));
            }
        }
        Ok(Self(Some(paths)))
    }

    /// An optional string: present sets it, and an empty one clears it; masked and absent clears it.
    pub fn string(&self, name: &str, value: Option<String>) -> Change<String> {
        self.change(name, value, String::is_empty)
    }

    /// A map or list: not empty replaces it; masked and empty clears it.
    pub fn collection<T>(&self, name: &str, value: T, is_empty: impl Fn(&T) -> bool) -> Change<T> {
        let value = Some(value).filter(|value| !is_empty(value));
        self.change(name, value, |_| false)
    }

    /// A number, message or wrapper: present sets it; masked and absent clears it.
    pub fn value<T>(&self, name: &str, value: Option<T>) -> Change<T> {
        self.change(name, value, |_| false)
    }

    fn change<T>(&self, name: &str, value: Option<T>, clears: impl Fn(&T) -> bool) -> Change<T> {
        let named = self.0.as_ref().map(|paths| paths.iter().any(|path| path == name));
        match (named, value) {
            (Some(false), _) | (None, None) => Change::Keep,
            (Some(true), None) => Change::Clear,
            (_, Some(value)) if clears(&value) => Change::Clear,
            (_, Some(value)) => Change::Set(value),
        }
    }
}

fn snake_case(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    for letter in path.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(paths: &[&str]) -> Result<Mask, Error> {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        Mask::parse(Some(FieldMask { paths }), "organization", &["slug", "logo_url"], &["id"])
    }

    #[test]
    fn without_a_mask_what_is_present_changes() {
        let mask = Mask::parse(None, "organization", &["slug"], &[]).unwrap();
        assert_eq!(mask.string("slug", None), Change::Keep);
        assert_eq!(mask.string("slug", Some(String::new())), Change::Clear);
        assert_eq!(mask.string("slug", Some("a".into())), Change::Set("a".into()));
        assert_eq!(mask.collection("tags", vec![0; 0], Vec::is_empty), Change::Keep);
    }

    #[test]
    fn with_a_mask_exactly_what_it_names_changes() {
        let named = mask(&["organization.logoUrl", "id"]).unwrap();
        assert_eq!(named.string("logo_url", None), Change::Clear);
        assert_eq!(named.string("slug", Some("a".into())), Change::Keep);
        assert_eq!(mask(&["*"]).unwrap().string("slug", None), Change::Clear);
        assert_eq!(mask(&["slug"]).unwrap().collection("slug", vec![0; 0], Vec::is_empty), Change::Clear);
        assert!(mask(&["metadata.plan"]).is_err());
    }

    proptest! {
        #[test]
        fn any_path_is_known_ignored_or_refused(path in "\\PC{0,30}|[a-zA-Z_.,*]{0,30}") {
            let _ = mask(&[&path]);
        }
    }
}
