//! As much of RFC 2045 to 2047 as it takes to read what we send.
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// The value of a header, unfolded and decoded.
pub(crate) fn header(message: &str, name: &str) -> Option<String> {
    let (head, _) = message.split_once("\r\n\r\n")?;
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let value = unfolded.split("\r\n").find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })?;
    Some(words(&value))
}

/// RFC 2047: spaces between two encoded words do not count.
fn words(value: &str) -> String {
    let (mut out, mut after_encoded, mut gap) = (Vec::new(), false, String::new());
    for word in value.split_inclusive(' ') {
        let bare = word.trim_end();
        let encoded = bare.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
        if !(encoded.is_some() && after_encoded) {
            out.extend_from_slice(gap.as_bytes());
        }
        match encoded {
            Some(text) => out.extend(BASE64.decode(text).expect("base64")),
            None => out.extend_from_slice(bare.as_bytes()),
        }
        after_encoded = encoded.is_some();
        gap = word.strip_prefix(bare).unwrap_or_default().to_owned();
    }
    String::from_utf8(out).expect("UTF-8")
}

/// The decoded part of this type, of a message or of one of the parts of a multipart one.
pub(crate) fn part(message: &str, content_type: &str) -> Option<String> {
    let (_, body) = message.split_once("\r\n\r\n")?;
    let kind = header(message, "content-type")?;
    if kind.starts_with(content_type) {
        return Some(decoded(body, &header(message, "content-transfer-encoding").unwrap_or_default()));
    }
    let boundary = kind.split_once("boundary=\"")?.1.split_once('"')?.0;
    body.split(&format!("--{boundary}"))
        .skip(1)
        .find_map(|one| part(one.trim_start_matches("\r\n"), content_type))
}

fn decoded(body: &str, encoding: &str) -> String {
    let bytes = match encoding {
        "base64" => BASE64.decode(body.split_whitespace().collect::<String>()).expect("base64"),
        "quoted-printable" => quoted_printable(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n").trim_end().to_owned()
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let (mut out, mut rest) = (Vec::new(), joined.as_str());
    while let Some((before, after)) = rest.split_once('=') {
        out.extend_from_slice(before.as_bytes());
        let (code, after) = after.split_at(2);
        out.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
