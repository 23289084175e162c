//! The types a setting can have: how each is read from TOML and from an environment variable, and written back.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use lysand_auth::config::BaseUrl;
use toml::Value as Toml;

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What to give, as the end of the sentence "Give …".
    const WANTED: &'static str;

    /// Whether the value may hold secrets, so that no report repeats it.
    const SECRET: bool = false;

    /// The value, or `None` when the TOML value is of another type or form.
    fn read(given: &Toml) -> Option<Self>;

    /// The value as TOML, in the form in which [`read`](Self::read) takes it back.
    fn write(&self) -> Toml;

    /// How an environment variable's text is understood; plain text unless the type says otherwise.
    fn from_variable(text: &str) -> Option<Toml> {
        Some(Toml::String(text.to_owned()))
    }
}

/// The text of a variable as a TOML value, for types that are not text.
fn as_toml(text: &str) -> Option<Toml> {
    let mut table: toml::Table = format!("value = {text}").parse().ok()?;
    (table.len() == 1).then(|| table.remove("value")).flatten()
}

impl Value for String {
    const WANTED: &'static str = "a text";

    fn read(given: &Toml) -> Option<Self> {
        given.as_str().map(ToOwned::to_owned)
    }

    fn write(&self) -> Toml {
        Toml::String(self.clone())
    }
}

impl Value for bool {
    const WANTED: &'static str = "true or false";

    fn read(given: &Toml) -> Option<Self> {
        given.as_bool()
    }

    fn write(&self) -> Toml {
        Toml::Boolean(*self)
    }

    fn from_variable(text: &str) -> Option<Toml> {
        as_toml(text)
    }
}

macro_rules! whole_number {
    ($type:ty, $wanted:literal) => {
        impl Value for $type {
            const WANTED: &'static str = $wanted;

            fn read(given: &Toml) -> Option<Self> {
                given.as_integer().and_then(|number| Self::try_from(number).ok())
            }

            fn write(&self) -> Toml {
                Toml::Integer(i64::from(*self))
            }

            fn from_variable(text: &str) -> Option<Toml> {
                as_toml(text)
            }
        }
    };
}

whole_number!(u16, "a whole number from 0 to 65535");
whole_number!(u32, "a whole number from 0 to 4294967295");

impl Value for Vec<String> {
    const WANTED: &'static str = "a list of texts, such as [\"one\", \"two\"]";

    fn read(given: &Toml) -> Option<Self> {
        given.as_array()?.iter().map(String::read).collect()
    }

    fn write(&self) -> Toml {
        Toml::Array(self.iter().map(String::write).collect())
    }

    fn from_variable(text: &str) -> Option<Toml> {
        as_toml(text)
    }
}

impl Value for IpAddr {
    const WANTED: &'static str = "an IP address, such as \"127.0.0.1\" or \"::\"";

    fn read(given: &Toml) -> Option<Self> {
        given.as_str()?.trim().parse().ok()
    }

    fn write(&self) -> Toml {
        Toml::String(self.to_string())
    }
}

impl Value for Vec<IpNet> {
    const WANTED: &'static str = "a list of networks, such as [\"127.0.0.1/32\", \"10.0.0.0/8\"]";

    fn read(given: &Toml) -> Option<Self> {
        let network = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
        given.as_array()?.iter().map(|item| network(item.as_str()?.trim())).collect()
    }

    fn write(&self) -> Toml {
        Toml::Array(self.iter().map(|network| Toml::String(network.to_string())).collect())
    }

    fn from_variable(text: &str) -> Option<Toml> {
        as_toml(text)
    }
}

impl Value for BaseUrl {
    const WANTED: &'static str = "an origin without path, such as \"https://social.example\"";

    fn read(given: &Toml) -> Option<Self> {
        Self::parse(given.as_str()?).ok()
    }

    fn write(&self) -> Toml {
        Toml::String(self.as_str().to_owned())
    }
}

impl Value for PathBuf {
    const WANTED: &'static str = "a path";

    fn read(given: &Toml) -> Option<Self> {
        given.as_str().map(Self::from)
    }

    fn write(&self) -> Toml {
        Toml::String(self.to_string_lossy().into_owned())
    }
}

impl Value for Vec<PathBuf> {
    const WANTED: &'static str = "the path of a file, or a list of such paths";

    fn read(given: &Toml) -> Option<Self> {
        match given {
            Toml::Array(paths) => paths.iter().map(PathBuf::read).collect(),
            one => PathBuf::read(one).map(|path| vec![path]),
        }
    }

    fn write(&self) -> Toml {
        match self.as_slice() {
            [one] => one.write(),
            many => Toml::Array(many.iter().map(PathBuf::write).collect()),
        }
    }

    fn from_variable(text: &str) -> Option<Toml> {
        match text.trim_start().starts_with('[') {
            true => as_toml(text),
            false => Some(Toml::String(text.to_owned())),
        }
    }
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A century: a longer duration is a mistake, and could overflow when it is added to the time.
const LONGEST: u64 = 36_525 * 86_400_000;

impl Value for Duration {
    const WANTED: &'static str = "a duration, such as \"60s\", \"10m\", \"24h\" or \"7d\"";

    fn read(given: &Toml) -> Option<Self> {
        let text = given.as_str()?.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        let number: u64 = number.parse().ok()?;
        number.checked_mul(millis).filter(|millis| *millis <= LONGEST).map(Self::from_millis)
    }

    fn write(&self) -> Toml {
        let whole = u64::try_from(self.as_millis()).unwrap_or(LONGEST);
        let fits = |millis: u64| whole > 0 && whole.is_multiple_of(millis);
        let (unit, millis) = UNITS.into_iter().find(|(_, millis)| fits(*millis)).unwrap_or(("s", 1_000));
        Toml::String(format!("{}{unit}", whole / millis))
    }
}

/// A lifetime that may be without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ttl {
    /// Until it is ended.
    Never,
    /// Ends by itself.
    After(Duration),
}

impl Value for Ttl {
    const WANTED: &'static str = "a duration, such as \"8h\", or \"never\"";

    fn read(given: &Toml) -> Option<Self> {
        match given.as_str().map(str::trim) {
            Some("never") => Some(Self::Never),
            _ => Duration::read(given).map(Self::After),
        }
    }

    fn write(&self) -> Toml {
        match self {
            Self::Never => Toml::String("never".to_owned()),
            Self::After(lifetime) => lifetime.write(),
        }
    }
}

impl Value for toml::Table {
    const WANTED: &'static str = "a table, such as { \"org.example:theme\" = \"dark\" }";

    fn read(given: &Toml) -> Option<Self> {
        given.as_table().cloned()
    }

    fn write(&self) -> Toml {
        Toml::Table(self.clone())
    }

    fn from_variable(text: &str) -> Option<Toml> {
        as_toml(text)
    }
}

impl Value for Vec<toml::Table> {
    const WANTED: &'static str = "each as a section of its own, in two pairs of brackets";
    const SECRET: bool = true;

    fn read(given: &Toml) -> Option<Self> {
        given.as_array()?.iter().map(|item| item.as_table().cloned()).collect()
    }

    fn write(&self) -> Toml {
        Toml::Array(self.iter().cloned().map(Toml::Table).collect())
    }

    fn from_variable(text: &str) -> Option<Toml> {
        as_toml(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Option<Duration> {
        Duration::read(&Toml::String(text.into()))
    }

    #[test]
    fn settings_duration_is_a_whole_number_with_unit() {
        for (text, millis) in [
            ("60s", 60_000),
            ("10m", 600_000),
            ("24h", 86_400_000),
            ("7d", 604_800_000),
            ("1500ms", 1_500),
            ("0s", 0),
            (" 5m ", 300_000),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "s", "60", "-1s", "+1s", "1.5h", "1 h", "10M", "never", "1w", "36526d", "99999999999999999999s", "1s1"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(Duration::read(&Toml::Integer(60)), None);
    }

    #[test]
    fn settings_duration_is_written_in_largest_whole_unit() {
        for (text, written) in
            [("60s", "1m"), ("90s", "90s"), ("24h", "1d"), ("25h", "25h"), ("1500ms", "1500ms"), ("0d", "0s")]
        {
            let duration = duration(text).map(|duration| duration.write());
            assert_eq!(duration.as_ref().and_then(Toml::as_str), Some(written), "{text}");
        }
    }

    #[test]
    fn settings_network_list_accepts_single_addresses() {
        let given = Toml::Array(vec![Toml::String("10.1.2.3".into()), Toml::String("fd00::/8".into())]);
        let read = Vec::<IpNet>::read(&given);
        assert_eq!(
            read.map(|networks| networks.write().to_string()).as_deref(),
            Some(r#"["10.1.2.3/32", "fd00::/8"]"#)
        );
        assert_eq!(Vec::<IpNet>::read(&Toml::Array(vec![Toml::String("10.0.0.0/33".into())])), None);
        assert_eq!(Vec::<IpNet>::read(&Toml::String("10.0.0.0/8".into())), None);
    }

    #[test]
    fn settings_environment_value_cannot_inject_another_key() {
        assert_eq!(u16::from_variable("1\nother = 2"), None);
        assert_eq!(u16::from_variable(" 80 ").as_ref().and_then(u16::read), Some(80));
        assert_eq!(u16::read(&Toml::Integer(65_536)), None);
        assert_eq!(bool::from_variable("yes"), None);
    }
}
