//! Pages of lists: newest first, by id, or by name, with opaque tokens that are bound to their list and carry their
//! direction.
use crate::{ctx::Ctx, error::Error, ids::Id, vault};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use std::collections::HashMap;

/// How many items a page may have, `management.md` 0.7.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// For a size of 0 or none.
    pub default: u32,
    /// A larger size is cut to this. Where the interface declares a maximum, the proto's rule has refused it before.
    pub max: u32,
}

/// A list, as far as its tokens are bound to it: its name and the filters that it was asked with.
#[derive(Clone, Debug)]
pub struct List {
    name: &'static str,
    filters: String,
}

impl List {
    /// The list of this name, without filters.
    pub fn named(name: &'static str) -> Self {
        Self { name, filters: String::new() }
    }
    /// The same list, filtered.
    #[must_use]
    pub fn filtered_by(mut self, filter: &str) -> Self {
        self.filters.push('\0');
        self.filters.push_str(filter);
        self
    }
}

/// From where a page goes, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<K = i64> {
    /// Older than this id, or newer.
    pub from: From<K>,
    size: u32,
}

/// Start of a page. In a list by name, older means further down: with a greater name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From<K = i64> {
    /// The newest items of all.
    Newest,
    /// Items older than this one, newest first.
    Before(K),
    /// Items newer than this one, oldest first: the caller's statement sorts the other way round.
    After(K),
}

/// What a list is sorted by: numbers of ids downwards, names upwards in the order of their bytes.
pub trait Key: Sized {
    /// As a token carries it.
    fn to_bytes(&self) -> Vec<u8>;
    /// From a token.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
    /// A place just newer than this item: what is older than the place begins with the item.
    fn just_newer(&self) -> Self;
    /// A place just older than this item.
    fn just_older(&self) -> Self;
}

impl Key for i64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
    fn just_newer(&self) -> Self {
        self.saturating_add(1)
    }
    fn just_older(&self) -> Self {
        self.saturating_sub(1)
    }
}

/// For names of ASCII letters, digits and marks, between two of which there is always room for a place.
impl Key for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
    fn just_newer(&self) -> Self {
        let mut place = self.clone();
        if let Some(last) = place.pop() {
            place.push(u8::try_from(last).map_or(last, |last| char::from(last.saturating_sub(1))));
            place.push('\u{7f}');
        }
        place
    }
    fn just_older(&self) -> Self {
        format!("{self}\u{1}")
    }
}

/// One page, newest first.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Token of the next (older) page; empty if there is none.
    pub next_token: String,
    /// Token of the previous (newer) page; empty if there is none.
    pub prev_token: String,
}

impl Page<i64> {
    /// The page of the items that were read for these numbers, in their order. One may have been deleted meanwhile.
    pub fn fill<T, I>(self, items: Vec<T>, id: impl Fn(&T) -> Id<I>) -> Page<T> {
        let mut items: HashMap<i64, T> = items.into_iter().map(|item| (id(&item).as_i64(), item)).collect();
        let items = self.items.iter().filter_map(|number| items.remove(number)).collect();
        Page { items, next_token: self.next_token, prev_token: self.prev_token }
    }
}

const BEFORE: u8 = b'<';
const AFTER: u8 = b'>';
/// Bytes of a token's tag.
const TAG: usize = 16;

impl Window {
    /// What a request for a list by id asks for.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the token is not one that this list gave in this environment.
    pub fn parse(ctx: &Ctx, list: &List, sizes: Sizes, size: u32, token: &str) -> Result<Self, Error> {
        Self::parse_any(ctx, list, sizes, size, token)
    }
}

impl Window<String> {
    /// What a request for a list by name asks for.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the token is not one that this list gave in this environment.
    pub fn by_name(ctx: &Ctx, list: &List, sizes: Sizes, size: u32, token: &str) -> Result<Self, Error> {
        Self::parse_any(ctx, list, sizes, size, token)
    }
}

impl<K: Key> Window<K> {
    fn parse_any(ctx: &Ctx, list: &List, sizes: Sizes, size: u32, token: &str) -> Result<Self, Error> {
        let size = if size == 0 { sizes.default } else { size.min(sizes.max) };
        let from = if token.is_empty() { From::Newest } else { parse_token(ctx, list, token)? };
        Ok(Self { from, size })
    }

    /// How many rows to fetch: one more than the page has, to know whether there are others.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The page made of `rows`, which the statement gave in the order of [`From`].
    pub fn page<T>(&self, ctx: &Ctx, list: &List, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let (older, newer) = match self.from {
            From::Newest => (more, false),
            From::Before(_) => (more, true),
            From::After(_) => {
                rows.reverse();
                (true, more)
            }
        };
        // Where all rows were deleted since, the place that the token named is the edge, and the way back stays open.
        let (first, last) = match &self.from {
            From::Newest => (None, None),
            From::Before(key) => (Some(key.just_older()), None),
            From::After(key) => (None, Some(key.just_newer())),
        };
        let token = |wanted: bool, kind, edge: Option<K>| match edge {
            Some(edge) if wanted => make_token(ctx, list, kind, &edge),
            _ => String::new(),
        };
        Page {
            next_token: token(older, BEFORE, rows.last().map(&key).or(last)),
            prev_token: token(newer, AFTER, rows.first().map(&key).or(first)),
            items: rows,
        }
    }
}

/// What a tag vouches for. The list comes last: its filters are of any length, and the key's is that of its token.
fn content(ctx: &Ctx, list: &List, kind: u8, key: &[u8]) -> Vec<u8> {
    let mut content = vec![kind];
    content.extend_from_slice(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes());
    content.extend_from_slice(key);
    content.extend_from_slice(&ctx.environment().id.as_i64().to_be_bytes());
    content.extend_from_slice(list.name.as_bytes());
    content.extend_from_slice(list.filters.as_bytes());
    content
}

fn make_token(ctx: &Ctx, list: &List, kind: u8, key: &impl Key) -> String {
    let key = key.to_bytes();
    let mut token = vec![kind];
    token.extend_from_slice(&ctx.app().vault.page_token_tag(&content(ctx, list, kind, &key)));
    token.extend_from_slice(&key);
    BASE64URL.encode(token)
}

fn parse_token<K: Key>(ctx: &Ctx, list: &List, token: &str) -> Result<From<K>, Error> {
    let parse = || -> Option<From<K>> {
        let bytes = BASE64URL.decode(token).ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (tag, key) = rest.split_first_chunk::<TAG>()?;
        if !vault::equal(&ctx.app().vault.page_token_tag(&content(ctx, list, *kind, key)), tag) {
            return None;
        }
        let key = K::from_bytes(key)?;
        match *kind {
            BEFORE => Some(From::Before(key)),
            AFTER => Some(From::After(key)),
            _ => None,
        }
    };
    parse().ok_or_else(|| {
        Error::invalid(
            "page_token",
            "page_token",
            "must be a next_page_token or prev_page_token that this list gave for the same filters",
        )
    })
}

/// A count as answers carry it.
pub fn total_size(total: i64) -> u32 {
    u32::try_from(total).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_name_lies_between_a_name_and_the_places_around_it(
            name in "[a-zA-Z0-9_:]{1,5}",
            other in "[a-zA-Z0-9_:]{1,5}",
        ) {
            let (newer, older) = (name.just_newer(), name.just_older());
            prop_assert!(newer < name && name < older);
            prop_assert_eq!(newer < other && other < older, name == other);
            prop_assert_eq!(String::from_bytes(&name.to_bytes()), Some(name));
        }
    }
}
