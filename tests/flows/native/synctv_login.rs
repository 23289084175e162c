//! `POST /api/auth/login` with name and password (native 1.1, 1.4, C3, NAT-3).

use lysand_auth::flows::events;
use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use serde_json::{Value, json};
use tests::story;
use tests::story::{Response, Story};

use super::synctv::{FAILED, Pair, SYNCTV, get, is_error, is_in_form, is_secret, login, opens, post, signed_in};
use crate::factors::enrol;

const PATH: &str = "/api/auth/login";

story!(synctv_login_answers_with_all_four_members, SYNCTV, |story| {
    let ada = story.person("ada").await;
    for name in [json!({ "username": "ada" }), json!({ "username": " ADA " }), json!({ "email": ada.email })] {
        let mut body = name;
        body["password"] = json!(ada.password);
        let answer = post(&story, PATH, &body).await.is(200);
        is_secret(&answer);
        let told = answer.json();
        let members: Vec<&String> = told.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["access_token", "mfa", "refresh_token", "user"]);
        let nothing = json!({ "required": false, "session_id": "", "available_methods": [], "masked_email": "", "expires_at": 0 });
        assert_eq!(told["mfa"], nothing);
        let user = &told["user"];
        let account = story.account(&ada).await;
        let expected = json!({
            "id": account.id.as_str(), "username": "ada", "email": ada.email, "role": "USER_ROLE_USER",
            "status": "USER_STATUS_ACTIVE", "created_at": account.created_at.map(|at| at.seconds()),
            "email_verified": true, "is_banned": false,
        });
        assert_eq!(user, &expected);
        assert!(answer.set_cookie("jwt").is_none() && answer.header("access-control-allow-origin") == "*");
        assert!(opens(&story, &Pair::of(&answer).access).await);
    }
});

story!(synctv_login_says_what_is_wrong_with_a_request, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let one = "Provide exactly one of username or email";
    let secret = &*ada.password;
    for (body, text, code) in [
        (json!({ "password": secret }), one, 3000),
        (json!({ "username": "ada", "email": ada.email, "password": secret }), one, 3000),
        (json!({ "username": "", "password": secret }), one, 3000),
        (json!({ "username": "ada" }), "Password is required", 3004),
        (json!({ "username": "ada", "password": null }), "Password is required", 3004),
        (json!({ "username": 7, "password": secret }), "username must be a string", 3001),
        (json!({ "username": "ada", "password": "x".repeat(129) }), "password must be at most 128 characters", 3003),
        (json!({ "username": "x".repeat(51), "password": secret }), "username must be at most 50 characters", 3003),
        (json!({ "email": "ada", "password": secret }), "email must be an email address", 3001),
        (
            json!({ "email": ada.email, "password": secret, "email_token": "12345678" }),
            "email_token cannot be combined with password login",
            3000,
        ),
    ] {
        let answer = post(&story, PATH, &body).await;
        assert_eq!(is_in_form(&answer)["code"], code, "{body}");
        is_error(answer, 400, text);
    }
});

/// What a refused answer has, but for what differs by chance or time.
fn told(answer: &Response) -> (u16, Value, Vec<(String, String)>) {
    let chance = ["date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let headers =
        answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()));
    let mut headers: Vec<(String, String)> = headers.filter(|(name, _)| !chance.contains(&name.as_str())).collect();
    headers.sort();
    let mut body = answer.json();
    body["request_id"] = json!(null);
    (answer.status.as_u16(), body, headers)
}

story!(synctv_login_refuses_everything_in_the_same_bytes, SYNCTV, |story| {
    let auth = story.server().state().auth.clone();
    let mut people = Vec::new();
    for name in ["ada", "off", "gone", "demanded"] {
        people.push(story.person(name).await);
    }
    for (at, standing) in [(1, Standing::Disabled), (2, Standing::Suspended)] {
        let account = story.account(&people[at]).await;
        set_standing(&auth, &account, standing, &StaffAct::by_command()).await.expect("a standing");
    }
    let demanded = story.account(&people[3]).await;
    reset::demand(&auth, &demanded, Demanded::Now, events::Actor::Command).await.expect("a demand");
    let wrong = login(&story, "ada", "wrong-password").await;
    let expected = told(&wrong);
    is_error(wrong, 401, FAILED);
    for (name, password) in [
        ("nobody", "wrong-password"),
        ("off", &*people[1].password),
        ("gone", &*people[2].password),
        ("demanded", &*people[3].password),
    ] {
        assert_eq!(told(&login(&story, name, password).await), expected, "{name}");
    }
});

story!(synctv_login_tells_states_after_the_right_password_alone, SYNCTV, |story| {
    let auth = story.server().state().auth.clone();
    let waits = tests::Person::named("waits");
    story.create(&waits, false).await;
    let unverified = "Email not verified. Please verify your email to continue.";
    is_error(login(&story, "waits", &waits.password).await, 403, unverified);
    is_error(login(&story, "waits", "wrong-password").await, 401, FAILED);
    let ada = story.person("ada").await;
    reset::demand(&auth, &story.account(&ada).await, Demanded::AtNextSignIn, events::Actor::Command)
        .await
        .expect("one");
    is_error(login(&story, "ada", &ada.password).await, 403, "Password change required");
    is_error(login(&story, "ada", "wrong-password").await, 401, FAILED);
});

story!(synctv_answers_are_spelled_as_requests_are, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let snake = signed_in(&story, &ada).await;
    let camel = post(&story, "/api/auth/refresh", &json!({ "refreshToken": snake.refresh })).await.is(200).json();
    assert!(camel["accessToken"].is_string() && camel["access_token"].is_null(), "{camel}");
    // A member that both spellings share tells nothing; another one does, and the sign-in keeps it.
    let body = json!({ "username": "ada", "password": ada.password, "deviceName": "x" });
    let begun = post(&story, PATH, &body).await.is(200).json();
    assert!(begun["mfa"]["availableMethods"].is_array() && begun["user"]["emailVerified"] == true, "{begun}");
    let token = begun["accessToken"].as_str().expect("a token");
    let user = get(&story, "/api/user", token).await.is(200).json();
    assert_eq!(user["user"]["isBanned"], false, "{user}");
    let one = json!({ "refresh_token": snake.refresh, "refreshToken": snake.refresh });
    post(&story, "/api/auth/refresh", &one).await.is(401);
    let two = json!({ "refresh_token": "a", "refreshToken": "b" });
    is_error(post(&story, "/api/auth/refresh", &two).await, 400, "Invalid JSON");
});

/// What the server's own sign-in answers, but for what differs by chance.
async fn own_answers(story: &Story, person: &tests::Person) -> Vec<(u16, String, String)> {
    let app = story.usual_app().await;
    let query = app.authorize_query();
    let form = [("identifier", &*person.username), ("password", "wrong")];
    let json = json!({ "identifier": person.username, "password": "wrong" });
    let mut answers = Vec::new();
    for answer in [
        story.post(&format!("{PATH}?{query}")).header("origin", story.base()).form(&form).send().await,
        story.post(PATH).header("origin", story.base()).form(&form).send().await,
        story.post(&format!("{PATH}?client_id=")).header("origin", story.base()).json(&json).send().await,
        story.post(&format!("{PATH}?client%5Fid=x")).header("origin", story.base()).json(&json).send().await,
        story.post(&format!("{PATH}?{query}")).header("origin", story.base()).json(&json).send().await,
        story.post(PATH).header("origin", story.base()).body("text/json", "{}").send().await,
        story.post(PATH).header("origin", story.base()).body("multipart/form-data; boundary=x", "--x--").send().await,
        story.post(PATH).header("origin", story.base()).send().await,
        story.get(PATH).send().await,
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), "");
        let location = answer.header("location").replace(story.base(), "");
        let location = location.split("client_id").next().unwrap_or_default().to_owned();
        answers.push((answer.status.as_u16(), location, answer.header("content-type").to_owned()));
    }
    answers
}

story!(synctv_login_leaves_the_servers_own_sign_in_as_it_is, |story| {
    let ada = story.person("ada").await;
    let off = own_answers(&story, &ada).await;
    let story = story.restart(SYNCTV).await;
    assert_eq!(own_answers(&story, &ada).await, off);
    let typed = json!({ "username": "ada", "password": ada.password }).to_string();
    story.post(PATH).body("Application/JSON; charset=utf-8", &*typed).send().await.is(200);
    story.post(&format!("{PATH}?client=x&Client_id=y")).body("application/json", &*typed).send().await.is(200);
    let preflight = story.call(reqwest::Method::OPTIONS, PATH).header("origin", "https://elsewhere.example");
    assert_eq!(preflight.send().await.is(200).header("access-control-allow-origin"), "*");
});

story!(synctv_login_of_somebody_who_wants_two_proofs_gives_no_token, SYNCTV, |story| {
    let ada = story.person("ada").await;
    enrol(&story, &ada).await;
    let answer = login(&story, "ada", &ada.password).await.is(200);
    let told = answer.json();
    assert_eq!((&told["access_token"], &told["refresh_token"]), (&json!(""), &json!("")));
    assert_eq!(told["mfa"]["available_methods"], json!(["MFA_METHOD_TOTP", "MFA_METHOD_RECOVERY_CODE"]));
    assert_eq!((&told["mfa"]["masked_email"], told["mfa"]["expires_at"].as_i64().is_some()), (&json!(""), true));
});
