//! What apps register of OpenID Connect, on every road by which they register (FAC-133, FAC-146).

use crate::error::Error;
use crate::flows::apps::OpenIdRegistration;
use crate::web::wire::params::Params;

/// What the app registers of OpenID Connect.
pub(crate) fn openid_registration(params: &Params) -> Result<OpenIdRegistration, Error> {
    Ok(OpenIdRegistration {
        signed_by: params.last_scalar("id_token_signed_response_alg")?,
        post_logout_redirect_uris: params.last_list("post_logout_redirect_uris")?,
        backchannel_logout_uri: params.last_scalar("backchannel_logout_uri")?,
        backchannel_logout_session_required: params.flag("backchannel_logout_session_required"),
    })
}
