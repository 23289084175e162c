//! Texts of a provider, before they are kept.

/// A name, an address or a subject as it may be kept: something, and not too much.
pub(super) fn usable(text: Option<&str>, longest: usize) -> Option<String> {
    text.filter(|text| !text.trim().is_empty() && text.len() <= longest).map(str::to_owned)
}
