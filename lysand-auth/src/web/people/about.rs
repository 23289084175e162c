//! What apps show to somebody who is about to sign up, as Mastodon's API has it (people PPL-126b).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::auth::Auth;
use crate::config::LegalText;
use crate::error::{Code, Error};
use crate::web::kit::documents;
use crate::web::wire::reply::ApiError;

/// `GET /api/v1/instance/rules`
pub(super) async fn rules(auth: Data<Auth>) -> HttpResponse {
    documents::public(&documents::rules(&auth.signups()))
}

/// `GET /api/v1/instance/terms_of_service`
pub(super) async fn terms_of_service(auth: Data<Auth>) -> Result<HttpResponse, ApiError> {
    let signups = auth.signups();
    let terms = existing(signups.terms.as_ref())?;
    let since = terms.since.to_iso8601();
    let day = since.split('T').next().unwrap_or_default();
    let entity = json!({ "effective_date": day, "effective": true, "content": html(terms), "succeeded_by": null });
    Ok(documents::public(&entity))
}

/// `GET /api/v1/instance/privacy_policy`
pub(super) async fn privacy_policy(auth: Data<Auth>) -> Result<HttpResponse, ApiError> {
    let signups = auth.signups();
    let policy = existing(signups.privacy.as_ref())?;
    Ok(documents::public(&json!({ "updated_at": policy.since.to_iso8601(), "content": html(policy) })))
}

fn existing(text: Option<&LegalText>) -> Result<&LegalText, Error> {
    text.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// The text as HTML, which apps show as such: nothing in it is markup but paragraphs and line breaks.
fn html(text: &LegalText) -> String {
    let escaped =
        |line: &&str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraph = |lines: Vec<&str>| {
        let lines: Vec<String> = lines.iter().map(escaped).collect();
        format!("<p>{}</p>\n", lines.join("<br>\n"))
    };
    text.paragraphs().into_iter().map(paragraph).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Timestamp;

    #[test]
    fn legal_text_as_html_is_paragraphs_of_escaped_lines() {
        let text = LegalText::new("<b>One</b> & \"two\"\nthree\n\nfour", Timestamp::from_micros(0));
        let wanted = "<p>&lt;b&gt;One&lt;/b&gt; &amp; &quot;two&quot;<br>\nthree</p>\n<p>four</p>\n";
        assert_eq!(html(&text), wanted);
    }
}
