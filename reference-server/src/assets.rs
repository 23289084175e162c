//! The static files of the pages, compiled in: nothing is loaded from elsewhere (security WEB-6).
//!
//! An address carries the digest of the file's content, so that browsers may keep it for good.

use std::sync::LazyLock;

use lysand_auth::secret::Digest;
use serde::Serialize;

/// How much of the digest an address carries: enough to tell two releases apart.
const DIGEST_LENGTH: usize = 12;

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Its name, the last part of its address.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $content_type:literal,)+) => {
        /// All files.
        pub const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            content: include_bytes!(concat!("../../templates/assets/", $name)),
        },)+];
    };
}

assets! {
    "style.css": "text/css; charset=utf-8",
    "copy.js": "text/javascript; charset=utf-8",
    "decide.js": "text/javascript; charset=utf-8",
    "form_post.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
    "avatar.svg": "image/svg+xml; charset=utf-8",
    "provider.svg": "image/svg+xml; charset=utf-8",
    "icon.png": "image/png",
    "avatar.png": "image/png",
    "header.png": "image/png",
}

/// The digests of all files, in the order of [`ASSETS`]; computed once.
static DIGESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSETS.iter().map(|asset| Digest::of(asset.content).to_base64url().chars().take(DIGEST_LENGTH).collect()).collect()
});

/// The file of this name, and the digest of its content that its address carries.
#[must_use]
pub fn find(name: &str) -> Option<(&'static Asset, &'static str)> {
    let index = ASSETS.iter().position(|asset| asset.name == name)?;
    Some((&ASSETS[index], DIGESTS[index].as_str()))
}

/// The origin-relative address of a file, with the digest of its content.
#[must_use]
pub fn path(name: &str) -> String {
    match find(name) {
        Some((_, digest)) => format!("/assets/{name}?v={digest}"),
        None => format!("/assets/{name}"),
    }
}

/// The addresses that the templates use.
#[derive(Clone, Debug, Serialize)]
pub struct PageAssets {
    style: String,
    copy: String,
    decide: String,
    form_post: String,
    icon: String,
    person: String,
    provider: String,
}

impl PageAssets {
    /// The addresses of the files of this build.
    #[must_use]
    pub fn new() -> Self {
        Self {
            style: path("style.css"),
            copy: path("copy.js"),
            decide: path("decide.js"),
            form_post: path("form_post.js"),
            icon: path("icon.svg"),
            person: path("avatar.svg"),
            provider: path("provider.svg"),
        }
    }
}

impl Default for PageAssets {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_assets_reference_no_external_urls() {
        for asset in ASSETS.iter().filter(|asset| !asset.content_type.starts_with("image/png")) {
            let text = String::from_utf8_lossy(asset.content).replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("@import"), "{}", asset.name);
        }
    }
}
