//! Rules for text that people see, beyond the lengths that protos declare.

/// What is wrong with a name: invisible, or able to disguise itself. Letters of every script are welcome.
pub fn name_problem(name: &str) -> Option<&'static str> {
    if let Some(problem) = control_problem(name) {
        return Some(problem);
    }
    let visible = name.chars().any(|letter| !letter.is_whitespace() && !is_invisible(letter));
    (!visible).then_some("must have at least one visible character")
}

/// Control characters and the marks that reorder text (Unicode UAX #9) let one text pass for another.
pub fn control_problem(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        return Some("must not contain control characters");
    }
    text.chars()
        .any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .then_some("must not contain characters that reorder text (U+202A to U+202E, U+2066 to U+2069)")
}

/// Characters without a shape. Joiners among others are part of proper writing in many scripts.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

/// For matching without regard to case, the same on both databases. Letter by letter, so that a letter folds alike
/// wherever it stands (`str::to_lowercase` writes a last Σ as ς), and by way of upper case, which makes ß and SS alike.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// A pattern for `LIKE … ESCAPE '\'` that finds `text` anywhere; its own wildcards are plain characters.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in fold(text).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_script_are_fine() {
        for name in ["Acme", "Zoë & Söhne", "日本電気", "شركة النيل", "क्‍ष", "👩‍💻 Labs", " x "]
        {
            assert_eq!(name_problem(name), None, "{name}");
        }
    }

    #[test]
    fn invisible_and_disguising_names_are_not() {
        for name in ["", " ", "\u{200b}", "\u{feff}\u{200d} ", "a\0b", "a\nb", "\u{202e}gnp.exe", "\u{2067}x"]
        {
            assert!(name_problem(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn folding_does_not_depend_on_where_a_letter_stands() {
        assert!(fold("ΟΔΟΣΑ").contains(&fold("οδος")));
        assert_eq!(fold("STRASSE"), fold("Straße"));
        assert_eq!(fold("ÅNGSTRÖM"), fold("ångström"));
    }

    #[test]
    fn wildcards_are_plain_characters() {
        assert_eq!(contains_pattern("50%_\\A"), "%50\\%\\_\\\\a%");
    }
}
