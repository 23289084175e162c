//! Native clients: programs that send name and password themselves, each in its dialect. What is the same for all dialects stands
//! here; how a dialect writes it is the web's business.

mod begin;
mod caller;
mod device;
mod devices;
mod login;
mod mail_code;
mod passkey;
mod password;
mod preferences;
mod refresh;
mod second_step;
mod session;
mod sign_out;
mod stream;

pub use self::begin::{begin, is_device_text};
pub use self::caller::{Caller as NativeCaller, of_token};
pub(crate) use self::device::{DevicePoll, DeviceVerified, as_browser, begin_device, poll_device, verify_device};
pub use self::devices::{
    database, devices, devices_of_all, end_device, end_device_of_anybody, live_tokens, origin, origin_of, rename_device,
};
pub use self::login::{PasswordLogin, Refused, with_password};
pub use self::mail_code::{ask_mail_code, begin_with_mail_code, is_mail_login_offered};
pub use self::passkey::{NativePasskey, begin_with_passkey, own_passkeys, passkey_sign_in_options};
pub use self::password::{PasswordRefused, change_password};
pub use self::preferences::{TwoStepFactors, two_step_factors};
pub use self::refresh::{Refresh, is_access_token, refresh};
pub use self::second_step::{
    FirstStep, NativeSecondStep, SecondStep, SignedInNatively, StepRefused, begin_with_password,
};
pub use self::session::{
    BegunSession, SessionLogin, SessionName, SessionProof, SessionRefused, account_of, begin_session, end_session,
    extend_session, is_of_machine, user_id,
};
pub(crate) use self::sign_out::PASSWORD_CHANGED;
pub use self::sign_out::{count_synctv, lacks_second_factor, sign_out, was_ended_by_password};
pub use self::stream::{Stream, connection_token, hub_of_ticket, of_caller, room_of_ticket};
pub use crate::model::caller::Caller;
pub use crate::model::factors::FactorKind;
pub(crate) use crate::model::native::CAMEL_CASE;
pub use crate::model::native::{DeviceRecord, Dialect, Program};
pub use crate::model::proofs::{ProofKind, Proofs};
pub use crate::model::resonite::Salted;
pub use crate::steps::native_sign_in::NativeTokens;
