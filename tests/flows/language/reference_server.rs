//! The pages beside a sign-in: home, one's own account, apps with access, a link to confirm, set-up.

use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Response, Story, encode, query_of};
use url::Url;

use super::{address, speaks};

const APPS: &str = "/oauth/authorized_applications";

/// Opens a page in a language.
async fn open(story: &Story, path: &str, lang: &str, jar: &CookieJar) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    story.get(&format!("{path}{joint}lang={lang}")).cookies(jar).send().await
}

/// The cookies of somebody who is signed in.
async fn signed_in(story: &Story) -> CookieJar {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    story.token(&person, &app).await;
    jar.keep_value("jwt", &story.sign_in(&person, &app).await.cookie);
    jar
}

story!(home_account_and_setup_pages_are_in_requested_language, |story| {
    let (nobody, ada) = (CookieJar::default(), signed_in(&story).await);
    let set_up = story.server().setup_link().expect("a link");
    for (path, jar, status, words) in [
        ("/", &nobody, 200, ["Nobody is signed in", "Mit diesem Browser ist niemand", "Personne n’est", "Nadie ha"]),
        ("/", &ada, 200, ["Sign out", "Abmelden", "Se déconnecter", "Cerrar sesión"]),
        ("/account", &ada, 200, ["Linked identities", "Verknüpfte Identitäten", "Identités liées", "Identidades"]),
        (APPS, &ada, 200, ["Apps with access", "Apps mit Zugriff", "Applications autorisées", "Aplicaciones con"]),
        (&*set_up, &nobody, 200, ["Create the account", "Konto anlegen", "Créer le compte", "Crear la cuenta"]),
        (
            "/setup",
            &nobody,
            410,
            ["no longer works", "funktioniert nicht mehr", "ne fonctionne plus", "ya no funciona"],
        ),
        ("/demo/callback", &nobody, 400, ["is over", "ist zu Ende", "est terminé", "ha terminado"]),
    ] {
        for (lang, words) in ["en", "de", "fr", "es"].into_iter().zip(words) {
            speaks(&open(&story, path, lang, jar).await.is(status), lang, words);
        }
        let page = story.get(path).cookies(jar).header("accept-language", "tlh, de-CH;q=0.9").send().await;
        speaks(&page.is(status), "de", words[1]);
        for lang in ["tlh", "", "%22%3E%3Cscript%3E", "%00", &"a".repeat(2000)] {
            let page = open(&story, path, lang, jar).await.is(status);
            speaks(&page, "en", words[0]);
            assert!(!page.body.contains("<script>") && !page.markup().contains("lang=a"), "{}", page.body);
        }
    }
    let head = story.call(reqwest::Method::HEAD, "/?lang=de").send().await.is(200);
    assert_eq!(head.header("content-language"), "de");
});

story!(notices_on_home_and_account_pages_are_translated, |story| {
    let ada = signed_in(&story).await;
    let odd = "oidc_account_linking_error=x&oidc_account_linking_error_message=";
    for (path, words) in [
        ("/?notice=ready".to_owned(), "Das Konto ist bereit."),
        ("/?oidc_account_linked=true".to_owned(), "Die Identität ist verknüpft."),
        ("/?oidc_account_linking_error=Account+already+linked".to_owned(), "gehört bereits zu einem Konto"),
        (format!("/?{odd}Invalid+flow"), "Der Vorgang hat zu lange gedauert"),
        (format!("/?{odd}Back+to+the+roots."), "Der andere Dienst hat abgelehnt"),
        ("/account?notice=unlinked".to_owned(), "nicht mehr verknüpft"),
        ("/account?notice=last".to_owned(), "Verknüpfen Sie zuerst eine andere Identität."),
        ("/account?notice=gone".to_owned(), "Diese Identität ist nicht verknüpft."),
        ("/account?notice=away".to_owned(), "Der andere Dienst ist nicht erreichbar."),
        ("/account?notice=wait".to_owned(), "Zu viele Versuche."),
    ] {
        let page = open(&story, &path, "de", &ada).await.is(200);
        speaks(&page, "de", words);
        assert!(page.body.contains("class=\"notice ") && !page.body.contains("roots"), "{}", page.body);
    }
});

story!(authorized_applications_dates_are_in_requested_language, |story| {
    let ada = signed_in(&story).await;
    for (lang, day) in [
        ("en", "21 November 2026"),
        ("de", "21. November 2026"),
        ("fr", "21 novembre 2026"),
        ("es", "21 de noviembre de 2026"),
    ] {
        let page = open(&story, APPS, lang, &ada).await.is(200);
        speaks(&page, lang, &format!("<time datetime=\"2026-11-21T21:00:00.000Z\">{day}</time>"));
    }
});

story!(links_and_forms_carry_lang_from_page_to_page, |story| {
    let mut ada = signed_in(&story).await;
    let page = open(&story, "/", "de", &ada).await.is(200);
    let account = address(&page, "href", "/account");
    assert_eq!(address(&page, "action", "/demo/start"), "/demo/start?lang=de");
    let sign_out = address(&page, "action", "logout");
    let page = story.get(&account).cookies(&ada).send().await.is(200);
    speaks(&page, "de", "Verknüpfte Identitäten");
    speaks(&story.get(&address(&page, "href", "/?")).cookies(&ada).send().await.is(200), "de", "Abmelden");

    let page = story.get(&address(&page, "href", APPS)).cookies(&ada).send().await.is(200);
    speaks(&page, "de", "Zugriff entziehen");
    speaks(&story.get(&address(&page, "href", "lang=de")).cookies(&ada).send().await.is(200), "de", "Startseite");
    ada.keep(&page);
    let remove = address(&page, "action", APPS);
    let form = [("_method", "delete"), ("form_token", &*page.hidden("form_token"))];
    let back = story.post(&remove).cookies(&ada).form(&form).send().await.is(302).location();
    speaks(&story.get(back.as_str()).cookies(&ada).send().await.is(200), "de", "Im Moment kann keine App");
    let page = story.post(&remove).cookies(&ada).form(&form).send().await.is(404);
    speaks(&page, "de", "Das gibt es hier nicht");
    assert_eq!(query_of(&Url::parse(&address(&page, "href", APPS)).expect("a URL"), "lang").as_deref(), Some("de"));

    let form = [("form_token", form[1].1), ("issuer", "nobody")];
    let back = story.post("/account/unlink?lang=de").cookies(&ada).form(&form).send().await.is(303).location();
    assert_eq!((back.path(), back.query()), ("/account", Some("notice=gone&lang=de")));

    let home = story.post(&sign_out).cookies(&ada).send().await.is(303).location();
    speaks(&story.get(home.as_str()).send().await.is(200), "de", "niemand angemeldet");
    let away = story.get(&format!("{APPS}?lang=fr")).send().await.is(302).location();
    assert_eq!((away.path(), away.query()), ("/", Some("lang=fr")), "nobody is signed in");
});

story!(setup_form_errors_are_in_requested_language, |story| {
    let link = story.server().setup_link().expect("a link");
    let page = open(&story, &link, "de", &CookieJar::default()).await.is(200);
    speaks(&page, "de", "Dieses Konto wird <bdi class=\"name\">");
    let (action, token) = (address(&page, "action", "/setup"), page.hidden("token"));
    let form = |username, email, password, confirmation| {
        [
            ("token", &*token),
            ("username", username),
            ("email", email),
            ("password", password),
            ("confirmation", confirmation),
        ]
    };
    for (form, words) in [
        (form("a b", "x@y.example", "p", "p"), "Der Benutzername muss aus 1 bis 30 Buchstaben von a bis z"),
        (form("root", "x@y.example", "p", "p"), "Dieser Benutzername ist reserviert"),
        (form("ada", "x", "p", "p"), "Die E-Mail-Adresse muss so aussehen: name@host.example"),
        (form("ada", "x@y.example", "p", "p"), "Das Passwort muss 8 bis 128 Zeichen lang sein"),
        (form("ada", "x@y.example", "password", "password"), "Dieses Passwort gehört zu denen"),
        (form("ada_lovelace", "x@y.example", "ada_lovelace", ""), "dem Namen oder der Website zu ähnlich"),
        (form("ada", "x@y.example", "correct horse", "x"), "Die beiden Passwörter sind verschieden"),
    ] {
        let page = story.post(&action).form(&form).send().await.is(422);
        speaks(&page, "de", words);
        assert!(page.body.contains("<title>Fehler: Einrichten"), "{}", page.body);
        assert!(page.body.contains("Es ist noch nichts gespeichert"), "{}", page.body);
    }
    story.person("taken").await;
    for (name, email, words) in [
        ("taken", "x@y.example", "Dieser Benutzername ist bereits vergeben"),
        ("ada", "taken@people.example", "Diese E-Mail-Adresse ist bereits vergeben"),
    ] {
        let form = form(name, email, "correct horse battery", "correct horse battery");
        speaks(&story.post(&action).form(&form).send().await.is(422), "de", words);
    }
    let form = form("ada", "ada@y.example", "correct horse battery", "correct horse battery");
    let home = story.post(&action).form(&form).send().await.is(303);
    assert_eq!(home.header("location"), "/?notice=ready&lang=de");
    speaks(
        &story.post(&action).form(&form).send().await.is(410),
        "de",
        "Dieser Einrichtungslink funktioniert nicht mehr",
    );
});

story!(
    instance_description_is_shown_without_translation,
    &[("instance.description", "Back to Our Village.")],
    |story| {
        let page = open(&story, "/", "de", &CookieJar::default()).await.is(200);
        speaks(&page, "de", "Back to Our Village.");
    }
);

story!(link_confirmation_page_keeps_requested_language, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let answer = story.post("/api/v1/sso").bearer(&token).form(&[("issuer", "id")]).send().await.is(200);
    let location = Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL");
    let mut jar = CookieJar::default();
    let back = provider.authorize(&location, &ProviderUser::named("ada.at.home"), story.now());
    let question = story.follow_callback(&mut jar, &back).await.is(302).location();

    let page = open(&story, question.as_str(), "de", &jar).await.is(200);
    speaks(&page, "de", "<bdi class=\"name\">ada.at.home</bdi> bei <bdi>");
    for words in ["mit diesem Konto verknüpfen?", "Passwort von <bdi>@ada</bdi>", "Nicht verknüpfen"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    jar.keep(&page);
    let action = address(&page, "action", "/oauth/sso/link/confirm");
    let (form_token, flow_id) = (page.hidden("form_token"), page.hidden("flow_id"));
    let form = |password| [("form_token", &*form_token), ("flow_id", &*flow_id), ("password", password)];
    let page = story.post(&action).cookies(&jar).form(&form("wrong")).send().await.is(200);
    speaks(&page, "de", "Das ist nicht das Passwort des Kontos.");
    assert!(page.body.contains("<title>Fehler: Identität verknüpfen"), "{}", page.body);
    let home = query_of(&Url::parse(&address(&page, "href", "lang=de")).expect("a URL"), "lang");
    assert_eq!(home.as_deref(), Some("de"), "the way back");
    story.post(&action).cookies(&jar).form(&form(&person.password)).send().await.is_linked();
    let page = story.get(&encode("/oauth/sso/link/confirm", &[("flow_id", "x"), ("lang", "de")])).send().await;
    assert!(page.status == 302 && page.header("location").contains("oidc_account_linking_error"));
});

/// Signs somebody in who asked for a page, and answers with the place that it comes back to.
async fn back_after_sign_in(story: &Story, asked: &str, person: &tests::Person) -> Url {
    let mut jar = CookieJar::default();
    let sign_in = story.get(asked).header("accept", "text/html").send().await.is(302).location();
    assert_eq!(sign_in.path(), "/account/sign-in", "{sign_in}");
    let request = story.get(sign_in.as_str()).send().await.is(302).location();
    let page = story.get(request.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    speaks(&page, "de", "Benutzername oder E-Mail");
    let form = [
        ("form_token", &*page.hidden("form_token")),
        ("identifier", &*person.username),
        ("password", &*person.password),
    ];
    let action = address(&page, "action", "/api/auth/login");
    let arrived = story.post(&action).cookies(&jar).form(&form).send().await.is(302);
    jar.keep(&arrived);
    let back = story.get(arrived.location().as_str()).cookies(&jar).send().await.is(302).location();
    speaks(&story.get(back.as_str()).cookies(&jar).send().await.is(200), "de", "Konto");
    back
}

story!(language_of_a_page_holds_through_the_sign_in_that_it_asks_for, |story| {
    let ada = story.person("ada").await;
    for (asked, query) in [
        ("/account?lang=de", "lang=de"),
        ("/account/security?lang=de", "lang=de"),
        ("/account/sessions?lang=de", "lang=de"),
        ("/account/sign-in?return_to=/account?notice%3Dunlinked&lang=de", "notice=unlinked&lang=de"),
        ("/account/sign-in?return_to=/account?lang%3Dde&lang=de", "lang=de"),
    ] {
        let asked_by_page = !asked.starts_with("/account/sign-in");
        let back = match asked_by_page {
            true => back_after_sign_in(&story, asked, &ada).await,
            false => {
                let request = story.get(asked).send().await.is(302).location();
                let state = query_of(&request, "state").expect("a place");
                Url::parse(&format!("{}{state}", story.base())).expect("an address")
            }
        };
        assert_eq!((back.query(), asked.starts_with(back.path())), (Some(query), true), "{asked}: {back}");
    }
    // Whoever chose none has none; and the longest place stays within its bounds.
    let request = story.get("/account/sign-in?return_to=/account").send().await.is(302).location();
    assert_eq!(query_of(&request, "state").as_deref(), Some("/account"));
    let long = format!("/{}", "x".repeat(1_023));
    let request = story.get(&format!("/account/sign-in?return_to={long}&lang=de")).send().await.is(302).location();
    assert_eq!(query_of(&request, "state"), Some(long));
});
