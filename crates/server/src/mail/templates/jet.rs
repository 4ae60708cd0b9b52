//! Customers' templates are written in the manner of Jet: `{{ name }}`, `{{ if x }} … {{ else }} … {{ end }}`, filters. They
//! are turned into what minijinja runs, tag by tag. Only what is listed here gets through: values, comparisons and filters;
//! no loops, no functions but `isset`, no arithmetic, and none of Jinja's own tags.
use std::{collections::BTreeSet, fmt::Write as _};

/// A template that minijinja can run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translated {
    /// In Jinja's syntax, on the same lines.
    pub text: String,
    /// The variables that it uses.
    pub variables: BTreeSet<String>,
}

/// Blocks in blocks, branches of one block, and words and signs of one tag: minijinja reads each by recursion, and a stack
/// that is used up ends the process.
const MAX_DEPTH: usize = 20;
const MAX_BRANCHES: usize = 50;
const MAX_TOKENS: usize = 60;

/// Words of Jet and of Jinja that are no variables.
const RESERVED: &[&str] = &[
    "range", "block", "yield", "include", "import", "extends", "return", "try", "catch", "set", "for", "in",
    "is", "macro", "call", "elif", "endif", "if", "else", "end",
];

/// Reads a template.
///
/// # Errors
/// What is wrong, with its line.
pub fn translate(template: &str) -> Result<Translated, String> {
    let mut out = Translated::default();
    let mut blocks: Vec<Block> = Vec::new();
    let (mut rest, mut line) = (template, 1);
    while let Some((before, after)) = rest.split_once("{{") {
        literal(&mut out.text, before);
        line += newlines(before);
        let failed = |problem: &str| format!("line {line}: {problem}");
        let end = end_of_tag(after).ok_or_else(|| failed("{{ without }}"))?;
        let (tag, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        rest = behind.strip_prefix("}}").unwrap_or_default();
        let (trim_before, inner) = tag.strip_prefix("- ").map_or(("", tag), |inner| ("-", inner));
        let (trim_after, inner) = inner.strip_suffix(" -").map_or(("", inner), |inner| ("-", inner));
        let (open, close, inner) =
            statement(inner, &mut blocks, line, &mut out.variables).map_err(|problem| failed(&problem))?;
        // Newlines inside the tag keep the lines that follow where they are.
        let inside = newlines(tag);
        let _ = write!(out.text, "{open}{trim_before} {inner}{} {trim_after}{close}", "\n".repeat(inside));
        line += inside;
    }
    literal(&mut out.text, rest);
    match blocks.pop() {
        Some(block) => Err(format!("line {}: {{{{ if }}}} without {{{{ end }}}}", block.line)),
        None => Ok(out),
    }
}

struct Block {
    line: usize,
    has_else: bool,
    branches: usize,
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Text between tags, in which minijinja must find none of its own.
fn literal(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, brace) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        out.push_str(if brace.starts_with("{%") || brace.starts_with("{#") { "{{ \"{\" }}" } else { "{" });
        rest = brace.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// Where the closing braces are, which may not be in quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut last = ' ';
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter == '}' && last == '}' => return Some(at - 1),
            None => {}
        }
        last = letter;
    }
    None
}

/// A tag as minijinja has it: what opens it, what closes it, what is in it.
fn statement(
    tag: &str,
    blocks: &mut Vec<Block>,
    line: usize,
    variables: &mut BTreeSet<String>,
) -> Result<(&'static str, &'static str, String), String> {
    let tokens = tokens(tag)?;
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    let tagged = |inner: String| Ok(("{%", "%}", inner));
    match words.as_slice() {
        [] => Err("a tag with nothing in it".to_owned()),
        ["if", ..] => {
            if blocks.len() == MAX_DEPTH {
                return Err(format!("more than {MAX_DEPTH} blocks in each other"));
            }
            blocks.push(Block { line, has_else: false, branches: 0 });
            tagged(format!("if {}", expression(tokens.get(1..).unwrap_or_default(), variables)?))
        }
        ["else", rest @ ..] => {
            let block =
                blocks.last_mut().filter(|block| !block.has_else).ok_or("{{ else }} without {{ if }}")?;
            block.branches += 1;
            if block.branches > MAX_BRANCHES {
                return Err(format!("more than {MAX_BRANCHES} branches of one {{{{ if }}}}"));
            }
            match rest {
                [] => {
                    block.has_else = true;
                    tagged("else".to_owned())
                }
                ["if", ..] => {
                    tagged(format!("elif {}", expression(tokens.get(2..).unwrap_or_default(), variables)?))
                }
                _ => Err("{{ else }} must stand alone, or before if".to_owned()),
            }
        }
        ["end"] => {
            blocks.pop().ok_or("{{ end }} without {{ if }}")?;
            tagged("endif".to_owned())
        }
        _ => Ok(("{{", "}}", expression(&tokens, variables)?)),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// With its quotes.
    Text(String),
    Number(String),
    Sign(&'static str),
}

impl Token {
    fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Text(_) | Self::Number(_) | Self::Sign(_) => "",
        }
    }
}

/// What Jet writes with signs, and Jinja with words or the same signs. Longer ones first.
const SIGNS: &[(&str, &str)] = &[
    ("==", "=="),
    ("!=", "!="),
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("|", "|"),
    ("(", "("),
    (")", ")"),
    (",", ","),
];

fn tokens(tag: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = tag.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '"' || first == '\'' {
            let end = rest.char_indices().skip(1).find(|(_, letter)| *letter == first).map(|(at, _)| at + 1);
            let text = end.and_then(|end| rest.get(..end)).ok_or("a text without its closing quote")?;
            if text.contains('\\') {
                return Err("a text must not have a backslash".to_owned());
            }
            (Token::Text(text.to_owned()), text.len())
        } else if first.is_ascii_alphanumeric() || first == '_' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default().to_owned();
            let token = match first.is_ascii_digit() {
                true if word.bytes().all(|byte| byte.is_ascii_digit()) && end <= 9 => Token::Number(word),
                true => return Err(format!("{word} is neither a number nor a name")),
                false => Token::Word(word),
            };
            (token, end)
        } else {
            let sign = SIGNS.iter().find(|(jet, _)| rest.starts_with(jet));
            let (jet, jinja) = sign.ok_or_else(|| format!("{first} is not understood here"))?;
            (Token::Sign(jinja), jet.len())
        };
        if tokens.len() == MAX_TOKENS {
            return Err(format!("more than {MAX_TOKENS} words and signs in one tag"));
        }
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Values, comparisons and filters. What does not fit together minijinja finds.
fn expression(tokens: &[Token], variables: &mut BTreeSet<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut before = None;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) => {
                let called = tokens.get(index + 1) == Some(&Token::Sign("("));
                let is_filter = before == Some(&Token::Sign("|"));
                if RESERVED.contains(&word.as_str()) {
                    return Err(format!("{word} cannot be used here"));
                }
                if called && !is_filter && !["isset", "and", "or", "not"].contains(&word.as_str()) {
                    return Err(format!("there is no function {word}"));
                }
                if !called && !is_filter && !["and", "or", "not", "true", "false"].contains(&word.as_str()) {
                    variables.insert(word.clone());
                }
                out.push_str(word);
            }
            Token::Text(text) | Token::Number(text) => out.push_str(text),
            Token::Sign(sign) => out.push_str(sign),
        }
        out.push(' ');
        before = Some(token);
    }
    match out.trim_end() {
        "" => Err("a condition is missing".to_owned()),
        trimmed => Ok(trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn jinja(template: &str) -> String {
        translate(template).unwrap().text
    }

    #[test]
    fn tags_are_translated_one_by_one() {
        assert_eq!(jinja("Hello {{name}}!"), "Hello {{ name }}!");
        assert_eq!(
            jinja("{{ if a && !b }}x{{ else if c == \"d\" || e }}y{{ else }}z{{ end }}"),
            "{% if a and not b %}x{% elif c == \"d\" or e %}y{% else %}z{% endif %}"
        );
        assert_eq!(jinja("{{- name | upper -}}"), "{{- name | upper -}}");
        assert_eq!(jinja("{{ isset(plan) }}"), "{{ isset ( plan ) }}");
        assert_eq!(jinja("{{ a | default(\"}}\") }}"), "{{ a | default ( \"}}\" ) }}");
    }

    #[test]
    fn jinjas_own_tags_are_text() {
        assert_eq!(jinja("{% include x %}"), "{{ \"{\" }}% include x %}");
        assert_eq!(jinja("{# x #}"), "{{ \"{\" }}# x #}");
        assert_eq!(jinja("a{b:c}"), "a{b:c}");
        assert_eq!(jinja("}} %} {"), "}} %} {");
    }

    #[test]
    fn variables_are_found() {
        let found =
            translate("{{ a | upper }}{{ if b == \"c\" }}{{ isset(d) }}{{ end }}{{ a }}").unwrap().variables;
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "d"]);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (template, problem) in [
            ("a\n{{ name", "line 2: {{ without }}"),
            ("{{ }}", "line 1: a tag with nothing in it"),
            ("\n\n{{ if a }}", "line 3: {{ if }} without {{ end }}"),
            ("{{ if }}x{{ end }}", "line 1: a condition is missing"),
            ("{{ end }}", "line 1: {{ end }} without {{ if }}"),
            ("{{ else }}", "line 1: {{ else }} without {{ if }}"),
            ("{{ if a }}{{ else }}{{ else }}{{ end }}", "line 1: {{ else }} without {{ if }}"),
            ("{{ range items }}x{{ end }}", "line 1: range cannot be used here"),
            ("{{ include \"x\" }}", "line 1: include cannot be used here"),
            ("{{ exec(\"x\") }}", "line 1: there is no function exec"),
            ("{{ a.b }}", "line 1: . is not understood here"),
            ("{{ a[0] }}", "line 1: [ is not understood here"),
            ("{{ \"a\" * 9 }}", "line 1: * is not understood here"),
            ("{{ a ~ b }}", "line 1: ~ is not understood here"),
            ("{{ 1e9 }}", "line 1: 1e9 is neither a number nor a name"),
            ("{{{ a }}", "line 1: { is not understood here"),
            ("{{ \"a }}", "line 1: {{ without }}"),
            ("{{ \"a\\b\" }}", "line 1: a text must not have a backslash"),
        ] {
            assert_eq!(translate(template).unwrap_err(), problem, "{template}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_translated_or_refused(text in "(\\PC|\\{\\{|\\}\\}|if|end|[{}%#\"'|&!-]){0,30}") {
            let _ = translate(&text);
        }
    }
}
