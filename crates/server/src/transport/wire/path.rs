//! Where in a request a value is. Built on the stack on the way down and written out only when something is wrong.
use std::fmt;

/// Longest map key that a path repeats, in characters; a key is the caller's and may be of any length.
const MAX_KEY: usize = 64;

/// `organization.metadata["plan"]`, from the innermost segment outwards.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The request as a whole.
    Root,
    /// A field, by its proto name.
    Field(&'a Path<'a>, &'a str),
    /// An item of a list.
    Index(&'a Path<'a>, usize),
    /// An entry of a map.
    Key(&'a Path<'a>, &'a str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("body"),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Key(parent, key) => match key.char_indices().nth(MAX_KEY) {
                Some((end, _)) => write!(f, "{parent}[{:?}…]", key.get(..end).unwrap_or_default()),
                None => write!(f, "{parent}[{key:?}]"),
            },
        }
    }
}
