//! All files of a crate, and which of them a path leads to.

use std::collections::BTreeMap;

use crate::root;
use crate::source::{Import, Source};

/// How many re-exports a path may lead through.
const MOST_STEPS: usize = 8;

/// The files of one crate.
pub(crate) struct CodeBase {
    pub(crate) files: Vec<Source>,
    by_module: BTreeMap<Vec<String>, usize>,
    /// Macros and the files that define them: they are named from the root of the crate, wherever they stand.
    macros: BTreeMap<String, usize>,
    /// The crate's name in paths of its own `main.rs`.
    name: String,
}

/// What a file names, and where that is.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The path as it is told from the root of the crate.
    pub(crate) text: String,
    /// The file that holds what is named.
    pub(crate) target: usize,
    /// The path ends at a module: nothing of the file's own is named.
    pub(crate) is_module: bool,
}

impl CodeBase {
    /// Reads the crate in `folder`, from the root of the workspace.
    pub(crate) fn at(folder: &str) -> Self {
        Self::new(folder, Source::crate_at(&root().join(folder).join("src")))
    }

    pub(crate) fn new(name: &str, files: Vec<Source>) -> Self {
        let by_module = files.iter().enumerate().map(|(at, file)| (file.module.clone(), at)).collect();
        let macros =
            files.iter().enumerate().flat_map(|(at, file)| file.macros.iter().map(move |name| (name.clone(), at)));
        let macros = macros.collect();
        Self { files, by_module, macros, name: name.replace('-', "_") }
    }

    /// Everything that a file names in its own crate, declarations of child modules not counted.
    pub(crate) fn references(&self, file: usize) -> Vec<Reference> {
        let source = &self.files[file];
        let globs = source.imports.iter().filter(|import| import.name.is_none());
        let globs = globs.filter_map(|import| self.glob(source, import));
        let named = source.paths.iter().filter_map(|path| {
            let path = self.expand(source, path)?;
            let (target, is_module) = self.resolve(&path, 0)?;
            Some(Reference { text: path.join("::"), target, is_module })
        });
        named.chain(globs).filter(|reference| reference.target != file).collect()
    }

    /// The files of the child modules that a file declares.
    pub(crate) fn children(&self, file: usize) -> impl Iterator<Item = usize> {
        let source = &self.files[file];
        source
            .children
            .iter()
            .filter_map(|name| self.by_module.get(&[&source.module[..], std::slice::from_ref(name)].concat()).copied())
    }

    /// A path that begins with an imported name, with a child module or with the crate's own name, from the root of the
    /// crate; none when it leads elsewhere.
    fn expand(&self, source: &Source, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        if first == "crate" {
            return Some(path.to_vec());
        }
        if *first == self.name {
            return Some([&["crate".to_owned()], rest].concat());
        }
        let import = source.imports.iter().find(|import| import.name.as_ref() == Some(first));
        match import.and_then(|import| import.path.split_first()) {
            Some((start, within)) if start == "crate" => Some([&["crate".to_owned()], within, rest].concat()),
            Some((start, within)) if source.children.contains(start) && start != first => {
                Some([&["crate".to_owned()], &source.module[..], std::slice::from_ref(start), within, rest].concat())
            }
            Some(_) => None,
            None if source.children.contains(first) => Some([&["crate".to_owned()], &source.module[..], path].concat()),
            None => None,
        }
    }

    /// The file that a path leads to, re-exports followed, and whether it ends at the module itself.
    fn resolve(&self, path: &[String], steps: usize) -> Option<(usize, bool)> {
        let words = path.strip_prefix(&["crate".to_owned()][..])?;
        let length = (0..=words.len()).rev().find(|length| self.by_module.contains_key(&words[..*length]))?;
        let file = self.by_module[&words[..length]];
        let Some(name) = words.get(length) else { return Some((file, true)) };
        let source = &self.files[file];
        if source.defined.contains(name) || steps > MOST_STEPS {
            return Some((file, false));
        }
        if let Some(import) = source.imports.iter().find(|import| import.name.as_ref() == Some(name))
            && let Some(target) = self.expand(source, &import.path)
        {
            return self.resolve(&[&target[..], &words[length + 1..]].concat(), steps + 1);
        }
        if length == 0
            && let Some(file) = self.macros.get(name)
        {
            return Some((*file, false));
        }
        let globs = source.imports.iter().filter(|import| import.name.is_none());
        let within = globs.filter_map(|import| self.glob(source, import)).map(|glob| glob.target);
        let holder = within.into_iter().find(|target| self.files[*target].defined.contains(name));
        Some((holder.unwrap_or(file), false))
    }

    /// `use module::*`: the module, of which anything may be meant.
    fn glob(&self, source: &Source, import: &Import) -> Option<Reference> {
        let (target, _) = self.resolve(&self.expand(source, &import.path)?, MOST_STEPS + 1)?;
        let is_module = self.files[target].defined.is_empty();
        Some(Reference { text: format!("{}::*", import.path.join("::")), target, is_module })
    }
}
