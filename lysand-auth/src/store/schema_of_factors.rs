//! The tables of second factors, and of sign-ins that wait for one.

diesel::table! {
    auth_factor (id) {
        id -> Text,
        account_id -> Text,
        kind -> Text,
        name -> Text,
        secret -> Binary,
        sealed_by -> Text,
        last_step -> BigInt,
        made_in -> Text,
        tries -> BigInt,
        created_at -> BigInt,
        proven_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_passkey (id) {
        id -> Text,
        account_id -> Text,
        credential_id -> Text,
        rp_id -> Text,
        public_key -> Text,
        counter -> BigInt,
        backup_eligible -> SmallInt,
        backed_up -> SmallInt,
        verified -> SmallInt,
        transports -> Text,
        model -> Nullable<Text>,
        name -> Text,
        copied_at -> Nullable<BigInt>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_passkey_user (account_id) {
        account_id -> Text,
        handle -> Text,
    }
}

diesel::table! {
    auth_recovery_code (account_id, digest) {
        account_id -> Text,
        digest -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_pending (id) {
        id -> Text,
        purpose -> Text,
        account_id -> Text,
        browser_digest -> Binary,
        proof -> Text,
        proven_at -> BigInt,
        generation -> BigInt,
        request -> Text,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        session_id -> Nullable<Text>,
        second_proof -> Nullable<Text>,
        second_proven_at -> Nullable<BigInt>,
        stepping_up -> Nullable<Text>,
    }
}

diesel::table! {
    auth_way_back (id) {
        id -> Text,
        account_id -> Text,
        asked_at -> BigInt,
        ripe_at -> BigInt,
        until -> BigInt,
        told -> SmallInt,
        next_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        ended_as -> Nullable<Text>,
        why -> Nullable<Text>,
        agent -> Nullable<Text>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    auth_trusted_browser (id) {
        id -> Text,
        account_id -> Text,
        digest -> Binary,
        agent -> Nullable<Text>,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
        generation -> BigInt,
    }
}
