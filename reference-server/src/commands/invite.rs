//! `invite …`: invitations

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::invitations::{self, Invitation, NewInvitation};
use serde_json::{Value, json};

use super::cli::{CreateInvitation, InviteCommand};
use super::error::CommandError;
use super::outcome::Outcome;
use super::output;
use crate::settings;
use crate::state::State;

/// Does an `invite` command.
pub(super) async fn run(state: &State, command: InviteCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        InviteCommand::Create(wanted) => create(state, wanted, as_json).await,
        InviteCommand::List => list(state, as_json).await,
        InviteCommand::End { code } => {
            let ended = invitations::end(&state.auth, &code, Actor::Command, &Caller::default()).await;
            ended.map_err(|_| CommandError::new(format!("there is no invitation {code:?} that could be ended")))?;
            output::text("The invitation is ended.\n");
            Ok(Outcome::changed("invite end"))
        }
    }
}

async fn create(state: &State, wanted: CreateInvitation, as_json: bool) -> Result<Outcome, CommandError> {
    let mut new = NewInvitation::new(None);
    new.max_uses = (!wanted.unlimited).then_some(wanted.uses);
    new.expires_in = match wanted.expires.as_str() {
        "never" => None,
        text => Some(settings::duration(text).ok_or_else(|| {
            CommandError::new(format!("--expires {text:?}: write a duration, such as 7d or 12h, or \"never\""))
        })?),
    };
    new.comment = wanted.comment;
    new.email = wanted.email;
    new.skips_review = !wanted.review;
    let made = invitations::create(&state.auth, new, &Caller::default()).await?;
    let invitation = made.map_err(|errors| CommandError::new(errors.to_string()))?;
    if as_json {
        output::json(&entity(state, &invitation));
    } else {
        match (invitations::link(&state.auth, &invitation), &invitation.email) {
            (Some(link), _) => output::text(&format!("{link}\n")),
            (None, email) => {
                let to = email.as_deref().unwrap_or_default();
                output::text(&format!("The invitation goes to {to} by mail, which a server that runs sends.\n"));
            }
        }
    }
    Ok(Outcome::changed("invite create"))
}

async fn list(state: &State, as_json: bool) -> Result<Outcome, CommandError> {
    let all = invitations::list(&state.auth, None).await?;
    if as_json {
        output::json(&all.iter().map(|invitation| entity(state, invitation)).collect());
        return Ok(Outcome::looked());
    }
    let now = state.auth.ambient().now();
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows: Vec<_> = all
        .iter()
        .map(|made| {
            let most = made.max_uses.map_or_else(|| "any".to_owned(), |most| most.to_string());
            let until = made.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_iso8601());
            let (code, maker) = (or_dash(&made.code), or_dash(&made.maker_name));
            let used = format!("{}/{most}", made.uses);
            let (email, comment) = (or_dash(&made.email), made.comment.clone().unwrap_or_default());
            vec![made.id.clone(), code, made.state(now).to_owned(), used, until, maker, email, comment]
        })
        .collect();
    let heading = ["ID", "CODE", "STATE", "USES", "EXPIRES", "MADE BY", "FOR", "COMMENT"];
    output::text(&output::table(&heading, &rows));
    Ok(Outcome::looked())
}

/// The entity of people PPL-85.
fn entity(state: &State, made: &Invitation) -> Value {
    json!({
        "id": made.id,
        "code": made.code,
        "url": invitations::link(&state.auth, made),
        "max_uses": made.max_uses,
        "uses": made.uses,
        "expires_at": made.expires_at.map(|end| end.to_iso8601()),
        "comment": made.comment,
        "skips_review": made.skips_review,
        "email": made.email,
        "created_at": made.created_at.to_iso8601(),
        "created_by": made.maker.as_ref().map(|maker| json!({ "id": maker.as_str(), "username": made.maker_name })),
        "state": made.state(state.auth.ambient().now()),
    })
}
