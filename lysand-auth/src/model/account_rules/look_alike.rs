//! Names that look alike.

/// A name as uniqueness sees it: what people take for one letter is one letter here, so that no two names look alike (people
/// PPL-43).
#[must_use]
pub fn username_key(username: &str) -> String {
    let letters = username.replace('0', "o").replace(['1', 'i'], "l");
    letters.replace("rn", "m").replace("vv", "w").replace('_', "")
}
