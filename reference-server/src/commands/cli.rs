//! The command line as it is typed (running contract §2).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::logging::LogFormat;

/// Signs people in: OAuth for Mastodon clients, and Lysand's frontend API.
#[derive(Debug, Parser)]
#[command(name = "reference-server", version, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// Configuration file; without it LYSAND_AUTH_CONFIG names one
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Answer in JSON where a command lists or creates
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// How log lines look, whatever the configuration says
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(super) log_format: Option<LogChoice>,

    /// What to do; serves without one
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// `--log-format`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogChoice {
    /// For people
    Text,
    /// For machines
    Json,
}

impl From<LogChoice> for LogFormat {
    fn from(choice: LogChoice) -> Self {
        match choice {
            LogChoice::Text => Self::Text,
            LogChoice::Json => Self::Json,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve until a termination signal (also without any command)
    Serve,
    /// Bring the database up to date
    Migrate {
        /// Only tell what is applied and what waits
        #[arg(long)]
        status: bool,
    },
    /// Tell every problem of the configuration
    CheckConfig,
    /// Show the effective configuration as TOML, secrets masked
    PrintConfig,
    /// Manage accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage apps
    #[command(subcommand)]
    App(AppCommand),
    /// Manage access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Decide about requests to join
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Manage invitations
    #[command(subcommand)]
    Invite(InviteCommand),
    /// Manage the networks and mail domains that are kept out
    #[command(subcommand)]
    Blocks(BlocksCommand),
    /// List or export the log of events, the newest first
    Events(EventsWanted),
    /// See what happens to mails
    #[command(subcommand)]
    Mail(MailCommand),
    /// Make keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Delete what has expired
    Sweep,
    /// Print the OpenAPI 3.1 document that is also served at /api-docs/openapi.json
    Openapi,
    /// Copy an SQLite database while the server runs
    Backup {
        /// The copy, which must not exist
        file: PathBuf,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `review …`; ID is an account's id or its user name.
#[derive(Debug, Subcommand)]
pub(super) enum ReviewCommand {
    /// List who waits, the oldest request first
    List {
        /// Also those whose e-mail address is not confirmed yet
        #[arg(long)]
        unconfirmed: bool,
    },
    /// Let somebody in
    Approve {
        /// The account's id, or its user name
        id: String,
    },
    /// Decline a request: its account goes, and name and address are free
    Reject {
        /// The account's id, or its user name
        id: String,
        /// What the person is told, in up to 1,000 characters
        #[arg(long)]
        message: Option<String>,
    },
}

/// `invite …`
#[derive(Debug, Subcommand)]
pub(super) enum InviteCommand {
    /// Make an invitation and print its link
    Create(CreateInvitation),
    /// List invitations, the newest first
    List,
    /// End an invitation
    End {
        /// Its code or id
        code: String,
    },
}

/// `invite create`
#[derive(Debug, Args)]
pub(super) struct CreateInvitation {
    /// How many people may use it, from 1 to 10,000
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "unlimited")]
    pub(super) uses: i64,
    /// Let any number of people use it
    #[arg(long)]
    pub(super) unlimited: bool,
    /// For how long, from 5m to 365d, or "never"
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    pub(super) expires: String,
    /// A note for whoever looks after the server
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
    /// Mail it to this address, which alone may use it
    #[arg(long, value_name = "ADDRESS")]
    pub(super) email: Option<String>,
    /// Review whom it brings, where sign-ups are reviewed
    #[arg(long)]
    pub(super) review: bool,
}

/// `blocks …`
#[derive(Debug, Subcommand)]
pub(super) enum BlocksCommand {
    /// List the networks and mail domains that are kept out, the newest first
    List,
    /// Keep a network or a mail domain out
    Add(AddBlock),
    /// Let a network or a mail domain in again
    Remove {
        /// The network, the domain, or the id of the block
        what: String,
    },
}

/// `blocks add`
#[derive(Debug, Args)]
pub(super) struct AddBlock {
    /// An address, a network (203.0.113.0/24), or a mail domain (spam.example)
    pub(super) what: String,
    /// What nobody may from the network; each forbids what the ones before it do
    #[arg(long, value_name = "SEVERITY", value_parser = ["sign_up_requires_approval", "sign_up_block", "no_access"])]
    pub(super) severity: Option<String>,
    /// For how long the network is kept out, such as 7d; without it until somebody removes the block
    #[arg(long, value_name = "DURATION")]
    pub(super) expires: Option<String>,
    /// A note for whoever looks after the server
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
}

/// `events`
#[derive(Debug, Args)]
pub(super) struct EventsWanted {
    /// Only those since a day (2026-11-21), a moment (2026-11-21T08:00:00Z), or so long ago (24h)
    #[arg(long, value_name = "WHEN")]
    pub(super) since: Option<String>,
    /// Only those of this kind, such as sign_in
    #[arg(long, value_name = "KIND")]
    pub(super) event: Option<String>,
    /// Only those about this account: its id, user name or e-mail address
    #[arg(long, value_name = "NAME")]
    pub(super) account: Option<String>,
    /// As CSV, with a heading
    #[arg(long)]
    pub(super) csv: bool,
}

/// `mail …`
#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Send a test mail and tell what the mail server says
    Test {
        /// Where it goes
        address: String,
    },
    /// List the newest mails of the outbox
    List,
    /// Try a mail again that waits or was given up
    Retry {
        /// Its id
        id: String,
    },
}

/// `keys …`
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a signing key in a new file: Ed25519, PKCS#8 version 1 in PEM
    New {
        /// The file to make
        file: PathBuf,
        /// Make an RSA key of 3072 bits instead, which signs the id tokens of apps that want RS256
        #[arg(long)]
        rsa: bool,
    },
    /// Seal every secret of a second factor under the first key of keys.secrets; the other keys can go afterwards
    Rewrap,
}

/// `account …`; NAME is a user name or an e-mail address.
#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Create an account
    Create(CreateAccount),
    /// List all accounts
    List,
    /// Show one account
    Show {
        /// User name or e-mail address
        name: String,
    },
    /// Set a password; ends all sessions and tokens of the account
    SetPassword {
        /// User name or e-mail address
        name: String,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Demand a new password: ends everything of the account, prints a link, and mails another one
    Reset {
        /// User name or e-mail address
        name: String,
        /// Let the next sign-in with the right password lead to the page for a new one, without a link
        #[arg(long)]
        at_next_sign_in: bool,
    },
    /// Remove the second factors of an account, which ends everything of it, or void all recovery codes; owners are told
    Factors {
        /// User name or e-mail address
        #[arg(required_unless_present = "all", requires = "reset")]
        name: Option<String>,
        /// Remove them
        #[arg(long, requires = "name")]
        reset: bool,
        /// Remove those of one kind alone
        #[arg(long, value_parser = ["passkey", "totp", "recovery"], requires = "reset")]
        only: Option<String>,
        /// Every account there is
        #[arg(long, requires = "void_recovery", conflicts_with_all = ["name", "reset"])]
        all: bool,
        /// Void the recovery codes: after a restore codes that were used since the backup would count again
        #[arg(long, requires = "all")]
        void_recovery: bool,
    },
    /// Give an account another e-mail address; the former one is told
    SetEmail {
        /// User name or e-mail address
        name: String,
        /// The new address
        address: String,
        /// It is known to be the person's: nothing has to be confirmed
        #[arg(long)]
        confirmed: bool,
    },
    /// Lift the limit on failed sign-ins of an account
    Unlock {
        /// User name or e-mail address
        name: String,
    },
    /// Remove the link of an account to an identity provider
    Unlink {
        /// User name or e-mail address
        name: String,
        /// The provider's id from the configuration, or its issuer
        provider: String,
    },
    /// Let somebody else have the name of an account that was removed
    ReleaseName {
        /// The user name
        name: String,
    },
    /// Take the e-mail address of an account for confirmed, without its mail
    Confirm {
        /// User name or e-mail address
        name: String,
    },
    /// Stop an account from acting; ends its sessions
    Disable {
        /// User name or e-mail address
        name: String,
    },
    /// Let an account act again
    Enable {
        /// User name or e-mail address
        name: String,
    },
    /// Stop an account from acting, and mark it for removal; ends its sessions
    Suspend {
        /// User name or e-mail address
        name: String,
    },
    /// Let a suspended account act again
    Unsuspend {
        /// User name or e-mail address
        name: String,
    },
    /// Give an account another role
    Role {
        /// User name or e-mail address
        name: String,
        /// The role from now on
        role: RoleName,
    },
    /// Remove an account for good
    Delete {
        /// User name or e-mail address
        name: String,
    },
    /// Print all that is kept about an account, as JSON
    Export {
        /// User name or e-mail address
        name: String,
    },
    /// End all sessions and tokens of an account
    SignOut {
        /// User name or e-mail address
        name: String,
    },
}

/// `account create`
#[derive(Debug, Args)]
pub(super) struct CreateAccount {
    /// User name: letters a to z, digits and underscores
    pub(super) name: String,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(super) email: String,
    /// Let it administer the server
    #[arg(long)]
    pub(super) admin: bool,
    /// Leave its e-mail address unconfirmed
    #[arg(long)]
    pub(super) unconfirmed: bool,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    pub(super) password_stdin: bool,
}

/// `app …`
#[derive(Debug, Subcommand)]
pub(super) enum AppCommand {
    /// Register an app; its secret is shown this once
    Create(CreateApp),
    /// List all apps
    List,
    /// Remove an app with its codes and tokens
    Delete {
        /// The app's id or client id
        id: String,
    },
}

/// `app create`
#[derive(Debug, Args)]
pub(super) struct CreateApp {
    /// Name, as people will see it
    #[arg(long)]
    pub(super) name: String,
    /// Where answers may go; several are allowed
    #[arg(long, required = true, num_args = 1.., value_name = "URI")]
    pub(super) redirect_uri: Vec<String>,
    /// What it may ask for, separated by blanks
    #[arg(long)]
    pub(super) scopes: String,
    /// Its website
    #[arg(long, value_name = "URL")]
    pub(super) website: Option<String>,
    /// By which algorithm its id tokens are signed: RS256 or EdDSA; without it openid.default_alg
    #[arg(long, value_name = "ALG")]
    pub(super) id_token_alg: Option<String>,
    /// Where the browser may go after a sign-out; several are allowed
    #[arg(long, num_args = 1.., value_name = "URI")]
    pub(super) post_logout_redirect_uri: Vec<String>,
    /// Where the app is told that a session is over
    #[arg(long, value_name = "URI")]
    pub(super) backchannel_logout_uri: Option<String>,
    /// It wants to be told which session
    #[arg(long, requires = "backchannel_logout_uri")]
    pub(super) backchannel_logout_session_required: bool,
    /// It is the server's own: nobody is asked for consent
    #[arg(long)]
    pub(super) first_party: bool,
}

/// `token …`
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Print a new access token
    Create(CreateToken),
}

/// `token create`
#[derive(Debug, Args)]
pub(super) struct CreateToken {
    /// User name or e-mail address of the account that it speaks for
    pub(super) name: String,
    /// What it may do, separated by blanks
    #[arg(long)]
    pub(super) scopes: String,
    /// The app that holds it: an id or client id; without one an app of the command line's own
    #[arg(long, value_name = "ID")]
    pub(super) app: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parsed(words: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("reference-server").chain(words.split_whitespace()))
    }

    #[test]
    fn command_line_definition_passes_clap_debug_assert() {
        Cli::command().debug_assert();
    }

    #[test]
    fn command_line_accepts_every_documented_command() {
        for words in [
            "",
            "serve",
            "serve --config a.toml --log-format json",
            "--config a.toml serve",
            "migrate",
            "migrate --status --json",
            "check-config",
            "print-config",
            "account create alice --email a@b.example --admin --unconfirmed --password-stdin",
            "account list --json",
            "account show alice",
            "account set-password alice --password-stdin",
            "account reset alice",
            "account reset alice --at-next-sign-in --json",
            "account set-email alice a@b.example --confirmed",
            "account disable alice",
            "account enable alice",
            "account delete alice",
            "account sign-out alice",
            "app create --name N --redirect-uri https://a.example --scopes read --website https://a.example --json",
            "app create --name N --redirect-uri a://b c://d --redirect-uri e://f --scopes read",
            "app create --name N --redirect-uri https://a.example --scopes read --first-party",
            "app list",
            "app delete 1",
            "token create alice --scopes read --app 1",
            "sweep",
            "account confirm alice",
            "review list --unconfirmed --json",
            "review approve alice",
            "review reject alice --message Sorry",
            "invite create --json",
            "invite create --uses 3 --expires never --comment C --email a@b.example --review",
            "invite create --unlimited",
            "invite list --json",
            "invite end code",
            "blocks list --json",
            "blocks add 203.0.113.0/24 --severity no_access --expires 7d --comment C",
            "blocks add spam.example",
            "blocks remove spam.example",
            "events --since 24h --event sign_in --account alice --csv",
            "events --json",
            "mail test a@b.example --json",
            "mail list --json",
            "mail retry 1",
            "openapi",
            "keys new new.pem",
            "keys new new.pem --rsa",
            "app create --name N --redirect-uri https://a.example --scopes openid --id-token-alg EdDSA \
             --post-logout-redirect-uri https://a.example/out --backchannel-logout-uri https://a.example/told \
             --backchannel-logout-session-required",
            "keys rewrap",
            "account factors alice --reset --only passkey",
            "account factors --all --void-recovery",
        ] {
            assert!(parsed(words).is_ok(), "{words}");
        }
    }

    #[test]
    fn command_line_unknown_or_incomplete_command_exits_with_2() {
        for words in [
            "start",
            "account create alice",
            "account create --email a@b.example",
            "account",
            "app create --name N",
            "openapi extra",
            "mail test",
            "review approve",
            "invite create --uses 3 --unlimited",
            "invite end",
            "blocks add",
            "blocks add 203.0.113.0/24 --severity none",
            "blocks remove",
            "token create alice",
            "serve --log-format xml",
            "account create alice --email a@b.example --password hunter2",
        ] {
            assert_eq!(parsed(words).err().map(|error| error.exit_code()), Some(2), "{words}");
        }
    }
}

/// A role, as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RoleName {
    /// Looks after the own account
    User,
    /// Looks after people
    Moderator,
    /// Administers the server
    Admin,
}
