//! The tags of a template, taken apart into words, texts and marks. It reads what Tera 1 and Tera 2 have in common, and
//! stops quietly where a tag does not end.

use std::ops::Range;

/// A piece of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, a keyword, or the digits of a number.
    Word(&'a str),
    /// What stands between quotation marks.
    Text(&'a str),
    /// Anything else: `::` and `==` are one mark, other characters one each.
    Mark(&'a str),
}

/// The tokens of one tag.
pub(super) struct Tokens<'a> {
    template: &'a str,
    is_statement: bool,
    tokens: Vec<(Token<'a>, Range<usize>)>,
}

impl<'a> Tokens<'a> {
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<Token<'a>> {
        self.tokens.get(index).map(|(token, _)| *token)
    }

    /// Whether this is `{% … %}`, not `{{ … }}`.
    pub(super) fn is_statement(&self) -> bool {
        self.is_statement
    }

    /// The line of a token, from 1.
    pub(super) fn line(&self, index: usize) -> usize {
        let start = self.tokens.get(index).map_or(0, |(_, range)| range.start);
        1 + self.template[..start].matches('\n').count()
    }

    /// The source of the tokens from `start` to before `end`.
    pub(super) fn text(&self, start: usize, end: usize) -> &'a str {
        match (self.tokens.get(start), end.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some((_, first)), Some((_, last))) if first.start <= last.end => &self.template[first.start..last.end],
            _ => "",
        }
    }

    /// The source between the parentheses that open at `index`.
    pub(super) fn arguments(&self, index: usize) -> Option<&'a str> {
        let end = self.closing(index)?;
        Some(self.text(index + 1, end))
    }

    /// Whether the parentheses that open at `index` have an argument of that name.
    pub(super) fn has_argument(&self, index: usize, name: &str) -> bool {
        let Some(end) = self.closing(index) else { return false };
        (index + 1..end).any(|at| self.get(at) == Some(Token::Word(name)) && self.get(at + 1) == Some(Token::Mark("=")))
    }

    /// The index of the parenthesis that closes the one at `index`.
    fn closing(&self, index: usize) -> Option<usize> {
        if self.get(index) != Some(Token::Mark("(")) {
            return None;
        }
        let mut open = 0_usize;
        for at in index..self.len() {
            match self.get(at) {
                Some(Token::Mark("(")) => open += 1,
                Some(Token::Mark(")")) => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Some(at);
            }
        }
        None
    }

    /// The path that the word at `index`, which stands behind a dot, belongs to: where it starts, and the index behind
    /// it. `None` when it begins with a digit: that is a number.
    pub(super) fn path_around(&self, index: usize) -> Option<(usize, usize)> {
        let mut start = index.checked_sub(2)?;
        loop {
            while self.get(start) == Some(Token::Mark("]")) {
                start = self.opening_bracket(start)?.checked_sub(1)?;
            }
            let Some(Token::Word(word)) = self.get(start) else { return None };
            match start.checked_sub(2) {
                Some(before) if self.get(start - 1) == Some(Token::Mark(".")) => start = before,
                _ if word.starts_with(|c: char| c.is_ascii_digit()) => return None,
                _ => break,
            }
        }
        let mut end = index + 1;
        while self.get(end) == Some(Token::Mark(".")) && matches!(self.get(end + 1), Some(Token::Word(_))) {
            end += 2;
        }
        Some((start, end))
    }

    fn opening_bracket(&self, closing: usize) -> Option<usize> {
        let mut open = 0_usize;
        for at in (0..=closing).rev() {
            match self.get(at) {
                Some(Token::Mark("]")) => open += 1,
                Some(Token::Mark("[")) => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Some(at);
            }
        }
        None
    }
}

/// The tags of a template, without comments and what is raw.
pub(super) fn tags(template: &str) -> Vec<Tokens<'_>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(begin) = template[at..].find('{').map(|offset| at + offset) {
        let rest = &template[begin..];
        if rest.starts_with("{#") {
            let Some(length) = rest.find("#}") else { break };
            at = begin + length + 2;
        } else if rest.starts_with("{{") || rest.starts_with("{%") {
            let end = if rest.starts_with("{%") { "%}" } else { "}}" };
            let Some((tokens, behind)) = tokens(template, begin + 2, end) else { break };
            let tag = Tokens { template, is_statement: end == "%}", tokens };
            at = behind;
            if tag.is_statement && tag.get(0) == Some(Token::Word("raw")) {
                let Some(length) = template[at..].find("endraw") else { break };
                at += length;
            }
            tags.push(tag);
        } else {
            at = begin + 1;
        }
    }
    tags
}

type Ranged<'a> = Vec<(Token<'a>, Range<usize>)>;

/// The tokens from `at` to the end of the tag, and where it ends.
fn tokens<'a>(template: &'a str, mut at: usize, end: &str) -> Option<(Ranged<'a>, usize)> {
    let mut tokens = Vec::new();
    if template[at..].starts_with('-') {
        at += 1;
    }
    loop {
        let rest = &template[at..];
        let first = rest.chars().next()?;
        if rest.starts_with(end) {
            return Some((tokens, at + end.len()));
        }
        if rest.starts_with('-') && rest[1..].starts_with(end) {
            return Some((tokens, at + 1 + end.len()));
        }
        let length = match first {
            '"' | '\'' | '`' => quoted(rest, first)?,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") || rest.starts_with("==") => 2,
            c => c.len_utf8(),
        };
        let piece = &rest[..length];
        let token = match first {
            '"' | '\'' | '`' => Some(Token::Text(&piece[1..length - 1])),
            c if is_word(c) => Some(Token::Word(piece)),
            c if c.is_whitespace() => None,
            _ => Some(Token::Mark(piece)),
        };
        tokens.extend(token.map(|token| (token, at..at + length)));
        at += length;
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length of a text with its quotation marks. A backslash takes the next character along.
fn quoted(rest: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return Some(at + 1),
            _ => {}
        }
    }
    None
}
