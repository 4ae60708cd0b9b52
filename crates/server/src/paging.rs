//! Pages of lists: newest first, by id, with opaque tokens that are bound to their list and carry their direction.
use crate::{ctx::Ctx, error::Error, vault};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};

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
pub struct Window {
    /// Older than this id, or newer.
    pub from: From,
    size: u32,
}

/// Start of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The newest items of all.
    Newest,
    /// Items older than this one, newest first.
    Before(i64),
    /// Items newer than this one, oldest first: the caller's statement sorts upwards.
    After(i64),
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

const BEFORE: u8 = b'<';
const AFTER: u8 = b'>';

impl Window {
    /// What a request asks for.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the token is not one that this list gave in this environment.
    pub fn parse(ctx: &Ctx, list: &List, sizes: Sizes, size: u32, token: &str) -> Result<Self, Error> {
        let size = if size == 0 { sizes.default } else { size.min(sizes.max) };
        let from = if token.is_empty() { From::Newest } else { parse_token(ctx, list, token)? };
        Ok(Self { from, size })
    }

    /// How many rows to fetch: one more than the page has, to know whether there are others.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The page made of `rows`, which the statement gave in the order of [`From`].
    pub fn page<T>(&self, ctx: &Ctx, list: &List, mut rows: Vec<T>, id: impl Fn(&T) -> i64) -> Page<T> {
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
        let (first, last) = match self.from {
            From::Newest => (None, None),
            From::Before(id) => (Some(id.saturating_sub(1)), None),
            From::After(id) => (None, Some(id.saturating_add(1))),
        };
        let token = |wanted: bool, kind, edge: Option<i64>| match edge {
            Some(edge) if wanted => make_token(ctx, list, kind, edge),
            _ => String::new(),
        };
        Page {
            next_token: token(older, BEFORE, rows.last().map(&id).or(last)),
            prev_token: token(newer, AFTER, rows.first().map(&id).or(first)),
            items: rows,
        }
    }
}

fn content(ctx: &Ctx, list: &List, kind: u8, id: i64) -> Vec<u8> {
    let mut content = vec![kind];
    content.extend_from_slice(&id.to_be_bytes());
    content.extend_from_slice(&ctx.environment().id.as_i64().to_be_bytes());
    content.extend_from_slice(list.name.as_bytes());
    content.extend_from_slice(list.filters.as_bytes());
    content
}

fn make_token(ctx: &Ctx, list: &List, kind: u8, id: i64) -> String {
    let mut token = vec![kind];
    token.extend_from_slice(&id.to_be_bytes());
    token.extend_from_slice(&ctx.app().vault.page_token_tag(&content(ctx, list, kind, id)));
    BASE64URL.encode(token)
}

fn parse_token(ctx: &Ctx, list: &List, token: &str) -> Result<From, Error> {
    let parse = || -> Option<From> {
        let bytes = BASE64URL.decode(token).ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (id, tag) = rest.split_first_chunk::<8>()?;
        let id = i64::from_be_bytes(*id);
        if !vault::equal(&ctx.app().vault.page_token_tag(&content(ctx, list, *kind, id)), tag) {
            return None;
        }
        match *kind {
            BEFORE => Some(From::Before(id)),
            AFTER => Some(From::After(id)),
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
