//! `lockout` and `lockout_window` of a dialect of native clients.

use std::time::Duration;

use lysand_auth::config::Lockout;
use toml::Value as Toml;

use super::reader::Reader;
use super::sections::within;
use super::value::Value;

const DAY: u64 = 86_400;

/// When a name is closed for a network by failures of the dialect whose section this is.
pub(super) fn lockout(reader: &mut Reader, section: &str, usual: Lockout) -> Lockout {
    let window = |window| within(window, 1, DAY);
    Lockout {
        steps: reader.get(&format!("{section}.lockout"), Steps(usual.steps)).0,
        window: reader.checked(&format!("{section}.lockout_window"), usual.window, window),
    }
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
