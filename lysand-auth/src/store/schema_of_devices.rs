//! The table of codes for devices as Diesel sees it; `migrations/auth` makes it.

use super::schema::auth_app;

diesel::table! {
    auth_device_code (digest) {
        digest -> Binary,
        user_digest -> Binary,
        app_id -> Text,
        scopes -> Text,
        program -> Nullable<Text>,
        network -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        state -> Text,
        account_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        methods -> Nullable<Text>,
        proven_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(auth_device_code -> auth_app (app_id));
diesel::allow_tables_to_appear_in_same_query!(auth_device_code, auth_app);
