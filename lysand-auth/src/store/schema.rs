//! The library's tables as Diesel sees them; `migrations/auth` makes them.

pub(crate) use super::schema_of_factors::{
    auth_factor, auth_passkey, auth_passkey_user, auth_pending, auth_recovery_code, auth_trusted_browser, auth_way_back,
};

diesel::table! {
    auth_app (id) {
        id -> Text,
        client_id -> Text,
        secret_digest -> Binary,
        name -> Text,
        website -> Nullable<Text>,
        redirect_uris -> Text,
        scopes -> Text,
        created_at -> BigInt,
        is_public -> Bool,
        expiring -> Bool,
        first_party -> Bool,
        approved -> Bool,
        had_own_token -> Bool,
        grant_types -> Nullable<Text>,
        links -> Nullable<Text>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    auth_session (id) {
        id -> Text,
        account_id -> Text,
        created_at -> BigInt,
        authenticated_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        agent -> Nullable<Text>,
        network -> Nullable<Text>,
        methods -> Nullable<Text>,
        last_used_at -> Nullable<BigInt>,
        idle_at -> Nullable<BigInt>,
        first_proven_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_authorization (code_digest) {
        code_digest -> Binary,
        app_id -> Text,
        account_id -> Text,
        session_id -> Text,
        redirect_uri -> Text,
        scopes -> Text,
        state -> Nullable<Text>,
        code_challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        approved_at -> Nullable<BigInt>,
        used_at -> Nullable<BigInt>,
        token_id -> Nullable<Text>,
        family_id -> Nullable<Text>,
        response_mode -> Nullable<Text>,
    }
}

diesel::table! {
    auth_token (id) {
        id -> Text,
        digest -> Binary,
        app_id -> Text,
        account_id -> Nullable<Text>,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        family_id -> Nullable<Text>,
        last_used_at -> Nullable<BigInt>,
        last_used_from -> Nullable<Text>,
        generation -> Nullable<BigInt>,
        name -> Nullable<Text>,
        networks -> Nullable<Text>,
        told -> SmallInt,
        strength -> Nullable<Text>,
    }
}

diesel::table! {
    auth_family (id) {
        id -> Text,
        app_id -> Text,
        account_id -> Text,
        scopes -> Text,
        created_at -> BigInt,
        rotated_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        strength -> Nullable<Text>,
    }
}

diesel::table! {
    auth_refresh_token (digest) {
        digest -> Binary,
        family_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        next_digest -> Nullable<Binary>,
        next_token_id -> Nullable<Text>,
        retried_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_throttle (rule, subject) {
        rule -> Text,
        subject -> Binary,
        window_start -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    auth_identity (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
        account_id -> Text,
        label -> Nullable<Text>,
        linked_at -> BigInt,
    }
}

diesel::table! {
    auth_sso_flow (id) {
        id -> Text,
        state_digest -> Binary,
        provider -> Text,
        issuer -> Text,
        verifier -> Text,
        nonce -> Text,
        callback -> Text,
        browser_digest -> Nullable<Binary>,
        app_id -> Nullable<Text>,
        #[sql_name = "ask"]
        request -> Nullable<Text>,
        account_id -> Nullable<Text>,
        started_by -> Nullable<Text>,
        waiting -> Nullable<Text>,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_known_browser (id) {
        id -> Text,
        browser_digest -> Binary,
        account_id -> Text,
        first_at -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    auth_day (day, name) {
        day -> BigInt,
        name -> Text,
        number -> BigInt,
    }
}

diesel::table! {
    auth_ip_block (id) {
        id -> Text,
        network -> Text,
        severity -> Text,
        comment -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_email_domain_block (id) {
        id -> Text,
        domain -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    auth_setting (name) {
        name -> Text,
        value -> Text,
        is_sealed -> SmallInt,
        changed_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    auth_mail (id) {
        id -> Text,
        kind -> Text,
        account_id -> Nullable<Text>,
        address -> Text,
        address_key -> Text,
        state -> Text,
        tries -> BigInt,
        not_before -> BigInt,
        lease_until -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        urgent -> SmallInt,
        allowance -> SmallInt,
        context -> Text,
        token_id -> Nullable<Text>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_mail_token (id) {
        id -> Text,
        purpose -> Text,
        account_id -> Nullable<Text>,
        address -> Nullable<Text>,
        subject -> Nullable<Text>,
        lifetime -> BigInt,
        has_code -> SmallInt,
        link_digest -> Nullable<Binary>,
        code_digest -> Nullable<Binary>,
        wrong_codes -> BigInt,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        spent_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    auth_app,
    auth_session,
    auth_authorization,
    auth_token,
    auth_family,
    auth_refresh_token,
    auth_throttle
);
diesel::allow_tables_to_appear_in_same_query!(auth_sign_up, auth_invitation);
diesel::joinable!(auth_family -> auth_app (app_id));
diesel::joinable!(auth_refresh_token -> auth_family (family_id));
diesel::joinable!(auth_token -> auth_app (app_id));
diesel::joinable!(auth_authorization -> auth_app (app_id));

diesel::table! {
    auth_event (id) {
        id -> Text,
        at -> BigInt,
        event -> Text,
        outcome -> Text,
        actor_kind -> Text,
        actor -> Nullable<Text>,
        target_kind -> Nullable<Text>,
        target -> Nullable<Text>,
        name -> Nullable<Text>,
        app -> Nullable<Text>,
        network -> Nullable<Text>,
        agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    auth_sign_up (account_id) {
        account_id -> Text,
        road -> Text,
        app_id -> Nullable<Text>,
        provider -> Nullable<Text>,
        invitation_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        agreed_to -> Nullable<Text>,
        minimum_age -> Nullable<SmallInt>,
        network -> Nullable<Text>,
        agent -> Nullable<Text>,
        language -> Nullable<Text>,
        needs_review -> SmallInt,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    auth_waiting (id) {
        id -> Text,
        token_digest -> Binary,
        account_id -> Text,
        origin -> Text,
        request -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        message -> Nullable<Text>,
    }
}

diesel::table! {
    auth_invitation (id) {
        id -> Text,
        code -> Nullable<Text>,
        code_digest -> Nullable<Binary>,
        maker -> Nullable<Text>,
        maker_name -> Nullable<Text>,
        max_uses -> Nullable<BigInt>,
        uses -> BigInt,
        expires_at -> Nullable<BigInt>,
        comment -> Nullable<Text>,
        skips_review -> SmallInt,
        email -> Nullable<Text>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    auth_spent (kind, digest) {
        kind -> Text,
        digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    auth_credentials (account_id) {
        account_id -> Text,
        generation -> BigInt,
        reset_demanded -> Nullable<Text>,
        unproven_email -> Nullable<Text>,
        closes_at -> Nullable<BigInt>,
        two_step -> SmallInt,
        mail_factor -> SmallInt,
        reset_by_mail_at -> Nullable<BigInt>,
        demanded_since -> Nullable<BigInt>,
        only_passkeys -> SmallInt,
        review_due -> SmallInt,
    }
}

diesel::table! {
    auth_email_change (id) {
        id -> Text,
        account_id -> Text,
        old_address -> Nullable<Text>,
        old_key -> Nullable<Text>,
        new_address -> Text,
        asked_in -> Text,
        is_final -> SmallInt,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        undo_until -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        undone_at -> Nullable<BigInt>,
    }
}
