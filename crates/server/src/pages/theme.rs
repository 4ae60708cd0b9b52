//! The style sheet of a brand: variables of `templates/pages/pages.css`, and a font. The policy of pages allows no style
//! in the page itself.
use super::{
    assets,
    brand::Layers,
    color::{Color, WHITE},
};
use std::fmt::Write as _;

/// Cards in the dark, as in `pages.css`.
const DARK: Color = Color::new(0x19, 0x1d, 0x24);
/// The browser's own font, and what text needs besides.
const FALLBACK: &str = "system-ui, sans-serif";

/// What a brand changes of the style sheet; empty if it changes nothing.
pub(super) fn sheet(settings: &Layers<'_>) -> String {
    let (mut light, mut dark, mut both) = (String::new(), String::new(), String::new());
    let mut font_face = String::new();
    if let Some(accent) = settings.color("accent_color") {
        light.push_str(&accents(accent, WHITE));
        dark.push_str(&accents(accent, DARK));
    }
    if let Some(color) = settings.color("background_color") {
        set(&mut light, "page", color);
        set(&mut light, "on-page", color.text());
    }
    if let Some(background) = settings.text("background").filter(|text| is_one_value(text)) {
        set(&mut both, "page-background", background);
        set(&mut both, "footer", "var(--card)");
    }
    let radius = settings.choice("border_radius", &[("small", "4px"), ("medium", "10px"), ("large", "18px")]);
    radius.into_iter().for_each(|radius| set(&mut both, "radius", radius));
    let heading = [("left", "left"), ("center", "center"), ("right", "right")];
    settings.choice("heading_alignment", &heading).into_iter().for_each(|at| set(&mut both, "heading", at));
    let logo = [("left", "0 auto"), ("center", "auto auto"), ("right", "auto 0")];
    settings.choice("logo_alignment", &logo).into_iter().for_each(|at| set(&mut both, "logo", at));
    if let Some(url) = settings.text("font_url").filter(|url| is_asset(url)) {
        font_face = format!("@font-face{{font-family:brand;src:url(\"{url}\");font-display:swap}}\n");
        set(&mut both, "font", format!("brand,{FALLBACK}"));
    } else if let Some(family) = settings.text("font_family").filter(|name| is_family(name)) {
        set(&mut both, "font", format!("\"{family}\",{FALLBACK}"));
    }
    let mut sheet = font_face;
    for (condition, rules) in
        [("all", both), ("(prefers-color-scheme:light)", light), ("(prefers-color-scheme:dark)", dark)]
    {
        if !rules.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(sheet, "@media {condition}{{:root{{{rules}}}}}");
        }
    }
    sheet
}

/// The path of the sheet of an environment (`environment`) or an organization (its id).
pub(super) fn path(scope: &str, sheet: &str) -> String {
    format!("/pages/theme/{scope}/{}.css", assets::fingerprint(sheet))
}

fn accents(accent: Color, ground: Color) -> String {
    // A button need not stand out like text, but must be seen to be one.
    let button = accent.against(ground, 1.6);
    let mut rules = String::new();
    set(&mut rules, "accent", button);
    set(&mut rules, "on-accent", button.text());
    set(&mut rules, "link", accent.against(ground, 4.5));
    rules
}

fn set(rules: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(rules, "--{name}:{value};");
}

/// Whether it is the value of one property: it cannot end it, nor begin a comment, a rule or another property. What URLs
/// there may be in it was checked when it was saved.
fn is_one_value(text: &str) -> bool {
    let is_plain = |letter: char| !letter.is_control() && !"{};<>\\@".contains(letter);
    let quotes = |quote| text.matches(quote).count() % 2 == 0;
    let brackets = text.matches('(').count() == text.matches(')').count();
    text.len() <= 4096
        && text.chars().all(is_plain)
        && !text.contains("/*")
        && brackets
        && quotes('"')
        && quotes('\'')
}

/// `/assets/asset_….woff2`
fn is_asset(url: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
    url.strip_prefix("/assets/").is_some_and(|name| name.chars().all(is_plain))
}

fn is_family(name: &str) -> bool {
    name.len() <= 64 && name.chars().all(|letter| letter.is_alphanumeric() || " -_".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(settings: &serde_json::Value) -> String {
        sheet(&Layers([settings.as_object(), None]))
    }

    #[test]
    fn a_brand_without_settings_has_no_sheet() {
        assert_eq!(of(&json!({"accent_color": 7, "background": "", "border_radius": "huge"})), "");
    }

    #[test]
    fn accents_are_readable_in_light_and_dark() {
        let sheet = of(&json!({"accent_color": "#ffd400", "border_radius": "Large"}));
        assert_eq!(
            sheet,
            "@media all{:root{--radius:18px;}}\n\
             @media (prefers-color-scheme:light){:root{--accent:#e5be00;--on-accent:#000000;--link:#8c7400;}}\n\
             @media (prefers-color-scheme:dark){:root{--accent:#ffd400;--on-accent:#000000;--link:#ffd400;}}\n"
        );
    }

    #[test]
    fn nothing_gets_out_of_its_value() {
        for background in [
            "red;} body{display:none",
            "red} *{color:red",
            "url(\"x",
            "red /* ",
            "</style>",
            "linear-gradient(red",
            "u\\72l(x)",
        ] {
            assert_eq!(of(&json!({"background": background})), "", "{background}");
        }
        for font in ["/assets/../x", "https://x.test/a.woff2", "/assets/a\");}", "/assets/a.woff2?x"] {
            assert_eq!(of(&json!({"font_url": font})), "", "{font}");
        }
        assert_eq!(of(&json!({"font_family": "x\"; } body {"})), "");
        let good = "center / cover no-repeat url( 'https://cdn.test/a.png' ), #fff";
        assert!(of(&json!({"background": good})).contains(good));
    }
}
