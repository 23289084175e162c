//! Unknown keys: each is reported with the nearest key that exists.

use super::problem::Problem;
use super::variable::{FILE_VARIABLE, key_of, variable_name};

/// Sections and single keys that are planned, and that this version does not have yet.
const PLANNED: [&str; 1] = ["metrics"];

/// The problems with what is left of the file after every known key was taken out.
pub(super) fn in_file(rest: &toml::Table, known: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    collect(rest, "", known, &mut problems);
    problems
}

fn collect(table: &toml::Table, path: &str, known: &[&str], problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let section = known.iter().any(|other| other.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.')));
        match value {
            toml::Value::Table(inner) if section => collect(inner, &key, known, problems),
            _ if section => {
                problems.push(Problem { remedy: format!("Write it as a section: [{key}]."), value: None, key })
            }
            // A section that does not exist is known by what stands in it.
            toml::Value::Table(inner) if !inner.is_empty() && !is_planned(&key) => {
                let within = inner.keys().next().map_or_else(|| key.clone(), |first| format!("{key}.{first}"));
                problems.push(Problem { remedy: remedy(&within, known, |key| key.to_owned()), value: None, key });
            }
            _ => problems.push(Problem { remedy: remedy(&key, known, |key| key.to_owned()), value: None, key }),
        }
    }
}

/// The problems with the prefixed variables that name no known key.
pub(super) fn in_environment<'a>(rest: impl Iterator<Item = &'a String>, known: &[&str]) -> Vec<Problem> {
    let problem = |name: &String| {
        let likeness = |other: &str| strsim::normalized_damerau_levenshtein(name, other);
        let key = key_of(name);
        let nearest = nearest(&key, known).map(variable_name).unwrap_or_default();
        let remedy = match likeness(FILE_VARIABLE) > likeness(&nearest) {
            true => format!("There is no such variable. The nearest is {FILE_VARIABLE}."),
            false => remedy(&key, known, variable_name),
        };
        Problem { key: name.clone(), value: None, remedy }
    };
    rest.map(problem).collect()
}

fn is_planned(key: &str) -> bool {
    PLANNED.iter().any(|later| key.strip_prefix(later).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn remedy(key: &str, known: &[&str], shown: fn(&str) -> String) -> String {
    if is_planned(key) {
        return "This version does not have it yet: remove it.".to_owned();
    }
    match nearest(key, known) {
        Some(nearest) => format!("There is no such key. The nearest is {}.", shown(nearest)),
        None => "There is no such key.".to_owned(),
    }
}

/// The known key most like `key`: by its whole path, or by its last part alone when it stands in the wrong section.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |other: &str| {
        let whole = strsim::normalized_damerau_levenshtein(key, other);
        let part = strsim::normalized_damerau_levenshtein(&last(key), &last(other));
        whole.max(0.95 * part)
    };
    known.iter().copied().max_by(|one, two| likeness(one).total_cmp(&likeness(two)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["http.base_url", "http.bind", "http.bind_port", "database.url", "tokens.session_ttl"];

    #[test]
    fn nearest_settings_key_is_found_for_misspelled_key() {
        for (key, other) in [
            ("http.base_ulr", "http.base_url"),
            ("http.baseurl", "http.base_url"),
            ("htpp.bind", "http.bind"),
            ("base_url", "http.base_url"),
            ("tokens.base_url", "http.base_url"),
            ("server.session_ttl", "tokens.session_ttl"),
            ("http.port", "http.bind_port"),
        ] {
            assert_eq!(nearest(key, &KNOWN), Some(other), "{key}");
        }
    }

    #[test]
    fn settings_planned_section_is_reported_as_not_available_yet() {
        let rest: toml::Table = "[metrics]\nport = 1\n[metricsx]\na = 1".parse().unwrap_or_default();
        let problems = in_file(&rest, &KNOWN);
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["metrics", "metricsx"]);
        assert!(problems[0].remedy.contains("not have it yet"));
        assert!(problems[1].remedy.contains("nearest"));
    }

    #[test]
    fn settings_section_given_as_value_is_refused_with_remedy() {
        let rest: toml::Table = "http = 5".parse().unwrap_or_default();
        assert_eq!(in_file(&rest, &KNOWN)[0].remedy, "Write it as a section: [http].");
    }

    #[test]
    fn settings_unknown_environment_variable_names_nearest_variable() {
        for (name, meant) in [
            ("LYSAND_AUTH__HTTP__BASEURL", "LYSAND_AUTH__HTTP__BASE_URL"),
            ("LYSAND_AUTH_HTTP_BASE_URL", "LYSAND_AUTH__HTTP__BASE_URL"),
            ("LYSAND_AUTH_DATABASE__URL", "LYSAND_AUTH__DATABASE__URL"),
            ("LYSAND_AUTH__HTTP_BIND_PORT", "LYSAND_AUTH__HTTP__BIND_PORT"),
            ("LYSAND_AUTH__CONFIG", "LYSAND_AUTH_CONFIG"),
            ("LYSAND_AUTH_CONFIG_FILE", "LYSAND_AUTH_CONFIG"),
        ] {
            let problems = in_environment([&name.to_owned()].into_iter(), &KNOWN);
            assert_eq!(problems[0].key, name);
            assert!(
                problems[0].remedy.ends_with(&format!("The nearest is {meant}.")),
                "{name}: {}",
                problems[0].remedy
            );
        }
    }
}
