//! The page of authorized apps when there are many: searched and read page by page, without scripts (faults B7, D14).

use tests::Person;
use tests::story;
use tests::story::{App, CALLBACK, Response, SignedIn, Story};

const PAGE: &str = "/oauth/authorized_applications";

/// Gives that many apps access, named `App 00` and on.
async fn allow_apps(story: &Story, person: &Person, count: usize) -> SignedIn {
    let mut signed_in = None;
    for number in 0..count {
        let name = format!("App {number:02}");
        let form = [("client_name", name.as_str()), ("redirect_uris", CALLBACK), ("scopes", "read")];
        let app = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
        let app = App::registered(&app, CALLBACK, "read");
        let by = story.sign_in(person, &app).await;
        let code = story.consent(&by, &app).await;
        story.redeem(&app, &code).await.is(200);
        signed_in = Some(by);
    }
    signed_in.expect("at least one")
}

fn shown(page: &Response) -> usize {
    page.body.matches("name=\"_method\" value=\"delete\"").count()
}

/// The target of a link with this `rel`.
fn link(page: &Response, rel: &str) -> Option<String> {
    let after = page.body.split(&format!("rel=\"{rel}\" href=\"")).nth(1)?;
    Some(after.split('"').next()?.replace("&amp;", "&"))
}

async fn get(story: &Story, signed_in: &SignedIn, path: &str) -> Response {
    story.get(path).session(signed_in).header("accept", "text/html").send().await.is(200)
}

story!(authorized_applications_page_of_45_apps_has_pages_and_finds_apps_by_name, |story| {
    let ada = story.person("ada").await;
    let signed_in = allow_apps(&story, &ada, 45).await;
    let (mut path, mut names, mut counts) = (format!("{PAGE}?lang=de"), Vec::new(), Vec::new());
    loop {
        let page = get(&story, &signed_in, &path).await;
        assert!(page.body.len() < 64 * 1024 && page.body.contains("Seite"), "{}", page.body.len());
        counts.push(shown(&page));
        names.extend((0..45).map(|number| format!("App {number:02}")).filter(|name| page.body.contains(name.as_str())));
        match link(&page, "next") {
            Some(next) => path = next,
            None => break,
        }
    }
    names.sort_unstable();
    assert_eq!(counts, [20, 20, 5]);
    assert_eq!(names.len(), 45, "each app once: {names:?}");
    let second = get(&story, &signed_in, &format!("{PAGE}?page=2")).await;
    assert!(second.body.contains("Page 2 of 3") && link(&second, "prev").as_deref() == Some(PAGE), "{}", second.body);

    for (query, expected) in
        [("q=aPP+07", 1), ("q=1+app", 14), ("q=no+such", 0), ("q=", 20), ("page=99", 5), ("page=0", 20), ("page=x", 20)]
    {
        let page = get(&story, &signed_in, &format!("{PAGE}?{query}")).await;
        assert_eq!(shown(&page), expected, "{query}");
    }
    let odd = get(&story, &signed_in, &format!("{PAGE}?q=%22%3E%3Cscript%3E")).await;
    assert!(odd.body.contains("No app has this in its name.") && !odd.body.contains("\"><script>"), "{}", odd.body);
    let list = story.get(&format!("{PAGE}.json?page=2&q=x")).session(&signed_in).send().await.is(200).json();
    assert_eq!(list.as_array().map(Vec::len), Some(45), "programs get the whole list");
});

story!(authorized_applications_removal_on_a_later_page_comes_back_to_it_with_a_notice, |story| {
    let ada = story.person("ada").await;
    let signed_in = allow_apps(&story, &ada, 21).await;
    let page = get(&story, &signed_in, &format!("{PAGE}?page=2&lang=fr")).await;
    let action = page.body.split("method=\"post\" action=\"").nth(1).and_then(|rest| rest.split('"').next());
    let action = action.expect("a form").replace("&amp;", "&");
    let token = page.hidden("form_token");
    let cookies = format!("jwt={}; form={}", signed_in.cookie, page.cookie("form").expect("the form's cookie"));
    let form = [("_method", "delete"), ("form_token", token.as_str())];
    let answer = story.post(&action).header("cookie", &cookies).form(&form).send().await.is(302);
    assert_eq!(answer.header("location"), format!("{}{PAGE}?page=2&notice=removed&lang=fr", story.base()));
    let back = get(&story, &signed_in, answer.location().as_str()).await;
    assert_eq!(shown(&back), 20, "the page that is left");
    assert!(back.markup().contains("L’accès de l’application est retiré."), "{}", back.body);
    // No address puts other words there.
    let foreign = get(&story, &signed_in, &format!("{PAGE}?notice=Call+0900")).await;
    assert!(!foreign.body.contains("0900") && !foreign.body.contains("class=\"notice good\""), "{}", foreign.body);
});
