//! The tables of native clients as Diesel sees them; `migrations/auth` makes them.

use super::schema::auth_family;

diesel::table! {
    auth_device_record (id) {
        id -> Text,
        account_id -> Text,
        dialect -> Text,
        client_key -> Text,
        client_id -> Nullable<Text>,
        name -> Nullable<Text>,
        program -> Nullable<Text>,
        created_at -> BigInt,
        last_seen_at -> BigInt,
    }
}

diesel::table! {
    auth_native_sign_in (family_id) {
        family_id -> Text,
        account_id -> Text,
        dialect -> Text,
        device_id -> Text,
        agent -> Nullable<Text>,
        network -> Nullable<Text>,
        methods -> Nullable<Text>,
        origin -> Nullable<Text>,
        created_at -> BigInt,
        idle_at -> BigInt,
    }
}

diesel::table! {
    auth_ticket (digest) {
        digest -> Binary,
        family_id -> Text,
        account_id -> Text,
        target -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    auth_resonite_session (family_id) {
        family_id -> Text,
        remembered -> Bool,
        machine_bound -> Bool,
        uid_salt -> Text,
        uid_hash -> Text,
        absolute_at -> BigInt,
    }
}

diesel::joinable!(auth_native_sign_in -> auth_family (family_id));
diesel::joinable!(auth_ticket -> auth_family (family_id));
diesel::allow_tables_to_appear_in_same_query!(auth_native_sign_in, auth_family, auth_device_record, auth_ticket);
