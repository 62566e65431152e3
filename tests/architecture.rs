//! The arrows between rooms, held by parsing the sources: the tables in `docs/architecture.md` are the law.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

type Table = BTreeMap<String, BTreeSet<String>>;

struct Law {
    arrows: Table,
    guarded: Table,
    pure: BTreeSet<String>,
}

impl Law {
    fn read() -> Self {
        let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
        let pure = block(&page, "pure").split_whitespace().map(str::to_owned).collect();
        Self { arrows: table(&page, "arrows"), guarded: table(&page, "guarded"), pure }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn block<'a>(page: &'a str, name: &str) -> &'a str {
    let fence = format!("```{name}\n");
    let from = page.find(&fence).unwrap_or_else(|| panic!("no {name} block")) + fence.len();
    let rest = &page[from..];
    &rest[..rest.find("```").expect("closed block")]
}

fn table(page: &str, name: &str) -> Table {
    let rows = block(page, name).lines().filter_map(|line| line.split_once('→'));
    rows.map(|(who, whom)| (who.trim().to_owned(), whom.split_whitespace().map(str::to_owned).collect())).collect()
}

/// Every path a file names, as segments, outside its tests; and those it re-exports.
#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
    reexports: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if is_test(&item.attrs) {
            return;
        }
        let mut found = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut found);
        if matches!(item.vis, syn::Visibility::Public(_)) {
            self.reexports.extend(found.clone());
        }
        self.paths.extend(found);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        syn::visit::visit_macro(self, mac);
    }
}

impl Names {
    /// Paths inside macro calls, which syn leaves as tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.flush(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
        }
        self.flush(&mut path);
    }

    fn flush(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.paths.push(std::mem::take(path));
        }
        path.clear();
    }
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg") && matches!(&attr.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

fn flatten(tree: &syn::UseTree, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, out);
            prefix.pop();
        }
        syn::UseTree::Name(name) => out.push(with(prefix, &name.ident.to_string())),
        syn::UseTree::Rename(rename) => out.push(with(prefix, &rename.ident.to_string())),
        syn::UseTree::Glob(_) => out.push(with(prefix, "*")),
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, prefix, out)),
    }
}

fn with(prefix: &[String], last: &str) -> Vec<String> {
    prefix.iter().cloned().chain([last.to_owned()]).collect()
}

/// The module path of a file: `src/engine/step/auto.rs` → `[engine, step, auto]`; `src/main.rs` → `[main]`.
fn module_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("src")).expect("below src").with_extension("");
    relative.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

/// A path from the crate's root, where it is one: `crate::…`, `driftdeck::…`, and `super::…` that climbs out.
fn resolve(path: &[String], module: &[String]) -> Option<Vec<String>> {
    match path.first()?.as_str() {
        "crate" | "driftdeck" => Some(path[1..].to_vec()),
        "super" => {
            let ups = path.iter().take_while(|segment| *segment == "super").count();
            let base = module.len().checked_sub(ups)?;
            Some(module[..base].iter().chain(&path[ups..]).cloned().collect())
        }
        _ => None,
    }
}

fn violations(module: &[String], source: &str, law: &Law) -> Vec<String> {
    let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{}: {error}", module.join("::")));
    let mut names = Names::default();
    names.visit_file(&file);
    let room = &module[0];
    let mut found = Vec::new();
    for path in &names.paths {
        found.extend(arrow(path, module, law));
        found.extend(guard(path, room, law));
        found.extend(purity(path, module, law));
    }
    for path in &names.reexports {
        if law.guarded.contains_key(&path[0]) {
            found.push(format!("{}: re-exports {}", module.join("::"), path.join("::")));
        }
    }
    found
}

fn arrow(path: &[String], module: &[String], law: &Law) -> Option<String> {
    let target = resolve(path, module)?;
    let (room, to) = (&module[0], target.first()?);
    if to == room || !law.arrows.contains_key(to) || law.arrows.get(room).is_some_and(|may| may.contains(to)) {
        return None;
    }
    Some(format!("{} names {to}: {}", module.join("::"), path.join("::")))
}

fn guard(path: &[String], room: &str, law: &Law) -> Option<String> {
    let owners = law.guarded.get(path.first()?)?;
    (path.len() > 1 && !owners.contains(room)).then(|| format!("{room} names the guarded crate {}", path.join("::")))
}

fn purity(path: &[String], module: &[String], law: &Law) -> Option<String> {
    let joined = module.join("::");
    let is_pure = law.pure.iter().any(|pure| joined == *pure || joined.starts_with(&format!("{pure}::")));
    let text = path.join("::");
    let banned =
        ["tokio", "std::fs", "std::net", "std::process", "std::env", "std::time::SystemTime", "std::time::Instant"];
    let named = banned.iter().any(|ban| text == *ban || text.starts_with(&format!("{ban}::")));
    let clock = text.ends_with("Timestamp::now") || text.ends_with("Zoned::now") || text.ends_with("Instant::now");
    (is_pure && (named || clock)).then(|| format!("{joined} is pure and names {text}"))
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("readable").map(|entry| entry.expect("entry").path()) {
        let is_test = entry.file_stem().is_some_and(|stem| stem == "tests");
        if entry.is_dir() && !is_test {
            sources(&entry, out);
        } else if entry.extension().is_some_and(|ext| ext == "rs") && !is_test {
            out.push(entry);
        }
    }
}

#[test]
fn every_arrow_points_the_way_the_plan_says() {
    let law = Law::read();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 30, "the sources were found");
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("src/lib.rs")) {
        let source = std::fs::read_to_string(file).expect("readable");
        found.extend(violations(&module_of(file), &source, &law));
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "arrows that turned round:\n{}", found.join("\n"));
}

#[test]
fn every_room_is_in_the_plan_and_every_planned_room_exists() {
    let law = Law::read();
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let declared: BTreeSet<String> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect();
    let planned: BTreeSet<String> = law.arrows.keys().filter(|room| *room != "main").cloned().collect();
    assert_eq!(declared, planned, "lib.rs and docs/architecture.md name the same rooms");
}

#[test]
fn planted_violations_are_found() {
    let law = Law::read();
    let check = |module: &str, source: &str| {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        violations(&module, source, &law)
    };
    let planted = [
        ("model::key", "use crate::engine::World;", "a plain use"),
        ("diff", "fn f() { crate::cluster::connect(); }", "a path in a body"),
        ("plan::gate", "use super::super::tui::Theme;", "a climb by super"),
        ("app", "fn f() { vec![crate::tui::draw()]; }", "a path in a macro"),
        ("engine", "use kube::Client;", "a guarded crate"),
        ("tui", "pub use ratatui::Frame;", "a re-export"),
        ("engine::step::auto", "fn f() { tokio::spawn(async {}); }", "a runtime in a pure room"),
        ("health", "fn f() { jiff::Timestamp::now(); }", "a clock in a pure room"),
    ];
    for (module, source, what) in planted {
        assert!(!check(module, source).is_empty(), "{what} must be found in {module}");
    }
    assert!(check("engine", "use crate::plan::Plan; use std::fs;").is_empty(), "allowed arrows are not reported");
    assert!(check("diff", "#[cfg(test)] mod tests { use crate::engine::World; }").is_empty(), "tests may look around");
}
