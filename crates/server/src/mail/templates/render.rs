//! Filling a customer's template.
use super::{super::message::Rendered, jet};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::LazyLock,
};

/// Steps that one part may take: a template of a megabyte that is full of tags takes fewer.
const FUEL: u64 = 2_000_000;
/// What one part may become, in bytes.
const MAX_OUTPUT: usize = 2 * 1024 * 1024;

/// Names and values.
pub type Values = BTreeMap<String, String>;

/// A template's three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// 1 to 255 characters.
    pub subject: String,
    /// At most a megabyte.
    pub html: String,
    /// At most a megabyte.
    pub plain: String,
}

/// Nothing but what is named here: no loader, no functions that make much of little, no way around escaping.
static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    use minijinja::filters;
    let mut engine = Environment::empty();
    engine.set_fuel(Some(FUEL));
    engine.set_undefined_behavior(UndefinedBehavior::Lenient);
    engine.set_auto_escape_callback(|name| match name {
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    engine.add_filter("upper", filters::upper);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("title", filters::title);
    engine.add_filter("capitalize", filters::capitalize);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("default", filters::default);
    engine.add_function("isset", |value: Value| !value.is_undefined() && !value.is_none());
    engine
});

impl Parts {
    /// Whether each part can be read and filled: with texts for all that it names.
    ///
    /// # Errors
    /// Which part, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (name, text, engine_name) in [
            ("subject", &self.subject, "plain"),
            ("html_content", &self.html, "html"),
            ("plain_content", &self.plain, "plain"),
        ] {
            let sample = |variables: BTreeSet<String>| {
                variables.into_iter().map(|name| (name, "x".to_owned())).collect()
            };
            jet::translate(text)
                .and_then(|translated| fill(engine_name, &translated.text, &sample(translated.variables)))
                .map_err(|problem| (name, problem))?;
        }
        Ok(())
    }

    /// Every variable that it names.
    pub fn variables(&self) -> BTreeSet<String> {
        let parts = [&self.subject, &self.html, &self.plain].into_iter();
        parts
            .filter_map(|text| jet::translate(text).ok())
            .flat_map(|translated| translated.variables)
            .collect()
    }

    /// The mail. Values that are missing are empty.
    ///
    /// # Errors
    /// What went wrong.
    pub fn render(&self, values: &Values) -> Result<Rendered, String> {
        let part = |name, text: &str| fill(name, &jet::translate(text)?.text, values);
        Ok(Rendered {
            subject: part("plain", &self.subject)?,
            text: part("plain", &self.plain)?,
            html: part("html", &self.html)?,
        })
    }
}

fn fill(name: &str, template: &str, values: &Values) -> Result<String, String> {
    let tell = |error: minijinja::Error| match error.line() {
        Some(line) => {
            format!("line {line}: {}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
        }
        None => error.kind().to_string(),
    };
    let template = ENGINE.template_from_named_str(name, template).map_err(tell)?;
    let context = Value::from_pairs(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut out = Limited(Vec::new());
    template.render_captured_to(context, &mut out).map_err(tell)?;
    String::from_utf8(out.0).map_err(|error| error.to_string())
}

struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(io::Error::other("the mail is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Parts {
        Parts { subject: text.to_owned(), html: text.to_owned(), plain: text.to_owned() }
    }

    fn rendered(text: &str, values: &[(&str, &str)]) -> Rendered {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parts(text).check().unwrap();
        parts(text).render(&values).unwrap()
    }

    #[test]
    fn values_are_text_and_only_html_is_escaped() {
        let out = rendered("Hello {{ name }}", &[("name", "<b>&\"{{ otp }}{% raw %}")]);
        assert_eq!(out.subject, "Hello <b>&\"{{ otp }}{% raw %}");
        assert_eq!(out.text, out.subject);
        assert_eq!(out.html, "Hello &lt;b&gt;&amp;&quot;{{ otp }}{% raw %}");
    }

    #[test]
    fn conditions_and_filters_work() {
        let template = "{{ if plan == \"team\" && name }}{{ name | upper }}{{ else if isset(plan) }}{{ plan }}{{ else }}-{{ end }}";
        assert_eq!(rendered(template, &[("plan", "team"), ("name", "Eva")]).text, "EVA");
        assert_eq!(rendered(template, &[("plan", "free")]).text, "free");
        assert_eq!(rendered(template, &[]).text, "-");
        assert_eq!(rendered("{{ name | default(\"you\") }}{{ other }}", &[]).text, "you");
        assert_eq!(rendered("a {%- b %}{# c #}{", &[]).text, "a {%- b %}{# c #}{");
    }

    #[test]
    fn there_is_no_way_around_the_limits() {
        for bad in [
            "{{ name | safe }}",
            "{{ name | replace(\"a\", \"b\") }}",
            "{{ name | join }}",
            "{{ if a }}",
            "{{ a b }}",
            "{{ | upper }}",
            "{{ a == }}",
        ] {
            assert_eq!(parts(bad).check().unwrap_err().0, "subject", "{bad}");
        }
        let long = "{{ a }}".repeat(150_000);
        assert!(parts(&long).check().is_ok(), "a megabyte of tags is within the budget");
        let values = BTreeMap::from([("a".to_owned(), "x".repeat(256))]);
        assert!(parts(&long).render(&values).is_err(), "a mail of 38 MB is not");
    }

    #[test]
    fn depth_and_length_have_limits() {
        let deep = "{{ if ((!!!!!!!!!!a && b) || (c == \"d\")) }}".repeat(20) + &"{{ end }}".repeat(20);
        let long = "{{ if a }}".to_owned() + &"{{ else if b }}".repeat(50) + "{{ end }}";
        let tag = format!("{{{{ {}a{} }}}}", "(".repeat(29), ")".repeat(29));
        for fine in [&deep, &long, &tag, &format!("{{{{ {}a }}}}", "!".repeat(59))] {
            parts(fine).check().unwrap();
        }
        for text in [
            "{{ if a }}".repeat(50_000) + &"{{ end }}".repeat(50_000),
            "{{ if a }}".to_owned() + &"{{ else if b }}".repeat(50_000) + "{{ end }}",
            format!("{{{{ {}a{} }}}}", "(".repeat(50_000), ")".repeat(50_000)),
            format!("{{{{ {}a }}}}", "!".repeat(50_000)),
            format!("{{{{ a{} }}}}", " | upper".repeat(50_000)),
            format!("{{{{ a{} }}}}", " && a".repeat(50_000)),
            format!("{{{{ a{} }}}}", " == a".repeat(50_000)),
        ] {
            let (_, problem) = parts(&text).check().unwrap_err();
            assert!(problem.contains("more than"), "{problem}");
        }
    }

    #[test]
    fn problems_have_the_line_in_the_customers_text() {
        let html = Parts { html: "<p>\n{{ if\n a }}\n{{ b | nothing }}{{ end }}".to_owned(), ..parts("x") };
        let (field, problem) = html.check().unwrap_err();
        assert_eq!(field, "html_content");
        assert!(problem.starts_with("line 4: "), "{problem}");
    }
}
