//! `[branding]`: the face of the pages (faults B8).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lysand_auth::config::{BaseUrl, Provider};
use serde::Serialize;
use url::Url;

use super::colour::Accent;
use super::reader::Reader;
use crate::assets::{ASSETS, OwnAsset};

/// The longest file that is taken.
const LONGEST_FILE: u64 = 512 * 1024;

/// What the pages have beside the built-in ones, or in their place.
#[derive(Clone, Debug, Default)]
pub struct Branding {
    /// Pictures and colours by their names below `/assets/`.
    pub files: Vec<OwnAsset>,
    /// What stands at the foot of every page.
    pub links: Vec<FooterLink>,
}

/// Words of links that the pages translate.
pub const LEGAL_NAMES: [&str; 3] = ["Imprint", "Privacy", "Terms"];

/// A link at the foot of every page.
#[derive(Clone, Debug, Serialize)]
pub struct FooterLink {
    /// Its words; `Imprint`, `Privacy` and `Terms` are translated.
    pub name: String,
    /// Where it leads.
    pub url: String,
}

pub(super) fn branding(reader: &mut Reader) -> Branding {
    let mut files = Vec::new();
    let folder = reader.folder();
    let picture = |path: &Path, stem: &str| read_picture(&folder.join(path), stem);
    let mut logo = None;
    reader.checked("branding.logo", PathBuf::new(), |path: PathBuf| {
        logo = (!path.as_os_str().is_empty()).then(|| picture(&path, "logo")).transpose()?;
        Ok(path)
    });
    files.extend(logo);
    let colour = |text: String| Ok::<_, String>(text.trim().to_owned());
    let light = reader.checked("branding.accent", String::new(), colour);
    let dark = reader.checked("branding.accent_dark", String::new(), colour);
    match (light.as_str(), dark.as_str()) {
        ("", "") => {}
        ("", _) => reader.note("branding.accent_dark", "Give branding.accent as well, for the light scheme."),
        _ => match Accent::read(&light, &dark) {
            Ok(accent) => files.push(OwnAsset::new("brand.css".to_owned(), CSS, accent.to_css().into_bytes())),
            Err((is_dark, why)) => reader.note(if is_dark { "branding.accent_dark" } else { "branding.accent" }, why),
        },
    }
    for (key, read) in
        [("branding.icons", read_icons as fn(&Path) -> Result<Vec<OwnAsset>, String>), ("branding.assets", read_assets)]
    {
        let mut found = Vec::new();
        reader.checked(key, PathBuf::new(), |path: PathBuf| {
            if !path.as_os_str().is_empty() {
                found = read(&folder.join(&path))?;
            }
            Ok(path)
        });
        files.extend(found);
    }
    let links = reader.tables("branding.links", |reader| FooterLink {
        name: reader.checked("name", String::new(), |name| link_name(&name)),
        url: reader.checked("url", String::new(), |url| link_url(&url)),
    });
    Branding { files, links }
}

impl Branding {
    /// Gives providers without an icon the one that `branding.icons` has for them.
    pub(super) fn set_icons(&self, providers: &mut [Provider], base_url: &BaseUrl) {
        for provider in providers.iter_mut().filter(|provider| provider.icon.is_none()) {
            let stem = format!("{ICON}{}.", provider.id);
            let own = self.files.iter().find(|file| file.name.starts_with(&stem));
            provider.icon = own.map(|file| base_url.join(&file.path()));
        }
    }
}

/// What the names of providers' icons begin with.
const ICON: &str = "provider-";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml; charset=utf-8";
const PNG: &str = "image/png";

/// Reads a picture; its name is `stem` with its kind. What is in an SVG file is not judged: it is shown as a picture, and
/// opened by itself it may do nothing.
fn read_picture(file: &Path, stem: &str) -> Result<OwnAsset, String> {
    let content = read_file(file)?;
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_svg = || std::str::from_utf8(&content).is_ok_and(|text| text.contains("<svg"));
    match kind.as_str() {
        "svg" if is_svg() => Ok(OwnAsset::new(format!("{stem}.svg"), SVG, content)),
        "png" if content.starts_with(b"\x89PNG\r\n\x1a\n") => Ok(OwnAsset::new(format!("{stem}.png"), PNG, content)),
        _ => Err(format!(
            "Give a picture whose name ends in .svg or .png and that is what its name says: {}.",
            file.display()
        )),
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("Give a file that the server can read: {}: {error}.", file.display());
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    if length > LONGEST_FILE {
        return Err(format!("Give a file of {} KiB at most: {}.", LONGEST_FILE / 1024, file.display()));
    }
    std::fs::read(file).map_err(unreadable)
}

/// The files of a folder by name, in this order; hidden ones are left alone.
fn files_of(folder: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let unreadable = |error| format!("Give a folder that the server can read: {}: {error}.", folder.display());
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            files.insert(name, entry.path());
        }
    }
    Ok(files)
}

fn read_icons(folder: &Path) -> Result<Vec<OwnAsset>, String> {
    let named = |(name, file): (String, PathBuf)| {
        let id = name.rsplit_once('.').map_or(name.as_str(), |(id, _)| id);
        let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        match is_plain {
            true => read_picture(&file, &format!("{ICON}{id}")),
            false => Err(format!("Name each icon after the id of its provider: {}.", file.display())),
        }
    };
    files_of(folder)?.into_iter().map(named).collect()
}

/// Files in the place of built-in ones: pictures and the style. Scripts guard the pages, and stay.
fn read_assets(folder: &Path) -> Result<Vec<OwnAsset>, String> {
    let replaceable = |name: &&str| !name.ends_with(".js");
    let named = |(name, file): (String, PathBuf)| {
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let known = ASSETS.iter().map(|asset| asset.name).filter(replaceable);
        match name.as_str() {
            "style.css" => Ok(OwnAsset::new(name, CSS, read_file(&file)?)),
            other if known.clone().any(|known| known == other) => read_picture(&file, stem),
            _ => {
                let known = known.collect::<Vec<_>>().join(", ");
                Err(format!("{} replaces nothing: there are {known}.", file.display()))
            }
        }
    };
    files_of(folder)?.into_iter().map(named).collect()
}

fn link_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    match name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        true => Err("Give the words of the link, 60 characters at most.".to_owned()),
        false => Ok(name.to_owned()),
    }
}

/// An address that a page may link: on the web, on this server, or of a mailbox.
fn link_url(given: &str) -> Result<String, String> {
    let given = given.trim();
    let is_own = given.starts_with('/') && !given.starts_with("//") && !given.contains('\\');
    let is_web = || Url::parse(given).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"));
    match is_own || is_web() {
        true => Ok(given.to_owned()),
        false => Err("Give an address that begins with https:, mailto: or /.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn refused(text: &str) -> String {
        Settings::parse(text, []).err().map(|problems| problems.to_string()).unwrap_or_default()
    }

    #[test]
    fn branding_that_cannot_be_used_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let parent = |path: &str| Path::new(path).parent().unwrap().display().to_string();
        let (html, gif) = (file("logo.svg", b"<html>"), file("logo.png", b"GIF89a"));
        let large = file("large.svg", &[b"<svg".to_vec(), vec![b' '; 600 * 1024]].concat());
        let script = parent(&file("scripts/decide.js", b"alert(1)"));
        let icon = parent(&file("icons/a b.svg", b"<svg/>"));
        for (text, words) in [
            (format!("branding.logo = {html:?}"), ".svg or .png"),
            (format!("branding.logo = {gif:?}"), ".svg or .png"),
            (format!("branding.logo = {large:?}"), "512 KiB"),
            ("branding.logo = \"/nowhere.svg\"".to_owned(), "can read"),
            (format!("branding.assets = {script:?}"), "replaces nothing"),
            (format!("branding.icons = {icon:?}"), "after the id of its provider"),
            ("branding.accent = \"#ffcc00\"".to_owned(), "contrast"),
            ("branding.accent_dark = \"#ffcc00\"".to_owned(), "branding.accent as well"),
            ("branding.links = [{ name = \"X\", url = \"javascript:alert(1)\" }]".to_owned(), "branding.links[0].url"),
            ("branding.links = [{ name = \"X\", url = \"//evil.example/\" }]".to_owned(), "begins with https:"),
            ("branding.links = [{ name = \"\", url = \"/imprint\" }]".to_owned(), "branding.links[0].name"),
        ] {
            let told = refused(&text);
            assert!(told.contains(words), "{text}: {told}");
        }
        assert_eq!(
            refused("branding.links = [{ name = \"Imprint\", url = \"/imprint\" }]\nbranding.accent = \"#5a3ea6\""),
            ""
        );
    }

    #[test]
    fn branding_icons_are_those_of_providers_without_an_icon_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["example.svg", "other.svg"] {
            std::fs::write(folder.path().join(name), "<svg/>").unwrap();
        }
        let provider = |id: &str, more: &str| {
            format!(
                "[[oidc.providers]]\nid = \"{id}\"\nname = \"{id}\"\nurl = \"https://{id}.example\"\nclient_id = \"x\"\n\
                 client_secret = \"y\"\n{more}\n"
            )
        };
        let icons = format!("branding.icons = {:?}\n", folder.path());
        let text = [
            icons,
            provider("example", ""),
            provider("third", ""),
            provider("other", "icon = \"https://o.example/i\""),
        ];
        let settings = Settings::parse(&text.concat(), []).unwrap();
        let icons: Vec<_> =
            settings.sso.providers.iter().map(|provider| provider.icon.clone().unwrap_or_default()).collect();
        assert!(icons[0].starts_with("http://localhost:8080/assets/provider-example.svg?v="), "{icons:?}");
        assert_eq!(icons[1..], ["", "https://o.example/i"]);
    }
}
