//! How hosted pages look, `management.md` 12.6: free-form settings, except that they cannot bring code along.
use super::settings::Setting;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Most bytes of an object as JSON.
const MAX_BYTES: usize = 64 * 1024;

/// The environment's branding; none until it is saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Branding {
    /// A JSON object.
    pub settings: Option<Json>,
}

impl Setting for Branding {
    const NAME: &'static str = "branding";
}

/// What the dashboard keeps about an environment; none until it is saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// A JSON object.
    pub context: Option<Json>,
}

impl Setting for Context {
    const NAME: &'static str = "context";
}

/// Whether an object is small enough to be kept.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub(super) fn check_size(field: &str, object: &Json) -> Result<(), Error> {
    if object.to_string().len() > MAX_BYTES {
        return Err(Error::invalid(field, format!("{field}.size"), "must be at most 64 KiB as JSON"));
    }
    Ok(())
}

/// Whether branding may be shown: small enough, no scripts, and images from the web or in place only.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the value.
pub fn check(field: &str, branding: &Json) -> Result<(), Error> {
    check_size(field, branding)?;
    match branding {
        Json::String(text) => match problem(text) {
            Some(problem) => Err(Error::invalid(field, "branding.safe", problem)),
            None => Ok(()),
        },
        Json::Array(values) => {
            { values.iter().enumerate() }.try_for_each(|(n, value)| check(&format!("{field}[{n}]"), value))
        }
        Json::Object(object) => {
            { object.iter() }.try_for_each(|(name, value)| check(&format!("{field}.{name}"), value))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

fn problem(text: &str) -> Option<&'static str> {
    // Browsers skip white space and control characters in a scheme; CSS has escapes, which nobody needs here.
    let plain: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control())
        .flat_map(char::to_lowercase)
        .collect();
    if ["javascript:", "vbscript:", "expression(", "@import", "<script"].iter().any(|bad| plain.contains(bad))
    {
        return Some("must not contain scripts");
    }
    let is_image = |target: &str| {
        let target = target.trim_start_matches(['"', '\'']);
        ["https://", "http://", "data:image/"].iter().any(|good| target.starts_with(good))
    };
    if plain.starts_with("data:") && !is_image(&plain) {
        return Some("must be an image if it is a data URL");
    }
    let bad_url = plain.split("url(").skip(1).any(|target| !is_image(target));
    (bad_url || (plain.contains('\\') && plain.contains('(')))
        .then_some("must take images from http, https or data:image URLs only")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn colours_fonts_and_images_are_fine_and_scripts_are_not() {
        for good in [
            "#fff",
            "center / cover no-repeat url( 'https://cdn.test/a.png' )",
            "https://cdn.test/logo.svg",
            "data:image/png;base64,AAAA",
            "linear-gradient(45deg, #000, #fff)",
            "Sign in to \"Acme\"",
        ] {
            assert!(check("b", &json!({"x": [good]})).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "java\nscript:x",
            "url(javascript:x)",
            "url(ftp://x)",
            "url(//x)",
            "DATA:text/html,x",
            "u\\72l(x)",
            "width: expression(x)",
            "@import 'x'",
            "<script>",
        ] {
            let error = check("b", &json!({"x": [bad]})).unwrap_err();
            assert_eq!(error.field_violations()[0].field, "b.x[0]", "{bad}");
        }
    }
}
