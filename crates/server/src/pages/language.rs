//! The languages of pages, and which one a person reads.
use super::text::{Text, Value};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, convert_vec_str_to_langids_lossy, negotiate_languages};
use std::{fmt, sync::LazyLock};

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// BCP 47, as in `lang`.
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    pub(super) source: &'static str,
}

/// `language!("de")`: of `locales/de.ftl`, read from left to right.
macro_rules! language {
    ($tag:literal) => {
        Language {
            tag: $tag,
            direction: "ltr",
            source: include_str!(concat!("../../locales/", $tag, ".ftl")),
        }
    };
}

/// For who reads none of the others, and for a sentence that another lacks.
const ENGLISH: Language = language!("en");

/// All of them.
pub const LANGUAGES: &[Language] =
    &[ENGLISH, language!("de"), language!("es"), language!("fr"), language!("hi"), language!("ja")];

struct Bundles(Vec<(&'static str, FluentBundle<FluentResource>)>);

static BUNDLES: LazyLock<Bundles> = LazyLock::new(|| Bundles(LANGUAGES.iter().map(bundle).collect()));

fn bundle(language: &Language) -> (&'static str, FluentBundle<FluentResource>) {
    // What is wrong in a file is found by the tests: what is right of it is used all the same.
    let resource = FluentResource::try_new(language.source.to_owned()).unwrap_or_else(|(good, _)| good);
    let mut bundle = FluentBundle::new_concurrent(language.tag.parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    (language.tag, bundle)
}

impl Language {
    /// The best language for a person: `ui_locales` (OpenID Connect Core §3.1.2.1), then `Accept-Language`.
    pub fn negotiate(ui_locales: Option<&str>, accept_language: &str) -> &'static Self {
        let wanted = ui_locales.unwrap_or_default().split_ascii_whitespace().chain(ranked(accept_language));
        let wanted = convert_vec_str_to_langids_lossy(wanted.take(32));
        let known = convert_vec_str_to_langids_lossy(LANGUAGES.iter().map(|language| language.tag));
        let best = negotiate_languages(&wanted, &known, None, NegotiationStrategy::Lookup);
        let best = best.first().and_then(|best| {
            LANGUAGES.iter().zip(&known).find(|(_, id)| id == best).map(|(language, _)| language)
        });
        best.unwrap_or(&ENGLISH)
    }

    /// The sentence in this language.
    pub(super) fn say(&self, text: &Text) -> String {
        let tried = [self.tag, ENGLISH.tag];
        let found = tried.iter().find_map(|tag| format(tag, text).ok());
        found.unwrap_or_else(|| {
            tracing::error!(key = text.key, "a page says something that is in no language");
            text.key.to_owned()
        })
    }
}

/// `Accept-Language` by its weights (RFC 9110 §12.5.4), best first.
fn ranked(accept_language: &str) -> impl Iterator<Item = &str> {
    let mut ranges: Vec<(&str, f32)> = accept_language
        .split(',')
        .take(32)
        .filter_map(|part| {
            let (range, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).ok()?;
            (weight > 0.0).then_some((range.trim(), weight))
        })
        .collect();
    ranges.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    ranges.into_iter().map(|(range, _)| range)
}

/// Why a language does not say something.
#[derive(Debug)]
pub(super) struct Unsayable(String);

impl fmt::Display for Unsayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The message of one language, and an error if it lacks the message or an argument.
pub(super) fn format(tag: &str, text: &Text) -> Result<String, Unsayable> {
    let missing = || Unsayable(format!("{tag} has no message {}", text.key));
    let (_, bundle) = BUNDLES.0.iter().find(|(other, _)| *other == tag).ok_or_else(missing)?;
    let pattern = bundle.get_message(text.key).and_then(|message| message.value()).ok_or_else(missing)?;
    let arguments: FluentArgs<'_> =
        text.arguments.iter().map(|(name, value)| (*name, fluent(value))).collect();
    let mut errors = Vec::new();
    let said = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
    match errors.first() {
        None => Ok(said),
        Some(error) => Err(Unsayable(format!("{tag}: {}: {error}", text.key))),
    }
}

fn fluent(value: &Value) -> FluentValue<'_> {
    match value {
        Value::Text(text) => FluentValue::from(text.as_str()),
        Value::Number(number) => FluentValue::from(*number),
    }
}
