//! A builder of routes: what is mounted decides which methods are allowed, and which headers and limits an answer has.
//!
//! The library's routes are made of it, and a host may make its own of it:
//!
//! ```
//! use actix_web::web::ServiceConfig;
//! use lysand_auth::Auth;
//! use lysand_auth::web::headers::AnswerKind;
//! use lysand_auth::web::routes::{Routes, get, post};
//! use lysand_auth::web::{ApiError, Bearer};
//!
//! async fn timeline(bearer: Bearer) -> Result<String, ApiError> {
//!     Ok(bearer.account(&["read", "read:statuses"]).await?.username)
//! }
//!
//! async fn publish(bearer: Bearer) -> Result<String, ApiError> {
//!     Ok(bearer.account(&["write", "write:statuses"]).await?.username)
//! }
//!
//! fn statuses(auth: &Auth, config: &mut ServiceConfig) {
//!     Routes::new(auth, AnswerKind::Api).limited().route("/api/v1/statuses", [get(timeline), post(publish)]).mount(config);
//! }
//! ```

use std::future::ready;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ResourceDef, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, FromRequest, Handler, HttpResponse, Resource, Responder, Route};
use serde_json::json;

use crate::auth::Auth;
use crate::error::{self as failure, Code};
use crate::web::kit::form_session::form_session;
use crate::web::kit::form_tokens::FormTokens;
use crate::web::kit::headers::{AnswerKind, FrontendAccess, Headers};
use crate::web::kit::limits::{ErrorForm, Limits};
use crate::web::kit::surfaces::{Surface, Surfaces};
use crate::web::wire::reply::JsonBody;

/// A handler of one method, made by [`get`] and its neighbours.
#[derive(Clone)]
pub struct MethodRoute {
    methods: &'static [Method],
    /// Makes the handler's route: a resource of actix takes it away.
    make: Rc<dyn Fn() -> Route>,
}

impl MethodRoute {
    fn new<F, Args>(methods: &'static [Method], handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { methods, make: Rc::new(move || web::to(handler.clone())) }
    }

    /// Wraps a middleware around this handler alone; it runs inside of all that [`Routes`] wraps.
    ///
    /// Each worker makes its own, and so does each spelling of the path.
    #[must_use]
    pub fn wrap<M, B>(self, middleware: impl Fn() -> M + 'static) -> Self
    where
        M: Transform<HandlerService, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let make = self.make;
        Self { methods: self.methods, make: Rc::new(move || make().wrap(middleware())) }
    }
}

macro_rules! method_routes {
    ($($(#[$doc:meta])* $name:ident = [$($method:ident),+];)+) => {
        $($(#[$doc])*
        pub fn $name<F, Args>(handler: F) -> MethodRoute
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            MethodRoute::new(&[$(Method::$method),+], handler)
        })+
    };
}

method_routes! {
    /// Answers `GET`, and `HEAD` in the same way without the body.
    get = [GET, HEAD];
    /// Answers `GET` and not `HEAD`: for what begins or spends something.
    get_without_head = [GET];
    /// Answers `POST`.
    post = [POST];
    /// Answers `PUT`.
    put = [PUT];
    /// Answers `PATCH`.
    patch = [PATCH];
    /// Answers `DELETE`.
    delete = [DELETE];
}

/// What [`MethodRoute::wrap`] wraps a middleware around: a handler, as actix boxes it.
pub type HandlerService = Box<
    dyn Service<
            ServiceRequest,
            Response = ServiceResponse,
            Error = Error,
            Future = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>,
        >,
>;

/// Routes of one kind of answers that have headers, limits and sessions in common.
///
/// Each path answers with and without a trailing slash, since a redirect between them would lose a body (Mastodon §0.3), and
/// each is a resource of its own, because the router finds a plain text at once and tries a set of texts as a regular
/// expression. A method that is not mounted is answered with 405, `Allow` and JSON.
#[derive(Clone)]
pub struct Routes {
    auth: Auth,
    kind: AnswerKind,
    surface: Option<Surface>,
    needed_by: Surfaces,
    headers: Headers,
    limited: bool,
    form_session: bool,
    form_tokens: Option<FormTokens>,
    /// Which requests they are for; the others go to whatever is mounted at the same path after them.
    guard: Option<fn(&GuardContext<'_>) -> bool>,
    /// How a refusal reads that no handler has made.
    errors: Option<ErrorForm>,
    mounted: Vec<(MountedRoute, Answers)>,
}

#[derive(Clone)]
enum Answers {
    ByMethod(Rc<[MethodRoute]>),
    All(MethodRoute),
}

impl Routes {
    /// Routes with the headers of a kind of answers.
    #[must_use]
    pub fn new(auth: &Auth, kind: AnswerKind) -> Self {
        let headers = Headers::new(kind, auth.config().base_url.is_secure());
        let (auth, mounted) = (auth.clone(), Vec::new());
        let (surface, needed_by) = (None, Surfaces::none());
        Self {
            auth,
            kind,
            surface,
            needed_by,
            headers,
            limited: false,
            form_session: false,
            form_tokens: None,
            guard: None,
            errors: None,
            mounted,
        }
    }

    /// The same, as part of a surface of the library.
    pub(crate) fn of(self, surface: Surface) -> Self {
        Self { surface: Some(surface), needed_by: self.needed_by.with(surface), ..self }
    }

    /// The same, mounted with another surface as well, which needs it too.
    pub(crate) fn needed_by(self, surface: Surface) -> Self {
        Self { needed_by: self.needed_by.with(surface), ..self }
    }

    /// Whether these surfaces need the routes.
    pub(crate) fn belongs_to(&self, surfaces: Surfaces) -> bool {
        surfaces.iter().any(|surface| self.needed_by.has(surface))
    }

    /// Counts requests and refuses those beyond the limits of the API. With a form session, a person sees the refusal as a
    /// page.
    #[must_use]
    pub fn limited(self) -> Self {
        Self { limited: true, ..self }
    }

    /// Keeps the form token of a browser, for pages with forms and for what the forms post to.
    #[must_use]
    pub fn with_form_session(self) -> Self {
        Self { form_session: true, ..self }
    }

    /// Takes a bearer token in a form body as well.
    #[must_use]
    pub fn with_form_tokens(self, tokens: FormTokens) -> Self {
        Self { form_tokens: Some(tokens), ..self }
    }

    /// Leaves requests that `guard` does not take to what is mounted at the same path after these.
    #[cfg(feature = "native")]
    pub(crate) fn guarded(self, guard: fn(&GuardContext<'_>) -> bool) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Refuses methods and requests beyond the limits in the form of these routes' own errors.
    #[cfg(feature = "native")]
    pub(crate) fn with_errors(self, errors: ErrorForm) -> Self {
        Self { errors: Some(errors), ..self }
    }

    /// Lets other origins use these methods alone, instead of all that their kind allows.
    #[must_use]
    pub fn with_cors_methods(self, methods: &'static str) -> Self {
        Self { headers: self.headers.with_methods(methods), ..self }
    }

    /// Lets the frontend's own origin read the answers, with cookies (FAC-59).
    pub(crate) fn read_by_frontend(self, access: FrontendAccess) -> Self {
        Self { headers: self.headers.read_by_frontend(access), ..self }
    }

    /// Adds a path, such as `/api/v1/statuses/{id}`, and what answers there.
    #[must_use]
    pub fn route(self, path: &str, methods: impl IntoIterator<Item = MethodRoute>) -> Self {
        self.routes([path], methods)
    }

    /// Adds several paths with the same answers.
    #[must_use]
    pub fn routes<'p>(
        mut self,
        paths: impl IntoIterator<Item = &'p str>,
        methods: impl IntoIterator<Item = MethodRoute>,
    ) -> Self {
        let answers: Rc<[MethodRoute]> = methods.into_iter().collect();
        let methods: Vec<Method> = answers.iter().flat_map(|route| route.methods).cloned().collect();
        for path in paths.into_iter().flat_map(with_slash) {
            let route = MountedRoute { path, methods: methods.clone(), kind: self.kind, surface: self.surface };
            self.mounted.push((route, Answers::ByMethod(Rc::clone(&answers))));
        }
        self
    }

    /// Adds a path, as it is, where one handler answers every method.
    #[must_use]
    pub fn every_method<F, Args>(mut self, path: &str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = MountedRoute { path: path.to_owned(), methods: Vec::new(), kind: self.kind, surface: self.surface };
        self.mounted.push((route, Answers::All(MethodRoute::new(&[], handler))));
        self
    }

    /// What was added, in this order.
    pub fn mounted(&self) -> impl Iterator<Item = &MountedRoute> {
        self.mounted.iter().map(|(route, _)| route)
    }

    /// Adds the routes to an actix application.
    pub fn mount(&self, config: &mut ServiceConfig) {
        for (route, answers) in &self.mounted {
            self.mount_resource(route, answers, config);
        }
    }

    /// What is wrapped last runs first: the headers stand on every answer, refusals included; a token in a body is found
    /// before the request is counted for it.
    fn mount_resource(&self, route: &MountedRoute, answers: &Answers, config: &mut ServiceConfig) {
        let (resource, headers) = (resource(route, answers, self.errors), self.headers);
        let resource = match self.guard {
            Some(guard) => resource.guard(fn_guard(guard)),
            None => resource,
        };
        // Resource servers that introspect, or ask for user information, prove who they are.
        let is_open = matches!(self.kind, AnswerKind::Oauth | AnswerKind::Page | AnswerKind::Public);
        let limits = match (self.limited, self.form_session) {
            (true, true) => Some(Limits::for_forms(&self.auth)),
            (true, false) => Some(Limits::new(&self.auth).with_errors(self.errors)),
            (false, _) => {
                let is_oauth = is_open && route.path.starts_with("/oauth/");
                is_oauth.then(|| Limits::of_oauth(&self.auth, self.kind))
            }
        };
        let session = || form_session(&self.auth);
        // Each way is a type of its own, so that a route pays for nothing that it does not have.
        match (self.form_session, limits, self.form_tokens) {
            (false, None, None) => config.service(resource.wrap(headers)),
            (false, None, Some(tokens)) => config.service(resource.wrap(tokens).wrap(headers)),
            (false, Some(limits), None) => config.service(resource.wrap(limits).wrap(headers)),
            (false, Some(limits), Some(tokens)) => config.service(resource.wrap(limits).wrap(tokens).wrap(headers)),
            (true, None, None) => config.service(resource.wrap(session()).wrap(headers)),
            (true, None, Some(tokens)) => config.service(resource.wrap(session()).wrap(tokens).wrap(headers)),
            (true, Some(limits), None) => config.service(resource.wrap(session()).wrap(limits).wrap(headers)),
            (true, Some(limits), Some(tokens)) => {
                config.service(resource.wrap(session()).wrap(limits).wrap(tokens).wrap(headers))
            }
        };
    }
}

fn resource(route: &MountedRoute, answers: &Answers, errors: Option<ErrorForm>) -> Resource {
    let resource = web::resource(&route.path);
    let answers = match answers {
        Answers::All(handler) => return resource.default_service((handler.make)()),
        Answers::ByMethod(answers) => answers,
    };
    let routes =
        answers.iter().flat_map(|answer| answer.methods.iter().map(|method| (answer.make)().method(method.clone())));
    routes
        .fold(resource, Resource::route)
        .default_service(refuse_method(HeaderValue::try_from(route.allow()).ok(), errors))
}

/// A path with and without a trailing slash: a redirect between them would lose a body (Mastodon §0.3). The root has one
/// form alone.
#[must_use]
pub fn with_slash(path: &str) -> Vec<String> {
    match path {
        "/" => vec![path.to_owned()],
        _ => vec![path.to_owned(), format!("{path}/")],
    }
}

/// The answer to a method that a route does not have: 405 with `Allow`, as JSON.
#[must_use]
pub fn not_allowed(allow: &'static str) -> Route {
    refuse_method(Some(HeaderValue::from_static(allow)), None)
}

fn refuse_method(allow: Option<HeaderValue>, errors: Option<ErrorForm>) -> Route {
    const WHY: &str = "Method Not Allowed";
    web::to(move || {
        let mut reply = match errors {
            Some(form) => form(failure::Error::refused(Code::MethodNotAllowed, WHY)),
            None => HttpResponse::MethodNotAllowed().json_body(&json!({ "error": WHY })),
        };
        if let Some(allow) = &allow {
            reply.headers_mut().insert(header::ALLOW, allow.clone());
        }
        ready(reply)
    })
}

/// A path that is answered, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MountedRoute {
    /// The path as actix writes it: `/api/v1/tokens/{id}`.
    pub path: String,
    /// The methods; none when one handler answers all of them.
    pub methods: Vec<Method>,
    /// The kind of answers, which decides about their headers.
    pub kind: AnswerKind,
    /// The surface of the library that it belongs to; `None` for a host's own.
    pub surface: Option<Surface>,
}

impl MountedRoute {
    /// The value of `Allow`.
    fn allow(&self) -> String {
        self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Paths and their kinds of answers: what [`Routes`] recorded, and what a host adds of its own.
#[derive(Clone, Default)]
pub struct RouteList(Vec<(MountedRoute, ResourceDef)>);

impl RouteList {
    /// The same and a path more; of two that match, the first counts.
    #[must_use]
    pub fn with(mut self, path: &str, kind: AnswerKind) -> Self {
        self.extend([MountedRoute { path: path.to_owned(), methods: Vec::new(), kind, surface: None }]);
        self
    }

    /// The routes, in the order in which they were recorded.
    pub fn iter(&self) -> impl Iterator<Item = &MountedRoute> {
        self.0.iter().map(|(route, _)| route)
    }

    /// The kind of answers of the first route at `path`.
    #[must_use]
    pub fn kind_at(&self, path: &str) -> Option<AnswerKind> {
        self.0.iter().find(|(_, pattern)| pattern.is_match(path)).map(|(route, _)| route.kind)
    }

    /// Whether pages of any site may read what is answered at `path`: not where cookies count, nor between servers, nor
    /// where nothing is mounted (Mastodon §17). For answers that no route has given its headers.
    #[must_use]
    pub fn is_open_to_other_origins(&self, path: &str) -> bool {
        self.kind_at(path).is_some_and(AnswerKind::is_open_to_other_origins)
    }
}

impl Extend<MountedRoute> for RouteList {
    fn extend<I: IntoIterator<Item = MountedRoute>>(&mut self, routes: I) {
        self.0.extend(routes.into_iter().map(|route| {
            let pattern = ResourceDef::new(route.path.as_str());
            (route, pattern)
        }));
    }
}

impl FromIterator<MountedRoute> for RouteList {
    fn from_iter<I: IntoIterator<Item = MountedRoute>>(routes: I) -> Self {
        let mut list = Self::default();
        list.extend(routes);
        list
    }
}
