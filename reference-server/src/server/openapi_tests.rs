//! The OpenAPI document has the operations that are mounted, no more and no less (native NAT-12).

use std::collections::BTreeSet;

use lysand_auth::Ambient;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{MountedRoute, RouteList};
use lysand_auth::web::{Surface, Surfaces};
use serde_json::Value;

use super::app::Paths;
use crate::api::openapi::{WHOLE, of_routes, path_of, surface_of};
use crate::settings::Settings;
use crate::state::{SURFACES, State};

/// Surface, method and path of each operation.
type Operations = BTreeSet<(String, String, String)>;

/// All methods that are documented where one handler answers every method.
const EVERY: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Where programs ask, or lead browsers.
const OF_PROGRAMS: [&str; 3] = ["/api/", "/oauth/", "/.well-known/"];

/// Pages of people are in no document for programs.
fn is_page(route: &MountedRoute) -> bool {
    route.kind == AnswerKind::Page && !OF_PROGRAMS.iter().any(|root| route.path.starts_with(root))
}

/// Demands that two lists of operations are one.
fn same(documented: &Operations, mounted: &Operations, of: &str) {
    let (only_documented, not_documented) = (documented.difference(mounted), mounted.difference(documented));
    let found: [Vec<_>; 2] = [only_documented.collect(), not_documented.collect()];
    assert!(
        found.iter().all(Vec::is_empty),
        "{of}: documented and not mounted, mounted and not documented: {found:#?}"
    );
}

/// The operations of routes.
fn mounted(routes: &RouteList) -> Operations {
    let mut operations = BTreeSet::new();
    let one_form = |route: &&MountedRoute| !is_page(route) && (route.path == "/" || !route.path.ends_with('/'));
    for route in routes.iter().filter(one_form) {
        let surface = surface_of(route);
        let methods: Vec<String> = match route.methods.is_empty() {
            true => EVERY.map(str::to_owned).to_vec(),
            false => route.methods.iter().map(|method| method.as_str().to_lowercase()).collect(),
        };
        // HEAD is answered like GET, and is in no document.
        for method in methods.into_iter().filter(|method| method != "head") {
            operations.insert((surface.clone(), method, route.path.replace("{rest:.*}", "{rest}")));
        }
    }
    operations
}

/// The operations of a document.
fn documented(document: &Value) -> Operations {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let surface = item["x-surface"].as_str().unwrap().to_owned();
        let methods = item.as_object().unwrap().keys().filter(|name| *name != "x-surface");
        methods.map(move |method| (surface.clone(), method.clone(), path_of(path).to_owned()))
    });
    operations.collect()
}

async fn state(folder: &std::path::Path, more: &str) -> State {
    let text = format!("keys.jwt = \"{0}/key.pem\"\ndatabase.url = \"sqlite:{0}/db\"\n{more}", folder.display());
    let mut settings = Settings::parse(&text, []).unwrap();
    settings.data_dir = folder.to_owned();
    State::open(settings, Ambient::system()).await.unwrap()
}

#[tokio::test]
async fn openapi_document_has_all_mounted_operations_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let every = "factors.email_sign_in = true\noauth.device_grant = true\nnative.synctv.enabled = true\n\
                 native.toki.enabled = true\nnative.resonite.enabled = true\n";
    let state = state(folder.path(), every).await;
    let whole: Value = serde_json::from_str(WHOLE).unwrap();
    same(&documented(&whole), &mounted(Paths::of(&state).own()), "the whole document");
    assert_eq!(whole["info"]["version"], env!("CARGO_PKG_VERSION"));
    let ids: Vec<&str> = whole["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values().filter_map(|operation| operation["operationId"].as_str()))
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each operation has a name of its own");
    assert_eq!(ids.len(), documented(&whole).len());
}

#[tokio::test]
async fn openapi_document_of_a_server_has_what_is_on() {
    let folder = tempfile::tempdir().unwrap();
    let (all, none) = (state(folder.path(), "").await, Surfaces::none());
    let each_off = SURFACES.iter().map(|surface| SURFACES.without(surface));
    let alone = SURFACES.iter().map(|surface| none.with(surface));
    for surfaces in each_off.chain(alone).chain([SURFACES, none]) {
        let paths = Paths::with(&all, surfaces);
        let served = of_routes(&all, paths.own()).unwrap();
        same(&documented(&served), &mounted(paths.own()), &format!("{surfaces:?}"));
        let tags: Vec<&str> =
            served["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert_eq!(tags.contains(&"admin"), surfaces.has(Surface::Admin), "{surfaces:?}");
        assert!(tags.contains(&"server"), "{tags:?}");
    }
    let few = tempfile::tempdir().unwrap();
    let few = state(few.path(), "admin.pages = false\nhttp.base_url = \"https://social.example\"\n").await;
    let served = of_routes(&few, Paths::of(&few).own()).unwrap();
    assert_eq!(served["servers"][0]["url"], "https://social.example");
    assert!(served["paths"].get("/api/auth/code").is_none(), "codes by mail are off");
    assert!(documented(&served).is_subset(&mounted(Paths::of(&few).own())));
}
