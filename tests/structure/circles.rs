//! No file leads back to itself: neither by what it names nor through the modules that it declares.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::code_base::CodeBase;
use crate::source::Source;
use crate::{assert_none, root};

/// Which files a file leads to, each with the reason.
type Edges = Vec<BTreeMap<usize, String>>;

/// A file leads to the modules that it declares, and to the files that define what it names. A child that names something
/// its parent defines leads back: what both use belongs in a file of its own.
fn edges(code: &CodeBase) -> Edges {
    let of = |file: usize| {
        let mut edges = BTreeMap::new();
        for reference in code.references(file).into_iter().filter(|reference| !reference.is_module) {
            edges.entry(reference.target).or_insert(format!("names {}", reference.text));
        }
        for child in code.children(file) {
            edges.entry(child).or_insert("declares it".to_owned());
        }
        edges
    };
    (0..code.files.len()).map(of).collect()
}

/// The files that can be reached from `start`, each with the file before it on a shortest way.
fn reached(edges: &Edges, start: usize) -> BTreeMap<usize, usize> {
    let mut before = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for next in edges[file].keys() {
            if !before.contains_key(next) {
                before.insert(*next, file);
                waiting.push_back(*next);
            }
        }
    }
    before
}

/// One complaint for each set of files that all lead to one another.
fn complaints(code: &CodeBase) -> Vec<String> {
    let edges = edges(code);
    let ways: Vec<_> = (0..edges.len()).map(|file| reached(&edges, file)).collect();
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for start in 0..edges.len() {
        if seen.contains(&start) || !ways[start].contains_key(&start) {
            continue;
        }
        let circle: Vec<usize> =
            ways[start].keys().copied().filter(|other| ways[*other].contains_key(&start)).collect();
        let names: Vec<String> = circle.iter().map(|file| code.files[*file].name()).collect();
        let way = shortest(&circle, &ways);
        let steps = way.windows(2).map(|pair| {
            let [from, to] = [pair[0], pair[1]];
            format!("\n    {} -> {}: {}", code.files[from].name(), code.files[to].name(), edges[from][&to])
        });
        complaints.push(format!(
            "{} files in a circle: {}; {}",
            circle.len(),
            names.join(", "),
            steps.collect::<String>()
        ));
        seen.extend(circle);
    }
    complaints
}

/// The shortest way round within a circle: the first file is the last as well.
fn shortest(circle: &[usize], ways: &[BTreeMap<usize, usize>]) -> Vec<usize> {
    let round = |start: usize| {
        let mut way = vec![start];
        let mut at = ways[start][&start];
        while at != start {
            way.push(at);
            at = ways[start][&at];
        }
        way.push(start);
        way.reverse();
        way
    };
    circle.iter().map(|start| round(*start)).min_by_key(Vec::len).expect("a circle has files")
}

#[test]
fn no_circle_in_lysand_auth() {
    assert_none(&complaints(&CodeBase::at("lysand-auth")));
}

#[test]
fn no_circle_in_the_reference_server() {
    assert_none(&complaints(&CodeBase::at("reference-server")));
}

#[test]
fn no_circle_in_the_test_kit() {
    let mut files = Source::crate_at(&root().join("tests/src"));
    // The measurement is a program of its own.
    files.retain(|file| file.module.first().is_none_or(|first| first != "bin"));
    assert_none(&complaints(&CodeBase::new("tests", files)));
}

/// What is said of a crate with these files.
fn judged(files: &[(&[&str], &str)]) -> Vec<String> {
    complaints(&CodeBase::new("sample", files.iter().map(|(module, text)| Source::read(module, text)).collect()))
}

#[test]
fn every_kind_of_circle_is_noticed() {
    let lib = (&[][..], "mod a; mod b; pub use a::Thing;");
    let apart: (&[&str], &str) = (&["b"], "pub fn f() {}");
    for files in [
        &[lib, (&["a"], "use crate::b::f; pub struct Thing;"), (&["b"], "use crate::a::Thing; pub fn f() {}")][..],
        // By a short name at the crate's root.
        &[lib, (&["a"], "use crate::b::f; pub struct Thing;"), (&["b"], "use crate::Thing; pub fn f() {}")],
        // By a path without an import, and by an imported module.
        &[lib, (&["a"], "fn g() { crate::b::f() } pub struct Thing;"), (&["b"], "use crate::a; type X = a::Thing;")],
        // By a macro.
        &[lib, (&["a"], "macro_rules! on { () => {} } use crate::b::f;"), (&["b"], "use crate::on; pub fn f() {}")],
        // By something that the crate's root defines.
        &[((&[]), "mod b; pub const NAME: u8 = 1;"), (&["b"], "use crate::NAME;")],
        // Inside one folder: the parent declares the child, and the child needs the parent.
        &[apart, (&["a"], "mod c; pub struct Thing;"), (&["a", "c"], "use super::Thing;")],
        &[apart, (&["a"], "mod c; pub struct Thing;"), (&["a", "c"], "use super::*;")],
        &[apart, (&["a"], "mod c; pub fn f() { c::g() }"), (&["a", "c"], "pub fn g() { super::f() }")],
        // Through a re-export of the parent.
        &[
            (&["a"], "mod c; mod d; pub use self::c::C; pub use d::*;"),
            (&["a", "c"], "use super::D; pub struct C;"),
            (&["a", "d"], "use super::C; pub struct D;"),
        ],
    ] {
        let found = judged(files);
        assert_eq!(found.len(), 1, "{files:?}: {found:?}");
    }
}

#[test]
fn no_circle_is_made_up() {
    for files in [
        // A parent that only declares and re-exports, and children that use one another in one direction.
        &[
            (&["a"][..], "mod c; mod d; pub use self::c::C; pub use d::*;"),
            (&["a", "c"], "use super::D; pub struct C;"),
            (&["a", "d"], "pub struct D; mod tests { }"),
        ][..],
        // A module by its name alone, and what its other children hold.
        &[
            (&["a"], "pub mod c; pub mod d; pub fn own() {}"),
            (&["a", "c"], "use crate::a; fn f() { a::d::g() }"),
            (&["a", "d"], "pub fn g() {}"),
        ],
        // Tests may look anywhere.
        &[
            (&["a"], "mod c; pub struct Thing; #[cfg(test)] mod tests { use crate::b::f; }"),
            (&["a", "c"], "#[cfg(test)] use super::Thing;"),
            (&["b"], "use crate::a::Thing; pub fn f() {}"),
        ],
        // Another crate's module of the same name.
        &[(&["a"], "mod web; use actix_web::web; fn f() { web::get() }"), (&["a", "web"], "use actix_web::web::get;")],
    ] {
        assert_none(&judged(files));
    }
}

#[test]
fn a_circle_is_told_by_its_shortest_way() {
    let found = judged(&[
        (&["a"], "use crate::b::B; pub struct A;"),
        (&["b"], "use crate::c::C; pub struct B;"),
        (&["c"], "use crate::a::A; use crate::b::B; pub struct C;"),
    ]);
    let wanted = "3 files in a circle: a, b, c; \n    b -> c: names crate::c::C\n    c -> b: names crate::b::B";
    assert_eq!(found, [wanted]);
}
