//! What several flows share: the checked request of an app, the dispatcher of every sign-in, the session that begins, the
//! proof that somebody is there, whom a sign-in names, which one was refused, what is revoked, who is notified.
//!
//! A flow calls steps; a step calls no flow. Two flows that need the same thing find it here.

pub(crate) mod account_hint;
pub(crate) mod admission;
pub(crate) mod blocks;
pub(crate) mod code_factor;
pub(crate) mod completion;
pub(crate) mod confirmation;
pub(crate) mod daily_numbers;
pub(crate) mod demanded_password;
pub(crate) mod ending;
pub(crate) mod enrolment;
pub(crate) mod erasure;
pub(crate) mod events;
pub(crate) mod factor_change;
pub(crate) mod host_factors;
pub(crate) mod host_rules;
pub(crate) mod id_token;
pub(crate) mod identifier;
pub(crate) mod mail;
pub(crate) mod mail_code;
pub(crate) mod mail_domain;
pub(crate) mod missing_step;
pub(crate) mod new_password;
pub(crate) mod new_tokens;
pub(crate) mod notices;
pub(crate) mod only_passkeys;
pub(crate) mod own_factor;
pub(crate) mod owner;
pub(crate) mod passkeys;
pub(crate) mod pending;
pub(crate) mod presence;
pub(crate) mod proof;
pub(crate) mod proof_of_work;
pub(crate) mod recovery;
pub(crate) mod recovery_set;
pub(crate) mod refused_sign_in;
pub(crate) mod removal;
pub(crate) mod request;
pub(crate) mod review;
pub(crate) mod review_notice;
pub(crate) mod revocation;
pub(crate) mod second_step;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod staff_mail;
pub(crate) mod standing;
pub(crate) mod throttle;
pub(crate) mod token_notice;
pub(crate) mod trust;
pub(crate) mod trusted_browsers;
pub(crate) mod uses;
pub(crate) mod viewer;
pub(crate) mod waiting;
