//! How a section declares its keys: name, type, default and documentation in one place.
use super::{error::ConfigError, sources::Raw};

/// One key of the configuration, for the documentation and for messages.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `server.listen`
    pub name: &'static str,
    /// As it would be written; empty if the key is unset by default.
    pub default: &'static str,
    /// What it is for, in one or more sentences.
    pub doc: &'static str,
    /// Shape of its values, `an address and port, such as 127.0.0.1:8080`.
    pub expected: &'static str,
}

/// A type of value that a key can have.
pub trait Setting: Sized {
    /// Shape of the values, to follow "expected".
    const EXPECTED: &'static str;
    /// Reads the value.
    ///
    /// # Errors
    /// Why the value is none; empty if `EXPECTED` says it all.
    fn parse(raw: &Raw) -> Result<Self, String>;
}

/// Declares a section: a struct with one public field for each key, the list of its keys and their reader.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident = $section:literal {
        $( $(#[doc = $doc:literal])+ $key:ident: $kind:ty = $default:literal; )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $key: $kind, )+
        }
        impl $name {
            pub(super) const KEYS: &'static [$crate::config::Key] = &[ $( $crate::config::Key {
                name: concat!($section, ".", stringify!($key)),
                default: $default,
                doc: concat!($($doc),+),
                expected: <$kind as $crate::config::section::Setting>::EXPECTED,
            } ),+ ];
            pub(super) fn read(
                values: &$crate::config::sources::Values,
            ) -> Result<Self, $crate::config::ConfigError> {
                Ok(Self { $( $key: values.get(concat!($section, ".", stringify!($key)), $default)?, )+ })
            }
        }
    };
}
pub(super) use section;

impl<T: Setting> Setting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.is_empty() => Ok(None),
            raw => T::parse(raw).map(Some),
        }
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn parse(raw: &Raw) -> Result<Self, String> {
        let items: Vec<&str> = match raw {
            Raw::Text(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            Raw::List(items) => items.iter().map(String::as_str).collect(),
        };
        items.into_iter().map(|item| T::parse(&Raw::Text(item.to_owned()))).collect()
    }
}

/// A value that is one text.
pub(super) fn text(raw: &Raw) -> Result<&str, String> {
    match raw {
        Raw::Text(text) => Ok(text),
        Raw::List(_) => Err("a list is not possible here".to_owned()),
    }
}

/// The error for a value that its key cannot have.
pub(super) fn bad_value(
    key: &str,
    expected: &str,
    shown: Option<&str>,
    origin: &str,
    why: &str,
) -> ConfigError {
    let shown = shown.map(|value| format!(" = \"{value}\"")).unwrap_or_default();
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    ConfigError::new(format!("bad value of {key} in {origin}{shown}{why}"))
        .with_help(format!("expected {expected}"))
}
