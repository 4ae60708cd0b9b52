//! Timestamps and durations as ProtoJSON writes them.
use jiff::{SignedDuration, civil::DateTime};

/// 1970 in UTC.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// Seconds of 0001-01-01T00:00:00Z, the first instant of a `google.protobuf.Timestamp`.
const FIRST_SECOND: i64 = -62_135_596_800;
/// Seconds of 9999-12-31T23:59:59Z, the last one.
const LAST_SECOND: i64 = 253_402_300_799;
/// Ten thousand years in seconds, the longest `google.protobuf.Duration`.
const LONGEST_SECONDS: i64 = 315_576_000_000;

/// Seconds and nanoseconds of an RFC 3339 time with any offset. Not by `jiff::Timestamp`, which ends a day before the
/// year 9999 does.
pub(super) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    let (date, time) = (text.get(..10)?, text.get(11..19)?);
    if !matches!(text.get(10..11), Some("T" | "t")) {
        return None;
    }
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let (fraction, offset) = split_fraction(text.get(19..)?)?;
    let (year, month, day) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let (hour, minute, second) =
        (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?);
    let local = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let seconds = local.duration_since(EPOCH).as_secs() - parse_offset(offset)?;
    (FIRST_SECOND..=LAST_SECOND).contains(&seconds).then_some((seconds, fraction))
}

/// Three numbers of fixed width.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(separator);
    let mut next = |width| {
        let part = parts.next().filter(|part| part.len() == width && is_digits(part))?;
        part.parse().ok()
    };
    let [first, second, third] = widths;
    Some([next(first)?, next(second)?, next(third)?])
}

/// Nanoseconds of `.5Z`, and the `Z`.
fn split_fraction(text: &str) -> Option<(i32, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, offset) = text.split_at(end);
    Some((parse_fraction(digits)?, offset))
}

/// Nanoseconds of 1 to 9 digits after a point.
fn parse_fraction(digits: &str) -> Option<i32> {
    if !is_digits(digits) || digits.len() > 9 {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

/// Seconds east of UTC of `Z` or `+05:30`.
fn parse_offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, text) = match text.strip_prefix('+') {
        Some(text) => (1, text),
        None => (-1, text.strip_prefix('-')?),
    };
    let [hours, minutes, _] = numbers(&format!("{text}:00"), ':', [2, 2, 2])?;
    (text.len() == 5 && hours < 24 && minutes < 60)
        .then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second; `None` outside of the years 1 to 9999.
pub(super) fn format_timestamp(seconds: i64, nanos: i32) -> Option<String> {
    if !is_timestamp(seconds, nanos) {
        return None;
    }
    let time = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    Some(format!("{time}{}Z", Fraction(nanos.unsigned_abs())))
}

/// Whether the two are a `google.protobuf.Timestamp`.
pub(in crate::transport) fn is_timestamp(seconds: i64, nanos: i32) -> bool {
    (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && (0..1_000_000_000).contains(&nanos)
}

/// Seconds and nanoseconds, of the same sign, of `1.5s`.
pub(super) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let seconds: i64 = Some(whole).filter(|whole| is_digits(whole))?.parse().ok()?;
    let nanos = parse_fraction(fraction)?;
    if seconds > LONGEST_SECONDS || (seconds == LONGEST_SECONDS && nanos > 0) {
        return None;
    }
    Some(if negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// `1.500s`, with 0, 3, 6 or 9 digits; `None` where the two disagree in sign or are too large.
pub(super) fn format_duration(seconds: i64, nanos: i32) -> Option<String> {
    if !is_duration(seconds, nanos) {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    Some(format!("{sign}{}{}s", seconds.unsigned_abs(), Fraction(nanos.unsigned_abs())))
}

/// Whether the two are a `google.protobuf.Duration`.
pub(in crate::transport) fn is_duration(seconds: i64, nanos: i32) -> bool {
    seconds.unsigned_abs() <= LONGEST_SECONDS.unsigned_abs()
        && nanos.unsigned_abs() < 1_000_000_000
        && !(seconds < 0 && nanos > 0)
        && !(seconds > 0 && nanos < 0)
}

/// `.5` seconds as `.500`; nothing for zero.
struct Fraction(u32);

impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            nanos if nanos % 1_000_000 == 0 => write!(f, ".{:03}", nanos / 1_000_000),
            nanos if nanos % 1_000 == 0 => write!(f, ".{:06}", nanos / 1_000),
            nanos => write!(f, ".{nanos:09}"),
        }
    }
}
