//! Colours of a brand, and colours beside them that people can read (WCAG 2.2, 1.4.3).
use std::fmt;

/// sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color([u8; 3]);

pub(super) const WHITE: Color = Color([255, 255, 255]);
const BLACK: Color = Color([0, 0, 0]);

impl Color {
    pub(super) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// `#rgb` or `#rrggbb`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        match digits.len() {
            6 => Some(Self([red, green, blue])),
            3 => Some(Self([green & 15, blue >> 4, blue & 15].map(|digit| digit * 17))),
            _ => None,
        }
    }

    /// WCAG's relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// WCAG's contrast ratio, 1 to 21.
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Text on this colour: black or white, whichever is easier to read. One of them always has 4.5 or more.
    pub(super) fn text(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// This colour, or the nearest shade of it that stands out from `ground` by this ratio.
    pub(super) fn against(self, ground: Self, ratio: f64) -> Self {
        let shade = |step: u32| self.mixed(ground.text(), step);
        let found = (0..=20).map(shade).find(|shade| shade.contrast(ground) >= ratio);
        found.unwrap_or_else(|| ground.text())
    }

    /// `twentieths` of the way to another colour.
    fn mixed(self, other: Self, twentieths: u32) -> Self {
        let [a, b, c] = self.0;
        let [d, e, f] = other.0;
        let mix = |from: u8, to: u8| {
            let sum = u32::from(from) * (20 - twentieths) + u32::from(to) * twentieths;
            u8::try_from(sum / 20).unwrap_or(u8::MAX)
        };
        Self([mix(a, d), mix(b, e), mix(c, f)])
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_two_spellings() {
        assert_eq!(Color::parse("#0aF"), Some(Color([0, 0xaa, 0xff])));
        assert_eq!(Color::parse("#10a0fF").unwrap().to_string(), "#10a0ff");
        for bad in ["", "#", "red", "#12", "#1234", "#12345g", "#+12345", "rgb(1,2,3)", "#fff;}"] {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_colour_gets_text_that_can_be_read() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let color = Color([red, green, blue]);
                    assert!(color.contrast(color.text()) >= 4.5, "{color}");
                    for ground in [WHITE, Color([0x19, 0x1d, 0x24])] {
                        assert!(color.against(ground, 4.5).contrast(ground) >= 4.5, "{color} on {ground}");
                    }
                }
            }
        }
    }
}
