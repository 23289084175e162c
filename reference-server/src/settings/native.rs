//! `[native]` and `[native.toki]`: programs that send name and password themselves.

use std::time::Duration;

use lysand_auth::config::{AdminPasswords, Lockout, Native, Toki};
use toml::Value as Toml;

use super::reader::Reader;
use super::sections::within;
use super::value::Value;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// `[native]`
pub(super) fn native(reader: &mut Reader) -> Native {
    let mut native = Native::default();
    native.max_sign_ins = reader.checked("native.max_sign_ins", native.max_sign_ins, |number: u32| match number {
        1..=1_000 => Ok(number),
        _ => Err("Give a number from 1 to 1000.".to_owned()),
    });
    native.toki = toki(reader, native.toki);
    native
}

fn toki(reader: &mut Reader, mut toki: Toki) -> Toki {
    let lifetime = |ttl| within(ttl, MINUTE, 3_650 * DAY);
    toki.enabled = reader.get("native.toki.enabled", toki.enabled);
    toki.prefix = reader.get("native.toki.prefix", toki.prefix);
    toki.scopes = reader.get("native.toki.scopes", toki.scopes);
    toki.access_token_ttl = reader.checked("native.toki.access_token_ttl", toki.access_token_ttl, lifetime);
    toki.refresh_token_ttl = reader.checked("native.toki.refresh_token_ttl", toki.refresh_token_ttl, lifetime);
    toki.sign_in_ttl = reader.checked("native.toki.sign_in_ttl", toki.sign_in_ttl, lifetime);
    toki.lockout = Lockout {
        steps: reader.get("native.toki.lockout", Steps(toki.lockout.steps)).0,
        window: reader.checked("native.toki.lockout_window", toki.lockout.window, |window| within(window, 1, DAY)),
    };
    toki.provider = reader.get("native.toki.provider", toki.provider);
    toki.tokens_in_redirect = reader.get("native.toki.tokens_in_redirect", toki.tokens_in_redirect);
    toki.dashboard = reader.get("native.toki.dashboard", toki.dashboard);
    toki.tell_oidc_accounts = reader.get("native.toki.tell_oidc_accounts", toki.tell_oidc_accounts);
    let passwords = [
        ("temporary", AdminPasswords::Temporary),
        ("permanent", AdminPasswords::Permanent),
        ("off", AdminPasswords::Off),
    ];
    toki.admin_passwords = reader.choice("native.toki.admin_passwords", passwords);
    toki.admin_fresh =
        reader.checked("native.toki.admin_fresh", toki.admin_fresh, |fresh| within(fresh, MINUTE, 365 * DAY));
    toki
}

/// Failures, and for how long the one that reaches the number closes.
struct Steps(Vec<(u32, Duration)>);

impl Value for Steps {
    const WANTED: &'static str = "a list of pairs of a number and a duration, such as [[5, \"15m\"], [10, \"1h\"]]";

    fn read(given: &Toml) -> Option<Self> {
        let pair = |item: &Toml| match item.as_array()?.as_slice() {
            [number, closed] => Some((u32::read(number)?, Duration::read(closed)?)),
            _ => None,
        };
        given.as_array()?.iter().map(pair).collect::<Option<Vec<_>>>().map(Self)
    }

    fn write(&self) -> Toml {
        let pair = |(number, closed): &(u32, Duration)| Toml::Array(vec![number.write(), closed.write()]);
        Toml::Array(self.0.iter().map(pair).collect())
    }

    fn from_variable(text: &str) -> Option<Toml> {
        format!("value = {text}").parse::<toml::Table>().ok().filter(|table| table.len() == 1)?.remove("value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_lockout_is_a_list_of_pairs() {
        let read = |text: &str| Steps::from_variable(text).as_ref().and_then(Steps::read);
        let steps = read("[[5, \"15m\"], [10, \"1h\"]]").map(|steps| steps.write().to_string());
        assert_eq!(steps.as_deref(), Some("[[5, \"15m\"], [10, \"1h\"]]"));
        assert!(read("[]").is_some_and(|steps| steps.0.is_empty()));
        for text in ["[5]", "[[5]]", "[[5, 15]]", "[[\"5\", \"15m\"]]", "[[5, \"15m\", 1]]", "[[-1, \"15m\"]]", "5", ""]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
