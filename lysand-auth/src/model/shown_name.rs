//! Names that people read where they decide: a name shows what it says (faults A14).

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameProblem {
    /// Nobody sees any of it.
    Blank,
    /// Something in it is hidden, breaks the line, or turns the order of what is read.
    Hidden,
}

/// Judges a name. Letters of every script pass, and so do the joiners and direction marks that scripts and emoji need.
pub(crate) fn check(name: &str) -> Result<(), NameProblem> {
    if name.chars().all(|c| c.is_whitespace() || is_hidden(c) || is_mark(c)) {
        return Err(NameProblem::Blank);
    }
    // Flags of parts of a country are written with tags.
    let has_flag = name.contains('\u{1F3F4}');
    let is_tag = |c: char| matches!(c, '\u{E0020}'..='\u{E007F}');
    match name.chars().any(|c| c.is_control() || (is_hidden(c) && !(has_flag && is_tag(c)))) {
        true => Err(NameProblem::Hidden),
        false => Ok(()),
    }
}

/// A name without characters that nobody sees and that no writing needs, and without blanks around it; empty when nothing is left
/// to see.
pub(crate) fn without_format_characters(name: &str) -> String {
    let is_mark_of_direction = |c: char| matches!(c, '\u{061C}' | '\u{180E}' | '\u{200E}' | '\u{200F}');
    let kept: String = name.chars().filter(|c| !is_hidden(*c) && !is_mark_of_direction(*c)).collect();
    match check(&kept) {
        Err(NameProblem::Blank) => String::new(),
        _ => kept.trim().to_owned(),
    }
}

/// Characters that nobody sees, and that no writing needs.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{FEFF}'
        // Fillers.
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
        | '\u{180E}' | '\u{200B}'
        // Line and paragraph separators, embeddings and overrides of the direction.
        | '\u{2028}'..='\u{202E}'
        // Invisible operators, isolates, deprecated format characters.
        | '\u{2060}'..='\u{206F}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Characters that change how others look, and show nothing alone.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{180B}'..='\u{180F}' | '\u{200C}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_name_that_nobody_can_see_is_blank() {
        for name in
            ["", " ", "\u{200B}", "\u{3164}", "\u{2800}", "\u{FEFF}\u{200B}", "\u{200D}", "\u{FE0F}", "\u{A0}", "\n"]
        {
            assert_eq!(check(name), Err(NameProblem::Blank), "{name:?}");
        }
    }

    #[test]
    fn app_name_that_hides_breaks_or_turns_something_is_refused() {
        for name in [
            "App\u{202E}ppA",
            "\u{2066}App\u{2069}",
            "App\nthis server",
            "App\r",
            "App\t2",
            "App\u{0}",
            "App\u{85}",
            "App\u{2028}x",
            "App\u{2029}x",
            "Goo\u{200B}gle",
            "Goo\u{00AD}gle",
            "Mas\u{2060}todon",
            "App\u{3164}",
            "App\u{E0041}",
            "App\u{FFF9}x",
            "\u{1B}[31mApp",
        ] {
            assert_eq!(check(name), Err(NameProblem::Hidden), "{name:?}");
        }
    }

    #[test]
    fn app_name_in_any_script_or_with_emoji_is_accepted() {
        for name in [
            "Tusky",
            "Ivory for Mac",
            "Ice Cubes 🧊",
            "象",
            "می\u{200C}خواهم",
            "תוכנה\u{200F}!",
            "👩\u{200D}💻 Dev",
            "❤\u{FE0F}",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} App",
            "Ａｐｐ",
            "क्\u{200D}ष",
            "café",
            "a\u{301}",
        ] {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }
}
