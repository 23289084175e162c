//! What of `docs/openapi.json` is true of a server (native NAT-12).

use std::collections::{BTreeMap, BTreeSet};

use lysand_auth::web::routes::{MountedRoute, RouteList};
use serde_json::{Map, Value, json};

/// The whole document, as it is written.
pub const WHOLE: &str = include_str!("../../../../docs/openapi.json");

/// Names the surface of a path.
const SURFACE: &str = "x-surface";

/// The document of a server at `base_url` with these routes: the operations that are mounted, each path with what stands before all of its surface.
pub fn served<'p>(mut document: Value, routes: &RouteList, base_url: &str, prefix: impl Fn(&str) -> &'p str) -> Value {
    let mounted = mounted(routes);
    let mut surfaces = BTreeSet::new();
    let written = document["paths"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let mut paths = Map::new();
    for (path, item) in written {
        let surface = item[SURFACE].as_str().unwrap_or_default().to_owned();
        let path = format!("{}{}", prefix(&surface), path_of(&path));
        let of_surface = (surface, path);
        let Some(methods) = mounted.get(&of_surface) else { continue };
        if let Some(item) = with_methods(item, methods) {
            let (surface, path) = of_surface;
            let item = match paths.remove(&path) {
                Some(neighbour) => both(&document, neighbour, item),
                None => item,
            };
            paths.insert(path, item);
            surfaces.insert(surface);
        }
    }
    document["paths"] = Value::Object(paths);
    document["servers"] = json!([{ "url": base_url }]);
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.retain(|tag| tag["name"].as_str().is_some_and(|name| surfaces.contains(name)));
    }
    document
}

/// The path of an entry. Two surfaces that answer at one path, each its own requests, have two entries: the second one's ends with `#` and
/// its surface.
pub fn path_of(entry: &str) -> &str {
    entry.split('#').next().unwrap_or_default()
}

/// Two entries of one path as one: what either takes, and what either answers.
fn both(document: &Value, one: Value, other: Value) -> Value {
    let (Value::Object(mut one), Value::Object(other)) = (one, other) else { return Value::Null };
    for (method, operation) in other {
        match one.get_mut(&method) {
            Some(known) if known.get("responses").is_some() => {
                add_content(&mut known["requestBody"], &operation["requestBody"]);
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let response = resolved(document, response).clone();
                    let known = &mut known["responses"][status];
                    *known = resolved(document, known).clone();
                    if known.is_null() {
                        *known = response;
                    } else {
                        add_content(known, &response);
                    }
                }
            }
            Some(_) => {}
            None => {
                one.insert(method, operation);
            }
        }
    }
    Value::Object(one)
}

/// Adds the types that another body has, and for types that both have its schema.
fn add_content(body: &mut Value, other: &Value) {
    for (media_type, media) in other["content"].as_object().into_iter().flatten() {
        let known = &mut body["content"][media_type];
        match known["schema"].take() {
            Value::Null => *known = media.clone(),
            schema if schema == media["schema"] => known["schema"] = schema,
            schema => known["schema"] = json!({ "anyOf": [schema, media["schema"]] }),
        }
    }
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.map_or(value, |place| document.pointer(place).unwrap_or(&Value::Null))
}

/// The methods of each path of a surface, in lower case; none where one handler answers all of them. A page of people and a route for programs may share a
/// path, and are of two surfaces.
fn mounted(routes: &RouteList) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut mounted = BTreeMap::<_, BTreeSet<String>>::new();
    for route in routes.iter() {
        let methods = route.methods.iter().map(|method| method.as_str().to_ascii_lowercase());
        mounted.entry((surface_of(route), template(&route.path))).or_default().extend(methods);
    }
    mounted
}

/// What the document calls the surface of a route: the library's in lower case, and `server` for the routes that are not the library's.
pub fn surface_of(route: &MountedRoute) -> String {
    route.surface.map_or_else(|| "server".to_owned(), |surface| format!("{surface:?}").to_ascii_lowercase())
}

/// The path of a route as the document writes it: what a segment has to look like is left out.
fn template(pattern: &str) -> String {
    let segments =
        pattern.split('/').map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.split_once(':')) {
            Some((name, _)) => format!("{{{name}}}"),
            None => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("/")
}

/// The path with the operations that are mounted; `None` when none is.
fn with_methods(item: Value, methods: &BTreeSet<String>) -> Option<Value> {
    let Value::Object(mut item) = item else { return None };
    let is_mounted = |name: &str| methods.is_empty() || methods.contains(name);
    item.retain(|name, operation| operation.get("responses").is_none() || is_mounted(name));
    item.values().any(|operation| operation.get("responses").is_some()).then_some(Value::Object(item))
}

#[cfg(test)]
mod tests {
    use lysand_auth::web::headers::AnswerKind;

    use super::*;

    #[test]
    fn openapi_document_has_one_entry_for_a_path_of_two_surfaces() {
        let answer = |schema: &str| json!({ "description": "x", "content": { "application/json": { "schema": { "title": schema } } } });
        let operation = |media_type: &str, status: &str, schema: &str| {
            json!({
                "requestBody": { "content": { media_type: { "schema": {} } } },
                "responses": { status: { "$ref": "#/components/responses/Fine" }, "400": answer(schema) },
            })
        };
        let document = json!({
            "info": {},
            "tags": [],
            "paths": {
                "/in": { "x-surface": "server", "post": operation("text/plain", "302", "one") },
                "/in#other": { "x-surface": "server", "post": operation("application/json", "200", "two") },
            },
            "components": { "responses": { "Fine": answer("fine") } },
        });
        let routes = RouteList::default().with("/in", AnswerKind::Api);
        let told = served(document, &routes, "https://social.example", |_| "");
        let post = &told["paths"]["/in"]["post"];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&told["paths"]), ["/in"]);
        assert_eq!(names(&post["requestBody"]["content"]), ["application/json", "text/plain"]);
        assert_eq!(names(&post["responses"]), ["200", "302", "400"]);
        let schema = &post["responses"]["400"]["content"]["application/json"]["schema"];
        assert_eq!(schema, &json!({ "anyOf": [{ "title": "one" }, { "title": "two" }] }));
    }

    #[test]
    fn openapi_document_carries_prefixes_and_leaves_out_what_is_not_mounted() {
        let operation = || json!({ "responses": {} });
        let document = json!({
            "info": {},
            "tags": [{ "name": "server" }, { "name": "people" }],
            "paths": {
                "/one": { "x-surface": "server", "get": operation() },
                "/two/{rest}": { "x-surface": "server", "get": operation() },
                "/three": { "x-surface": "people", "get": operation() },
            },
        });
        let routes = RouteList::default().with("/x/one", AnswerKind::Api).with("/x/two/{rest:.*}", AnswerKind::Api);
        let told = served(document, &routes.with("/three", AnswerKind::Page), "https://social.example", |surface| {
            if surface == "server" { "/x" } else { "" }
        });
        let paths: Vec<&str> = told["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(paths, ["/x/one", "/x/two/{rest}"]);
        assert_eq!(told["tags"], json!([{ "name": "server" }]));
        assert_eq!(told["servers"], json!([{ "url": "https://social.example" }]));
    }
}
