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
    "passkey.js": "text/javascript; charset=utf-8",
    "form_post.js": "text/javascript; charset=utf-8",
    "search.js": "text/javascript; charset=utf-8",
    "register.js": "text/javascript; charset=utf-8",
    "solve.js": "text/javascript; charset=utf-8",
    "waiting.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
    "avatar.svg": "image/svg+xml; charset=utf-8",
    "provider.svg": "image/svg+xml; charset=utf-8",
    "icon.png": "image/png",
    "avatar.png": "image/png",
    "header.png": "image/png",
}

/// A file of the admin's, beside the built-in ones or in the place of one.
#[derive(Clone, Debug)]
pub struct OwnAsset {
    /// Its name, the last part of its address.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
    /// The digest of its content that its address carries.
    pub digest: String,
}

impl OwnAsset {
    /// A file with its digest.
    #[must_use]
    pub fn new(name: String, content_type: &'static str, content: Vec<u8>) -> Self {
        let digest = digest(&content);
        Self { name, content_type, content, digest }
    }

    /// Its origin-relative address.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/assets/{}?v={}", self.name, self.digest)
    }
}

fn digest(content: &[u8]) -> String {
    Digest::of(content).to_base64url().chars().take(DIGEST_LENGTH).collect()
}

/// The digests of all files, in the order of [`ASSETS`]; computed once.
static DIGESTS: LazyLock<Vec<String>> = LazyLock::new(|| ASSETS.iter().map(|asset| digest(asset.content)).collect());

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
    passkey: String,
    form_post: String,
    search: String,
    register: String,
    solve: String,
    waiting: String,
    icon: String,
    person: String,
    provider: String,
    /// The admin's picture for the top of every page.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    /// The admin's colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
}

impl PageAssets {
    /// The addresses of the files of this build.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The addresses with an admin's own files beside those of this build, or in their place.
    #[must_use]
    pub fn with(own: &[OwnAsset]) -> Self {
        let of = |name: &str| own.iter().find(|file| file.name == name).map(OwnAsset::path);
        let path = |name: &str| of(name).unwrap_or_else(|| path(name));
        Self {
            logo: of("logo.svg").or_else(|| of("logo.png")),
            brand: of("brand.css"),
            style: path("style.css"),
            copy: path("copy.js"),
            decide: path("decide.js"),
            passkey: path("passkey.js"),
            form_post: path("form_post.js"),
            search: path("search.js"),
            register: path("register.js"),
            solve: path("solve.js"),
            waiting: path("waiting.js"),
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
