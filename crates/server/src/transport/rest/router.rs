//! A trie of path segments over all bindings. On each level a literal goes before a variable with a verb suffix
//! (`{id}:enable`), that before a plain variable, and that before `**`; a branch that ends nowhere is left again.
use crate::error::{Error, Kind};
use gatewright_api::plan::{Binding, Method};
use percent_encoding::percent_decode_str;
use std::{borrow::Cow, collections::HashMap};

/// A path that was found.
#[derive(Debug)]
pub struct Match {
    /// The rpc.
    pub method: &'static Method,
    /// The binding of the rpc that the path is of.
    pub binding: &'static Binding,
    /// Dotted field names of the template with the decoded text of the path, in order.
    pub captures: Vec<(&'static str, String)>,
}

/// What a verb and a path mean.
#[derive(Debug)]
pub enum Route {
    /// An rpc.
    Found(Match),
    /// A path that has only these verbs, for the `Allow` header (RFC 9110 §10.2.1). Sorted.
    MethodNotAllowed(Vec<&'static str>),
    /// No such path.
    NotFound,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<&'static str, Node>,
    suffixed: Vec<(&'static str, Node)>,
    variable: Option<Box<Node>>,
    rest: Vec<Leaf>,
    leaves: Vec<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    method: &'static Method,
    binding: &'static Binding,
    names: Vec<&'static str>,
}

/// All paths of the API.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

impl Router {
    /// Builds the trie.
    ///
    /// # Errors
    /// Names a template that this router cannot read, or that is declared twice for one verb.
    pub fn new(methods: &'static [Method]) -> Result<Self, String> {
        let mut router = Self::default();
        for method in methods {
            for binding in method.bindings {
                router.add(method, binding)?;
            }
        }
        Ok(router)
    }

    fn add(&mut self, method: &'static Method, binding: &'static Binding) -> Result<(), String> {
        let problem =
            |what: &str| format!("{} {} of {}: {what}", binding.verb, binding.template, method.path);
        let path = binding.template.strip_prefix('/').ok_or_else(|| problem("must start with /"))?;
        let mut names = Vec::new();
        let mut node = &mut self.root;
        let mut segments = path.split('/').peekable();
        let mut takes_rest = false;
        while let Some(segment) = segments.next() {
            if segment == "**" && segments.peek().is_none() {
                takes_rest = true;
            } else if let Some(variable) = segment.strip_prefix('{') {
                let (name, suffix) = variable.split_once('}').ok_or_else(|| problem("has an open {"))?;
                if name.contains(['=', '{', '*']) || suffix.contains(['{', '*']) {
                    return Err(problem("has a variable of a kind that is not supported"));
                }
                names.push(name);
                node = node.variable(suffix);
            } else if segment.is_empty() || segment.contains(['{', '}', '*']) {
                return Err(problem("has a segment of a kind that is not supported"));
            } else {
                node = node.literals.entry(segment).or_default();
            }
        }
        let leaves = if takes_rest { &mut node.rest } else { &mut node.leaves };
        if leaves.iter().any(|leaf| leaf.binding.verb == binding.verb) {
            return Err(problem("is declared twice"));
        }
        leaves.push(Leaf { method, binding, names });
        Ok(())
    }

    /// Finds the rpc for a verb and a path as it came, percent-encoded and without the query. Repeated slashes count as
    /// one; a slash at the end is another path.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if a segment that is a value is not UTF-8.
    pub fn find(&self, verb: &str, path: &str) -> Result<Route, Error> {
        let Some(path) = path.strip_prefix('/').filter(|path| !path.ends_with('/')) else {
            return Ok(Route::NotFound);
        };
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let mut search = Search { verb, captured: Vec::new(), allowed: Vec::new() };
        let Some(leaf) = search.descend(&self.root, &segments) else {
            if search.allowed.is_empty() {
                return Ok(Route::NotFound);
            }
            search.allowed.sort_unstable();
            search.allowed.dedup();
            return Ok(Route::MethodNotAllowed(search.allowed));
        };
        let mut captures = Vec::with_capacity(leaf.names.len());
        for (name, text) in leaf.names.iter().zip(search.captured) {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| {
                Error::new(Kind::InvalidArgument, format!("{name}: the path is not valid UTF-8"))
            })?;
            captures.push((*name, text.into_owned()));
        }
        Ok(Route::Found(Match { method: leaf.method, binding: leaf.binding, captures }))
    }
}

impl Node {
    fn variable(&mut self, suffix: &'static str) -> &mut Self {
        if suffix.is_empty() {
            return self.variable.get_or_insert_default();
        }
        let index = self.suffixed.iter().position(|(known, _)| *known == suffix);
        let index = index.unwrap_or_else(|| {
            self.suffixed.push((suffix, Self::default()));
            self.suffixed.len().saturating_sub(1)
        });
        match self.suffixed.get_mut(index) {
            Some((_, node)) => node,
            None => self.variable.get_or_insert_default(), // cannot be: the index was just found
        }
    }
}

/// One look-up. A node stands for one depth, so each is visited at most once.
struct Search<'p> {
    verb: &'p str,
    captured: Vec<&'p str>,
    allowed: Vec<&'static str>,
}

impl<'p> Search<'p> {
    fn descend<'r>(&mut self, node: &'r Node, segments: &[&'p str]) -> Option<&'r Leaf> {
        let Some((segment, rest)) = segments.split_first() else {
            // `**` may stand for no segment at all.
            return self.choose(&node.leaves).or_else(|| self.choose(&node.rest));
        };
        let literal: Cow<'_, str> = percent_decode_str(segment).decode_utf8().unwrap_or_default();
        if let Some(found) = node.literals.get(literal.as_ref()).and_then(|child| self.descend(child, rest)) {
            return Some(found);
        }
        for (suffix, child) in &node.suffixed {
            if let Some(value) = segment.strip_suffix(suffix).filter(|value| !value.is_empty())
                && let Some(found) = self.capture(child, value, rest)
            {
                return Some(found);
            }
        }
        if let Some(found) = node.variable.as_ref().and_then(|child| self.capture(child, segment, rest)) {
            return Some(found);
        }
        self.choose(&node.rest)
    }

    fn capture<'r>(&mut self, child: &'r Node, value: &'p str, rest: &[&'p str]) -> Option<&'r Leaf> {
        self.captured.push(value);
        let found = self.descend(child, rest);
        if found.is_none() {
            self.captured.pop();
        }
        found
    }

    fn choose<'r>(&mut self, leaves: &'r [Leaf]) -> Option<&'r Leaf> {
        let found = leaves.iter().find(|leaf| leaf.binding.verb == self.verb);
        if found.is_none() {
            self.allowed.extend(leaves.iter().map(|leaf| leaf.binding.verb));
        }
        found
    }
}
