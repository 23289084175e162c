//! The tables of OpenID clients as Diesel sees them; `migrations/auth` makes them.

use super::schema::auth_session;

diesel::table! {
    auth_app_openid (app_id) {
        app_id -> Text,
        signed_by -> Text,
        post_logout_redirect_uris -> Text,
        backchannel_logout_uri -> Nullable<Text>,
        backchannel_session_required -> SmallInt,
    }
}

diesel::table! {
    auth_app_session (session_id, app_id) {
        session_id -> Text,
        app_id -> Text,
        sid -> Text,
        subject -> Text,
        logout_uri -> Nullable<Text>,
    }
}

diesel::table! {
    auth_logout (session_id, app_id) {
        session_id -> Text,
        app_id -> Text,
        account_id -> Text,
        sid -> Text,
        subject -> Text,
        uri -> Text,
        tries -> BigInt,
        next_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    auth_logout_host (host) {
        host -> Text,
        busy_until -> BigInt,
        window_start -> BigInt,
        calls -> BigInt,
    }
}

diesel::joinable!(auth_app_session -> auth_session (session_id));
diesel::allow_tables_to_appear_in_same_query!(auth_app_session, auth_session, auth_logout);
