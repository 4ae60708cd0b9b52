//! What a browser says of itself in `User-Agent`, for people who look at a list of sessions or passkeys. It is a claim of
//! the caller's: nothing is decided by it.

/// Longer headers are cut.
const MAX_CHARACTERS: usize = 512;

/// A browser and the device that it runs on. What is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent {
    /// The header, at most 512 characters.
    pub raw: String,
    /// `Firefox`
    pub browser: String,
    /// `140.0`
    pub browser_version: String,
    /// `macOS`
    pub os: String,
    /// `15.2`
    pub os_version: String,
    /// `desktop`, `mobile`, `tablet` or `other`.
    pub device_type: String,
}

/// Signs of a browser, in front of its version. Browsers name those that they resemble, so the more special come first.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// Signs of an operating system, in front of its version, in the same way: its name and kind of device.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("iPhone OS ", "iOS", "mobile"),
    ("iPad; CPU OS ", "iPadOS", "tablet"),
    ("Android ", "Android", "tablet"),
    ("Android", "Android", "tablet"),
    ("CrOS ", "ChromeOS", "desktop"),
    ("Windows NT ", "Windows", "desktop"),
    ("Mac OS X ", "macOS", "desktop"),
    ("Macintosh", "macOS", "desktop"),
    ("Linux", "Linux", "desktop"),
];

impl UserAgent {
    /// Reads the value of a `User-Agent` header.
    pub fn parse(header: &str) -> Self {
        let raw: String = header.chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect();
        let (browser, browser_version) = BROWSERS
            .iter()
            .filter(|(_, name)| *name != "Safari" || raw.contains("Safari/"))
            .find_map(|(sign, name)| Some((*name, version(raw.split_once(sign)?.1))))
            .unwrap_or_default();
        let (os, os_version, device) = SYSTEMS
            .iter()
            .find_map(|(sign, name, device)| Some((*name, version(raw.split_once(sign)?.1), *device)))
            .unwrap_or(("", String::new(), "other"));
        // Android says on telephones that they are mobile, and nothing on tablets.
        let is_phone = os == "Android" && raw.contains("Mobile");
        let device_type = if is_phone { "mobile" } else { device };
        // Windows 11 calls itself 10.0, and macOS has stopped at 10.15.7: better nothing than what is wrong.
        let is_frozen = matches!((os, os_version.as_str()), ("Windows", "10.0") | ("macOS", "10.15"));
        Self {
            browser: browser.to_owned(),
            browser_version,
            os: os.to_owned(),
            os_version: if is_frozen { String::new() } else { os_version },
            device_type: device_type.to_owned(),
            raw,
        }
    }
}

/// The first two numbers that `text` begins with.
fn version(text: &str) -> String {
    let text =
        text.split(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).next().unwrap_or_default();
    text.split(['.', '_']).filter(|number| !number.is_empty()).take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(header: &str) -> [String; 5] {
        let agent = UserAgent::parse(header);
        [agent.browser, agent.browser_version, agent.os, agent.os_version, agent.device_type]
    }

    #[test]
    fn the_usual_browsers_are_known() {
        for (header, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                ["Firefox", "140.0", "Linux", "", "desktop"],
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3537.57",
                ["Edge", "141.0", "Windows", "", "desktop"],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
                ["Safari", "18.2", "macOS", "", "desktop"],
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                ["Chrome", "131.0", "iOS", "18.1", "mobile"],
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
                ["Safari", "17.6", "iPadOS", "17.6", "tablet"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
                ["Chrome", "130.0", "Android", "14", "mobile"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Safari/537.36",
                ["Samsung Internet", "25.0", "Android", "13", "tablet"],
            ),
            ("curl/8.5.0", ["", "", "", "", "other"]),
            ("", ["", "", "", "", "other"]),
        ] {
            assert_eq!(names(header), expected.map(str::to_owned), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_and_cut(header in "\\PC{0,700}|(Chrome/|Android |Mac OS X |[0-9._ ;()]){0,40}|\\x00") {
            let agent = UserAgent::parse(&header);
            prop_assert!(agent.raw.chars().count() <= MAX_CHARACTERS && !agent.raw.contains('\0'));
            prop_assert!(["desktop", "mobile", "tablet", "other"].contains(&agent.device_type.as_str()));
        }
    }
}
