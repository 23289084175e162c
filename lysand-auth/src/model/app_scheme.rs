//! Which private-use schemes of redirect URIs belong to apps (faults F12).

/// Schemes of apps that have no dot, from before RFC 8252 §7.1 asked for one. A scheme that is not here may be one that a
/// browser or a system handles itself, where an answer only does harm (faults F12).
const APP_SCHEMES: &[&str] = &[
    // What guides and frameworks for programs on a computer use.
    "app",
    "capacitor",
    "electron",
    "ionic",
    "myapp",
    "tauri",
    "amaroq",
    "bluecast",
    "elk",
    "fedi",
    "fediapp",
    "fedicat",
    "fedilab",
    "feditext",
    "feather",
    "hyperspace",
    "husky",
    "icecubesapp",
    "imast",
    "impressia",
    "ivory",
    "kaiteki",
    "mammoth",
    "mammut",
    "mast",
    "mastalab",
    "masto",
    "mastoblaster",
    "mastodon",
    "mastonaut",
    "mastoot",
    "megalodon",
    "metatext",
    "milktea",
    "mona",
    "moshidon",
    "mudon",
    "oauth2redirect",
    "oauth-vernissage",
    "openvibe",
    "pachli",
    "phanpy",
    "pinafore",
    "pixeldroid",
    "pixelfed",
    "pixelix",
    "pixelodon",
    "radiant",
    "rodent",
    "roma",
    "sora",
    "stellar",
    "subwaytooter",
    "tapbots-ivory",
    "thedesk",
    "toot",
    "tootdesk",
    "tootdon",
    "tootle",
    "trunks",
    "tuba",
    "tusker",
    "tusky",
    "twidere",
    "vernissage",
    "whalebird",
    "woolly",
    "yuito",
];

/// Apps that grew out of Mastodon's own for Android name their scheme by its pattern.
const APP_SCHEME_ENDING: &str = "-android-auth";

/// Whether a scheme is an app's own: the name of a domain that its maker has, backwards (RFC 8252 §7.1), or a known one.
pub(super) fn belongs_to_app(scheme: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    let is_domain = scheme.contains('.') && scheme.split('.').all(|label| !label.is_empty());
    is_domain || scheme.ends_with(APP_SCHEME_ENDING) || APP_SCHEMES.contains(&scheme.as_str())
}
