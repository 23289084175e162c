//! Lists of accounts and the entity of one (PPL-128 to PPL-131, PPL-136 to PPL-142).

use std::time::Duration;

use lysand_auth::flows::events::{self, EventQuery};
use lysand_auth::host::accounts::{AccountId, Accounts as _, Role, Standing};
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;

use super::{LIST, OPEN, id, names, staff};
use crate::people::sign_up;

story!(
    admin_account_entity_has_mastodons_members_and_types,
    &[("signups.proof_of_work", "false"), ("signups.approval", "true"),],
    |story| {
        let (_, token) = staff(&story, "ada", Role::Admin).await;
        let fields = [
            ("username", "grace"),
            ("email", "grace@example.com"),
            ("password", "a calm evening"),
            ("reason", "I like it here"),
            ("locale", "de"),
        ];
        story.post("/api/v1/auth/signup").form(&fields).send().await.is(201);
        let grace = id(&story, "grace").await;
        let entity = story.get(&format!("{LIST}/{grace}")).bearer(&token).send().await.is(200).json();
        let object = entity.as_object().expect("an object");
        let expected = "account approved confirmed created_at disabled domain email id invite_request ip ips locale role sensitized silenced suspended username";
        let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys.join(" "), expected);
        for (key, value) in [
            ("id", json!(grace)),
            ("username", json!("grace")),
            ("domain", Value::Null),
            ("email", json!("grace@example.com")),
            ("confirmed", json!(false)),
            ("approved", json!(false)),
            ("disabled", json!(false)),
            ("suspended", json!(false)),
            ("silenced", json!(false)),
            ("sensitized", json!(false)),
            ("locale", json!("de")),
            ("invite_request", json!("I like it here")),
            ("ip", json!("127.0.0.0")),
        ] {
            assert_eq!(entity[key], value, "{key}");
        }
        assert_eq!(entity["ips"][0]["ip"], "127.0.0.0");
        assert!(
            entity["created_at"].as_str().expect("text").ends_with('Z')
                && entity["created_at"].as_str().expect("text").len() == 24
        );
        assert_eq!(entity["account"]["acct"], "grace");
        let role = json!({
            "id": -99, "name": "", "color": "", "position": -1, "permissions": 0, "highlighted": false,
            "created_at": "1970-01-01T00:00:00.000Z", "updated_at": "1970-01-01T00:00:00.000Z",
        });
        assert_eq!(entity["role"], role);
        let own = id(&story, "ada").await;
        let own = story.get(&format!("{LIST}/{own}")).bearer(&token).send().await.is(200).json();
        assert_eq!(
            (&own["role"]["id"], &own["role"]["permissions"], &own["role"]["position"]),
            (&json!(2), &json!(1), &json!(100))
        );
        let credentials = story.verify(&token).await.is(200).json();
        assert_eq!(
            credentials["role"],
            json!({ "id": "2", "name": "Admin", "permissions": "1", "color": "", "highlighted": true })
        );
        story.get(&format!("{LIST}/nobody")).bearer(&token).send().await.is_api_error(404, "Record not found");
        story.get(&format!("{LIST}/%00")).bearer(&token).send().await.is_api_error(404, "Record not found");
    }
);

story!(admin_account_tells_inviter_and_app, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Admin).await;
    let made = story.post("/api/v1/admin/auth/invitations").bearer(&token).json(&json!({})).send().await.is(200).json();
    let code = made["code"].as_str().expect("a code").to_owned();
    let fields =
        [("username", "grace"), ("email", "grace@example.com"), ("password", "a calm evening"), ("invite_code", &code)];
    story.post("/api/v1/auth/signup").form(&fields).send().await.is(201);
    let (ada, grace) = (id(&story, "ada").await, id(&story, "grace").await);
    let entity = story.get(&format!("{LIST}/{grace}")).bearer(&token).send().await.is(200).json();
    assert_eq!(entity["invited_by_account_id"], json!(ada));
    let found = story.get(&format!("/api/v2/admin/accounts?invited_by={ada}")).bearer(&token).send().await.is(200);
    assert_eq!(names(&found), "grace");
    let found = story.get("/api/v2/admin/accounts?invited_by=nobody").bearer(&token).send().await.is(200);
    assert_eq!(names(&found), "");
});

story!(admin_accounts_are_filtered_as_mastodon_filters_them, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Admin).await;
    for name in ["bob", "carl", "dora", "eve_x"] {
        story.advance_clock(Duration::from_secs(1));
        story.person(name).await;
    }
    story.advance_clock(Duration::from_secs(1));
    sign_up(&story, "newcomer", "newcomer@example.com").await;
    let accounts = &story.server().state().accounts;
    for (name, standing) in [("bob", Standing::Disabled), ("carl", Standing::Suspended), ("dora", Standing::Pending)] {
        let id = AccountId::new(id(&story, name).await);
        accounts.set_standing(&id, standing).await.expect("a standing");
    }
    accounts.set_role(&AccountId::new(id(&story, "eve_x").await), Role::Moderator).await.expect("a role");
    for (query, expected) in [
        ("", "newcomer eve_x dora bob ada"),
        ("active=true", "newcomer eve_x dora bob ada"),
        ("pending=true", "dora"),
        ("disabled=true", "bob"),
        ("suspended=true", "carl"),
        ("active=true&suspended=true", "carl"),
        ("suspended=true&pending=false", "carl"),
        ("silenced=true", ""),
        ("remote=true", ""),
        ("local=true", "newcomer eve_x dora bob ada"),
        ("sensitized=true", ""),
        ("by_domain=other.example", ""),
        ("staff=true", "eve_x ada"),
        ("username=EVE_", "eve_x"),
        ("username=ev%25", ""),
        ("username=_", ""),
        ("email=bob@", "bob"),
        ("email=ob@", ""),
        ("display_name=nothing", ""),
        ("username=%27%20OR%201%3D1%20--", ""),
        ("limit=1", "newcomer"),
        ("limit=-1", "newcomer eve_x dora bob ada"),
        ("limit=many", "newcomer eve_x dora bob ada"),
        ("limit=99999999999999999999", "newcomer eve_x dora bob ada"),
    ] {
        let found = story.get(&format!("{LIST}?{query}")).bearer(&token).send().await.is(200);
        assert_eq!(names(&found), expected, "v1 {query}");
    }
    for (query, expected) in [
        ("", "newcomer eve_x dora carl bob ada"),
        ("origin=local", "newcomer eve_x dora carl bob ada"),
        ("origin=remote", ""),
        ("status=active", "newcomer eve_x dora bob ada"),
        ("status=pending", "dora"),
        ("status=disabled", "bob"),
        ("status=suspended", "carl"),
        ("status=silenced", ""),
        ("permissions=staff", "eve_x ada"),
        ("role_ids[]=1", "eve_x"),
        ("role_ids[]=1&role_ids[]=2", "eve_x ada"),
        ("role_ids[]=-99", "newcomer dora carl bob"),
        ("role_ids[]=7", ""),
        ("role_ids[]=-99&permissions=staff", ""),
        ("status=suspended&username=car", "carl"),
    ] {
        let found = story.get(&format!("/api/v2/admin/accounts?{query}")).bearer(&token).send().await.is(200);
        assert_eq!(names(&found), expected, "v2 {query}");
    }
    for (query, error) in [("origin=mars", "Unknown origin: mars"), ("status=odd", "Unknown status: odd")] {
        story.get(&format!("/api/v2/admin/accounts?{query}")).bearer(&token).send().await.is_api_error(400, error);
    }
});

story!(admin_accounts_are_paged_by_their_links, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Moderator).await;
    for name in ["bob", "carl", "dora"] {
        story.advance_clock(Duration::from_secs(1));
        story.person(name).await;
    }
    let first = story.get(&format!("{LIST}?limit=2")).bearer(&token).send().await.is(200);
    assert_eq!(names(&first), "dora carl");
    let link = |list: &tests::story::Response, rel: &str| {
        let links = list.header("link").to_owned();
        let found = links.split(", ").find(|link| link.contains(&format!("rel=\"{rel}\"")))?;
        Some(found.split(['<', '>']).nth(1)?.replace(&story.base().to_string().trim_end_matches('/').to_owned(), ""))
    };
    let second = story.get(&link(&first, "next").expect("a link")).bearer(&token).send().await.is(200);
    assert_eq!(names(&second), "bob ada");
    let third = story.get(&link(&second, "next").expect("a full page has one")).bearer(&token).send().await.is(200);
    assert_eq!((names(&third).as_str(), third.header("link")), ("", ""));
    let back = story.get(&link(&second, "prev").expect("a link")).bearer(&token).send().await.is(200);
    assert_eq!(names(&back), "dora carl");
    let short = story.get(&format!("{LIST}?limit=3&max_id={}", id(&story, "carl").await)).bearer(&token).send().await;
    assert_eq!(names(&short), "bob ada");
    assert!(link(&short, "next").is_none() && link(&short, "prev").is_some());
});

story!(
    admin_accounts_are_found_by_address_and_network,
    &[("signups.proof_of_work", "false"), ("http.trusted_proxies", "[\"127.0.0.1/32\"]"),],
    |story| {
        let (_, token) = staff(&story, "ada", Role::Admin).await;
        for (name, from) in
            [("bob", "203.0.113.7"), ("carl", "203.0.113.200"), ("dora", "198.51.100.1"), ("eve", "2001:db8:1::9")]
        {
            let email = format!("{name}@example.com");
            let fields = [("username", name), ("email", email.as_str()), ("password", "a calm evening")];
            story.advance_clock(Duration::from_secs(1));
            story.post("/api/v1/auth/signup").form(&fields).header("x-forwarded-for", from).send().await.is(201);
        }
        for (ip, expected) in [
            ("203.0.113.9", "carl bob"),
            ("203.0.113.0/24", "carl bob"),
            ("203.0.0.0/16", "carl bob"),
            ("203.0.113.128/25", "carl bob"),
            ("198.51.100.255", "dora"),
            ("2001:db8:1:2::3", "eve"),
            ("2001:db8::/32", "eve"),
            ("0.0.0.0/0", "dora carl bob ada"),
            ("192.0.2.1", ""),
            ("nonsense", ""),
            ("203.0.113", ""),
            ("203.0.113.7/99", ""),
        ] {
            let found = story.get(&format!("{LIST}?ip={ip}")).bearer(&token).send().await.is(200);
            assert_eq!(names(&found), expected, "{ip}");
        }
    }
);

story!(each_look_of_staff_at_addresses_is_recorded, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Moderator).await;
    let bob = story.person("bob").await;
    let app = story.app("https://app.example/cb", "read write profile").await;
    let theirs = story.token(&bob, &app).await;
    let change = [("locale", "fr")];
    story.call(Method::PATCH, "/api/v1/accounts/update_credentials").bearer(&theirs).form(&change).send().await.is(200);
    let bob = story.account(&bob).await;
    let seen = story.get(&format!("{LIST}/{}", bob.id)).bearer(&token).send().await.is(200).json();
    assert_eq!(seen["locale"], "fr");
    story.advance_clock(Duration::from_secs(1));
    story.get(LIST).bearer(&token).send().await.is(200);
    let mut query = EventQuery::new(10);
    query.event = Some("account_seen".into());
    let found = events::find(&story.server().state().auth, query).await.expect("events");
    let about: Vec<_> = found.iter().map(|event| (event.target.as_deref(), event.detail.as_deref())).collect();
    assert_eq!(about, [(None, Some("{\"count\":2}")), (Some(bob.id.as_str()), None)]);
    assert!(found.iter().all(|event| event.actor_kind == "account" && event.network.is_some()));
});
