//! Finds modules that import each other in a circle.
//!
//! Read as text: `use` items, and paths that begin with `crate::`, `self::` or `super::`. A module may use its
//! parent's types, so arrows to a module above do not count. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Module = Vec<String>;

/// All `.rs` files below a folder that are no tests.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if matches!(name, "tests" | "testing") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The circles of a crate, each as the names of its modules.
pub(crate) fn of(src: &Path) -> Vec<Vec<String>> {
    let mut sources = BTreeMap::new();
    for file in files(src) {
        let relative = file.strip_prefix(src).unwrap().with_extension("");
        let mut module: Module =
            relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(module.join("/").as_str(), "lib" | "main") {
            module.clear();
        }
        sources.insert(module, code(&fs::read_to_string(&file).unwrap()));
    }
    let arrows = arrows(&sources);
    strongly_connected(&arrows)
}

/// A source without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let strip = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(strip).collect::<Vec<_>>().join("\n")
}

/// The `use` items of a source: whether each is a re-export, and its paths.
fn uses(text: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        let after = &rest[at + "use ".len()..];
        let Some(end) = after.find(';') else { break };
        if before.is_empty() || before.starts_with("pub") {
            found.push((!before.is_empty(), expand(&after[..end])));
        }
        rest = &after[end..];
    }
    found
}

/// `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn expand(item: &str) -> Vec<String> {
    let item: String = item.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(open) = item.find('{') else {
        return vec![item.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let prefix = item[..open].trim();
    let body = &item[open + 1..item.rfind('}').unwrap_or(item.len())];
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in body.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expand(part.trim())).map(|path| format!("{prefix}{path}")).collect()
}

/// Paths in the code, outside of `use` items, that begin at the crate, here, or above.
fn paths(text: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || "_:".contains(c);
    let (mut body, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("use ") {
        body.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find(';').unwrap_or(rest.len())..];
    }
    body.push_str(rest);
    let words = body.split(|c| !is_path(c));
    let begins =
        |word: &&str| ["crate::", "self::", "super::"].iter().any(|it| word.starts_with(it));
    words.filter(begins).map(str::to_owned).collect()
}

struct Resolver<'a> {
    modules: BTreeSet<&'a Module>,
    reexports: BTreeMap<(Module, String), Module>,
}

impl Resolver<'_> {
    /// The module that a path, as it stands in `from`, leads to.
    fn resolve(&self, from: &Module, path: &str) -> Option<Module> {
        let mut names = path.split("::").filter(|name| !name.is_empty()).peekable();
        let mut at = match *names.peek()? {
            "crate" => {
                names.next();
                Module::new()
            }
            "self" => {
                names.next();
                from.clone()
            }
            "super" => {
                let mut at = from.clone();
                while names.next_if(|name| *name == "super").is_some() {
                    at.pop();
                }
                at
            }
            child => {
                let mut below = from.clone();
                below.push(child.to_owned());
                self.modules.contains(&below).then(|| from.clone())?
            }
        };
        while let Some(name) = names.peek() {
            at.push((*name).to_owned());
            if !self.modules.contains(&at) {
                at.pop();
                break;
            }
            names.next();
        }
        let name = names.next().map(str::to_owned);
        let reexport = name.and_then(|name| self.reexports.get(&(at.clone(), name)));
        Some(reexport.cloned().unwrap_or(at))
    }
}

fn arrows(sources: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut resolver = Resolver { modules: sources.keys().collect(), reexports: BTreeMap::new() };
    for (module, text) in sources {
        for path in uses(text).into_iter().filter(|(is_public, _)| *is_public).flat_map(|it| it.1) {
            if let Some(to) = resolver.resolve(module, &path).filter(|to| to != module) {
                let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                resolver.reexports.insert((module.clone(), name), to);
            }
        }
    }
    let mut arrows = BTreeMap::new();
    for (module, text) in sources {
        let private = uses(text).into_iter().filter(|(is_public, _)| !is_public);
        let all = private.flat_map(|it| it.1).chain(paths(text));
        let to = all.filter_map(|path| resolver.resolve(module, &path));
        let to: BTreeSet<Module> = to.filter(|to| !module.starts_with(to)).collect();
        arrows.insert(module.clone(), to);
    }
    arrows
}

/// Groups in which each module reaches each other one.
fn strongly_connected(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&Module> = arrows[from].iter().collect();
        while let Some(module) = todo.pop() {
            if seen.insert(module.clone()) {
                todo.extend(arrows.get(module).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reach(module))).collect();
    let mut groups = BTreeSet::new();
    for (module, others) in &reached {
        let mut group: Vec<String> = others
            .iter()
            .filter(|other| *other != *module && reached[other].contains(*module))
            .map(|other| other.join("::"))
            .collect();
        if !group.is_empty() {
            group.push(module.join("::"));
            group.sort();
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

#[test]
fn a_circle_is_found_and_a_parent_is_none() {
    let module = |path: &str| -> Module { path.split("::").map(str::to_owned).collect() };
    let sources = [
        ("a", "use crate::b::{B, c::C};"),
        ("b", "pub(crate) use self::c::C;\nmod c;"),
        ("b::c", "use super::B;\nfn f() { crate::a::go() }"),
        ("d", "use crate::a::A;"),
    ];
    let sources = sources.map(|(path, text)| (module(path), code(text))).into_iter().collect();
    assert_eq!(strongly_connected(&arrows(&sources)), [["a", "b::c"]]);
}
