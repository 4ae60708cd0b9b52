//! Something that a page says, still in no language.

/// The key of a message in `locales/*.ftl`, with its arguments. [`super::Look::say`] translates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub(super) key: &'static str,
    pub(super) arguments: Vec<(&'static str, Value)>,
}

/// A number stays one, so that a language can choose its plural.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Anything.
    Text(String),
    /// A count.
    Number(i64),
}

impl Text {
    /// A message. A test reads the keys out of the source: give them as literals.
    pub const fn new(key: &'static str) -> Self {
        Self { key, arguments: Vec::new() }
    }

    /// The value of `{ $name }`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
