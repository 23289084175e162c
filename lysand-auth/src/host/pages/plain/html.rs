//! Pieces of plain pages. What is text here is escaped here.

use std::fmt::Write as _;

use crate::host::pages::AppOnPage;
use crate::model::permission::Permission;

/// The text as HTML shows it, in elements and in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A form with hidden fields; `inside` is HTML.
pub(super) fn form(action: &str, hidden: &[(&str, &str)], inside: &str) -> String {
    let mut form = format!("<form method=\"post\" action=\"{}\">\n", escaped(action));
    for (name, value) in hidden {
        let (name, value) = (escaped(name), escaped(value));
        let _ = writeln!(form, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    form + inside + "</form>\n"
}

pub(super) fn button(words: &str) -> String {
    format!("<p><button type=\"submit\">{}</button></p>\n", escaped(words))
}

pub(super) fn paragraph(words: &str) -> String {
    format!("<p>{}</p>\n", escaped(words))
}

pub(super) fn alert(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!("<p role=\"alert\">{}</p>\n", escaped(words)))
}

pub(super) fn link(address: &str, words: &str) -> String {
    format!("<p><a href=\"{}\">{}</a></p>\n", escaped(address), escaped(words))
}

pub(super) fn app(app: &AppOnPage<'_>) -> String {
    let name = paragraph(&format!("“{}”", app.name));
    app.website_host.as_ref().map_or_else(|| name.clone(), |host| name.clone() + &paragraph(host))
}

pub(super) fn permissions(permissions: &[Permission]) -> String {
    let rows = permissions.iter().map(|row| format!("<li>{}: {}</li>\n", escaped(&row.subject), escaped(&row.meaning)));
    format!("<ul>\n{}</ul>\n", rows.collect::<String>())
}
