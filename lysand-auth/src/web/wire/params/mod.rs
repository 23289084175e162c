//! Request parameters from any source a client may use: query, form, multipart, JSON (Mastodon §0.4).

mod json;
mod multipart;
mod value;

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

#[cfg(feature = "native")]
pub(crate) use self::json::json_members;
use self::json::json_pairs;
use self::multipart::multipart_pairs;
use self::value::{MAX_PARAMETERS, Value, form_pairs};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::reader::Reader;
use crate::secret::Secret;
use crate::web::wire::body::{self, FORM};

/// How many words of `ui_locales` are looked at.
const MOST_LOCALES: usize = 16;

/// What a request carried. A failure to read it is a value, so that each surface renders it in its own way.
pub(crate) struct Received(pub(crate) Result<Params, Error>);

/// The parameters of a request, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Params {
    query: Vec<(String, Value)>,
    body: Vec<(String, Value)>,
    /// The members of a JSON body that are null. Elsewhere they are not there.
    nulls: Vec<String>,
    /// The body had a type that nobody parses.
    foreign_type: bool,
}

impl FromRequest for Received {
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut params = Params::of_query(req);
        let content_type = req
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default();
        let length = body::check_length(req.headers(), body::LARGEST);
        let payload = payload.take();
        Box::pin(async move {
            if let Err(too_large) = length {
                return Ok(Self(Err(too_large)));
            }
            let read = body::in_time(params.read_body(&content_type, payload)).await;
            Ok(Self(read.map(|()| params)))
        })
    }
}

/// The first of these languages that the pages speak, or the first of all where that is not known.
fn best_locale<'w>(req: &HttpRequest, wanted: &'w str) -> Option<&'w str> {
    let spoken = req.app_data::<Data<Auth>>().map(|auth| auth.pages().languages()).unwrap_or_default();
    let is_spoken = |tag: &&str| {
        let reader = Reader::new(Some(tag), []);
        let lower: Vec<String> = spoken.iter().map(|language| language.to_ascii_lowercase()).collect();
        reader.best_of(&lower.iter().map(String::as_str).collect::<Vec<_>>()).is_some()
    };
    let mut words = wanted.split_ascii_whitespace().take(MOST_LOCALES);
    words.clone().find(is_spoken).or_else(|| words.next())
}

impl Params {
    /// What the URL alone carries.
    pub(crate) fn of_query(req: &HttpRequest) -> Self {
        let mut query = form_pairs(req.query_string().as_bytes());
        let named = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        // OpenID's name for `lang` (FAC-141): the best of a list that there are pages in.
        if let (None, Some(Value::Text(wanted))) = (named("lang"), named("ui_locales"))
            && let Some(best) = best_locale(req, wanted)
        {
            query.push(("lang".to_owned(), Value::Text(best.to_owned())));
        }
        Self { query, ..Self::default() }
    }

    /// Who reads the answer to a request with these parameters.
    pub(crate) fn reader(&self, req: &HttpRequest) -> Reader {
        let accepted = req.headers().get_all(ACCEPT_LANGUAGE).filter_map(|line| line.to_str().ok());
        Reader::new(self.last_text("lang").as_deref(), accepted)
    }

    /// What a form's body alone carries.
    pub(crate) fn of_form(body: &[u8]) -> Result<Self, Error> {
        let params = Self { body: form_pairs(body), ..Self::default() };
        params.check_count()?;
        Ok(params)
    }

    async fn read_body(&mut self, content_type: &str, payload: Payload) -> Result<(), Error> {
        let bytes = body::collect(payload, body::LARGEST).await?;
        match body::media_type(content_type).as_str() {
            FORM => self.body = form_pairs(&bytes),
            "multipart/form-data" => self.body = multipart_pairs(content_type, bytes).await?,
            "application/json" if bytes.iter().all(u8::is_ascii_whitespace) => {}
            "application/json" => (self.body, self.nulls) = json_pairs(&bytes)?,
            "" => {}
            _ => self.foreign_type = true,
        }
        self.check_count()
    }

    fn check_count(&self) -> Result<(), Error> {
        let sent = self.query.iter().chain(&self.body).map(|(_, value)| value.count()).sum::<usize>();
        if sent > MAX_PARAMETERS {
            return Err(Error::refused(Code::PayloadTooLarge, "The request has too many parameters."));
        }
        Ok(())
    }

    /// Refuses a body of a type that the route does not take (Lysand §1).
    pub(crate) fn require_known_type(&self) -> Result<(), Error> {
        if !self.foreign_type {
            return Ok(());
        }
        Err(Error::refused(
            Code::UnsupportedMediaType,
            "Send the body as application/x-www-form-urlencoded, multipart/form-data or application/json.",
        ))
    }

    /// A known parameter: equal repeats are one, differing ones an error (DEV-2), a blank one is absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let text = one(name, self.query.iter().chain(&self.body))?;
        storable(name, text.filter(|text| !text.trim().is_empty()))
    }

    /// Every value of a parameter that may come more than once with differing ones (RFC 8707 §2).
    pub(crate) fn every_text(&self, name: &str) -> Result<Vec<String>, Error> {
        let mut texts = Vec::new();
        for (_, value) in self.query.iter().chain(&self.body).filter(|(known, _)| known == name) {
            match value {
                Value::Text(text) => texts.push(text.clone()),
                Value::List(list) => texts.extend(list.iter().cloned()),
                Value::Nested(_) => return Err(malformed(name)),
                Value::Undecodable => return Err(undecodable(name)),
            }
        }
        texts.retain(|text| !text.is_empty());
        Ok(texts)
    }

    /// A known parameter of several words: one text, or a list of them.
    pub(crate) fn words(&self, name: &str) -> Result<Option<String>, Error> {
        let given = || self.query.iter().chain(&self.body).filter(|(known, _)| known == name);
        let mut words = Vec::new();
        for (_, value) in given() {
            let Value::List(list) = value else { return self.text(name) };
            words.extend(list.iter().map(String::as_str));
        }
        Ok(Some(words.join(" ")).filter(|words| !words.is_empty()))
    }

    /// Demands of parameters that are read elsewhere, or not at all, that their repeats agree (DEV-2).
    pub(crate) fn require_equal_repeats(&self, names: &[&str]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.text(name).map(drop))
    }

    /// A parameter from the body alone, since it must not stand in a URL. White space counts: it may be a password's.
    pub(crate) fn body_text(&self, name: &str) -> Result<Option<String>, Error> {
        one(name, self.body.iter())
    }

    /// The same where an empty text is something else than none.
    pub(crate) fn given_text(&self, name: &str) -> Result<Option<String>, Error> {
        let is_given = self.body.iter().any(|(known, _)| known == name);
        let text = storable(name, self.body_text(name)?)?;
        Ok(text.or_else(|| is_given.then(String::new)))
    }

    /// The names of all that the body carries, null or not; each as often as it does.
    pub(crate) fn body_names(&self) -> impl Iterator<Item = &str> {
        self.body.iter().map(|(name, _)| name.as_str()).chain(self.nulls.iter().map(String::as_str))
    }

    /// Whether a JSON body carries null under this name.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.nulls.iter().any(|known| known == name)
    }

    /// A list of texts in the body, which may be an empty one.
    ///
    /// # Errors
    /// For anything else than one list.
    pub(crate) fn body_list(&self, name: &str) -> Result<Vec<String>, Error> {
        let mut given = self.body.iter().filter(|(known, _)| known == name);
        match (given.next(), given.next()) {
            (Some((_, Value::List(list))), None) => Ok(list.clone()),
            _ => Err(not_texts(name)),
        }
    }

    /// The members of an object in the body, as parameters of their own.
    pub(crate) fn nested(&self, name: &str) -> Result<Option<Self>, Error> {
        let mut found = None;
        for (_, value) in self.body.iter().filter(|(known, _)| known == name) {
            let Value::Nested(members) = value else { return Err(malformed(name)) };
            if found.is_some() {
                return Err(malformed(name));
            }
            let members = members.iter().map(|(name, value)| (name.clone(), Value::Text(value.clone())));
            found = Some(Self { body: members.collect(), ..Self::default() });
        }
        Ok(found)
    }

    /// Whether the URL carries a parameter of this name, whatever its value.
    pub(crate) fn is_in_query(&self, name: &str) -> bool {
        self.query.iter().any(|(known, _)| known == name)
    }

    /// A secret parameter.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<Secret>, Error> {
        Ok(self.text(name)?.map(Secret::new))
    }

    /// A parameter of a registration: the last one wins, and the query over the body, as Mastodon does it.
    pub(crate) fn last_text(&self, name: &str) -> Option<String> {
        let mut last = None;
        for (known, value) in self.body.iter().chain(&self.query) {
            if let (true, Value::Text(text)) = (known == name, value) {
                last = Some(text);
            }
        }
        last.filter(|text| !text.is_empty()).cloned()
    }

    /// The same where an array or an object is a mistake of the caller's (Mastodon §0.4).
    pub(crate) fn last_scalar(&self, name: &str) -> Result<Option<String>, Error> {
        let mut named = self.body.iter().chain(&self.query).filter(|(known, _)| known == name);
        match named.next_back() {
            Some((_, Value::List(_) | Value::Nested(_))) => Err(malformed(name)),
            Some((_, Value::Undecodable)) => Err(undecodable(name)),
            Some((_, Value::Text(_))) | None => storable(name, self.last_text(name)),
        }
    }

    /// A parameter of a registration that may be one text or an array of texts; the query wins over the body.
    pub(crate) fn last_list(&self, name: &str) -> Result<Vec<String>, Error> {
        for source in [&self.query, &self.body] {
            let mut items = Vec::new();
            for (_, value) in source.iter().filter(|(known, _)| known == name) {
                match value {
                    Value::Text(text) => items = vec![text.clone()],
                    Value::List(list) => items.extend(list.iter().cloned()),
                    Value::Nested(_) => return Err(not_texts(name)),
                    Value::Undecodable => return Err(undecodable(name)),
                }
            }
            if items.iter().any(|item| !item.is_empty()) {
                return Ok(items);
            }
        }
        Ok(Vec::new())
    }

    /// A boolean in all the ways in which clients say no (DEV-3).
    pub(crate) fn flag(&self, name: &str) -> bool {
        let text = self.last_text(name).unwrap_or_default().to_ascii_lowercase();
        !matches!(text.as_str(), "" | "false" | "0" | "f" | "off" | "no" | "n" | "none" | "null" | "undefined")
    }

    /// The known parameters among `names`, each once, in the order in which they came (Lysand §1, query echo).
    pub(crate) fn echo(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut echoed: Vec<(String, String)> = Vec::new();
        for (name, value) in self.query.iter().chain(&self.body) {
            let Value::Text(text) = value else { continue };
            let wanted = names.contains(&name.as_str()) && !text.is_empty();
            if wanted && !echoed.iter().any(|(known, _)| known == name) {
                echoed.push((name.clone(), text.clone()));
            }
        }
        echoed
    }
}

fn one<'a>(name: &str, pairs: impl Iterator<Item = &'a (String, Value)>) -> Result<Option<String>, Error> {
    let mut found: Option<&String> = None;
    for (_, value) in pairs.filter(|(known, _)| known == name) {
        let text = match value {
            Value::Text(text) => text,
            Value::Undecodable => return Err(undecodable(name)),
            Value::List(_) | Value::Nested(_) => return Err(malformed(name)),
        };
        match found {
            Some(earlier) if earlier != text => {
                return Err(Error::refused(
                    Code::InvalidRequest,
                    format!("The parameter {name} was given more than once, with different values."),
                ));
            }
            _ => found = Some(text),
        }
    }
    Ok(found.filter(|text| !text.is_empty()).cloned())
}

/// What came under a known name is no UTF-8 (faults A11).
fn undecodable(name: &str) -> Error {
    Error::refused(Code::InvalidRequest, format!("The parameter {name} must be UTF-8."))
}

/// An array or an object stands where one value belongs.
fn malformed(name: &str) -> Error {
    match name {
        "scope" => Error::invalid_scope(),
        "grant_type" => Error::refused(
            Code::UnsupportedGrantType,
            "The authorization grant type is not supported by the authorization server.",
        ),
        _ => Error::refused(Code::InvalidRequest, format!("The parameter {name} must be a single value.")),
    }
}

/// No text of a request holds a null character: PostgreSQL could neither keep it nor look for it. A scope is judged word by
/// word, and no word has one.
fn storable(name: &str, text: Option<String>) -> Result<Option<String>, Error> {
    match text {
        Some(text) if text.contains('\0') && name != "scope" => {
            Err(Error::refused(Code::InvalidRequest, format!("The parameter {name} must not hold a null character.")))
        }
        text => Ok(text),
    }
}

/// Something nested stands where one text or an array of texts belongs.
fn not_texts(name: &str) -> Error {
    Error::refused(Code::InvalidRequest, format!("The parameter {name} must be text or an array of texts."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(query: &str, body: Vec<(String, Value)>) -> Params {
        Params { query: form_pairs(query.as_bytes()), body, ..Params::default() }
    }

    #[test]
    fn parameter_repeated_equal_is_accepted_differing_is_refused() {
        let params = params("a=1&a=1&b=1&b=2&c=&d[]=1&e[x]=1", form_pairs(b"a=1&f=x+y%2Bz"));
        assert_eq!(params.text("a").unwrap().as_deref(), Some("1"));
        assert!(params.text("b").is_err());
        assert_eq!(params.text("c").unwrap(), None);
        assert!(params.text("d").is_err() && params.text("e").is_err());
        assert_eq!(params.text("f").unwrap().as_deref(), Some("x y+z"));
        assert_eq!(params.body_text("b").unwrap(), None);
        assert_eq!(params.last_text("b").as_deref(), Some("2"));
    }

    #[test]
    fn parameter_list_accepts_brackets_indexes_and_json_array() {
        for body in
            [form_pairs(b"u[]=a&u[]=b"), form_pairs(b"u[0]=a&u[1]=b"), json_pairs(br#"{"u":["a","b"]}"#).unwrap().0]
        {
            assert_eq!(params("", body).last_list("u").unwrap(), ["a", "b"]);
        }
        assert_eq!(params("u=q", form_pairs(b"u[]=a")).last_list("u").unwrap(), ["q"]);
        assert!(params("u[x]=a", vec![]).last_list("u").is_err());
    }

    #[test]
    fn parameter_json_scalars_become_text_and_null_is_absent() {
        let params = params("", json_pairs(br#"{"n":123,"t":true,"z":null,"o":{},"d":"1","d":"2"}"#).unwrap().0);
        assert_eq!(params.text("n").unwrap().as_deref(), Some("123"));
        assert_eq!(params.text("t").unwrap().as_deref(), Some("true"));
        assert_eq!(params.text("z").unwrap(), None);
        assert!(params.text("o").is_err() && params.text("d").is_err());
        for bad in ["[1]", "{", "\"x\"", "{\"a\":1}x", &"[".repeat(100_000)] {
            assert!(json_pairs(bad.as_bytes()).is_err());
        }
    }

    #[test]
    fn parameter_flag_recognizes_all_spellings_of_false() {
        for no in ["", "false", "False", "0", "f", "OFF", "no", "None", "null", "undefined"] {
            assert!(!params(&format!("x={no}"), vec![]).flag("x"), "{no}");
        }
        for yes in ["true", "1", "yes", "on"] {
            assert!(params(&format!("x={yes}"), vec![]).flag("x"), "{yes}");
        }
    }

    #[test]
    fn parameter_echo_returns_allowed_names_once_in_order() {
        let params = params("b=2&a=1&secret=x&a=9&c=", vec![]);
        assert_eq!(params.echo(&["a", "b", "c"]), [("b".into(), "2".into()), ("a".into(), "1".into())]);
    }

    proptest! {
        #[test]
        fn parameter_parser_never_panics_on_any_body(bytes in proptest::collection::vec(any::<u8>(), 0..400), name in "[a-z\\[\\]0-9]{0,6}") {
            let _ = json_pairs(&bytes);
            let params = params("", form_pairs(&bytes));
            let _ = (params.text(&name), params.last_list(&name).is_ok(), params.flag(&name));
        }

        #[test]
        fn parameter_single_value_is_equal_from_query_form_and_json(name in "[a-z]{1,8}", value in "\\PC{1,40}") {
            prop_assume!(!value.trim().is_empty());
            let form = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let json = serde_json::to_vec(&serde_json::json!({ &name: &value })).unwrap();
            let read = [
                params(&form, vec![]).text(&name).unwrap(),
                params("", form_pairs(form.as_bytes())).text(&name).unwrap(),
                params("", json_pairs(&json).unwrap().0).text(&name).unwrap(),
            ];
            prop_assert_eq!(read, [Some(value.clone()), Some(value.clone()), Some(value)]);
        }
    }
}
