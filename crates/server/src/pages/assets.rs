//! The style sheet and the script of pages. Their names have a hash of what is in them: a browser may keep them.
use crate::vault;
use std::{fmt::Write as _, sync::LazyLock};

/// A file that pages use.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its path, `/pages/….css`.
    pub path: String,
    /// With its character set.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
}

pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../templates/pages/pages.css");
    Asset { path: path("css", content), media_type: "text/css; charset=utf-8", content }
});

pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../templates/pages/pages.js");
    Asset { path: path("js", content), media_type: "text/javascript; charset=utf-8", content }
});

/// The file at `/pages/{file}`.
pub fn find(file: &str) -> Option<&'static Asset> {
    [&*STYLE, &*SCRIPT].into_iter().find(|asset| asset.path.strip_prefix("/pages/") == Some(file))
}

fn path(extension: &str, content: &str) -> String {
    format!("/pages/{}.{extension}", fingerprint(content))
}

/// 16 hexadecimal digits that another content does not have.
pub(super) fn fingerprint(content: &str) -> String {
    let mut text = String::new();
    for byte in vault::hash(content).iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
