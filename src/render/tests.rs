use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Job, Programs, RenderError, Renderer, detect, input_paths, inputs, render};
use crate::model::{Digest, Fault, Rendered, Rule, Tree, TreeEntry, TreeError, TreeKind, Without};

/// Files by path.
struct Fake(BTreeMap<String, Vec<u8>>);

impl Fake {
    fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }

    fn below(dir: &str) -> String {
        if dir.is_empty() { String::new() } else { format!("{dir}/") }
    }
}

impl Tree for Fake {
    fn id(&self, path: &str) -> Result<Digest, TreeError> {
        if let Some(bytes) = self.0.get(path) {
            return Ok(Digest::of_bytes(bytes));
        }
        let all: Vec<_> = self.0.iter().filter(|(file, _)| file.starts_with(&Self::below(path))).collect();
        if all.is_empty() { Err(TreeError::NotFound) } else { Ok(Digest::of_bytes(format!("{all:?}").as_bytes())) }
    }

    fn list(&self, dir: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let mut found = BTreeMap::new();
        for rest in self.0.keys().filter_map(|file| file.strip_prefix(&Self::below(dir))) {
            let (name, kind) = rest.split_once('/').map_or((rest, TreeKind::File), |(name, _)| (name, TreeKind::Dir));
            found.insert(name.to_owned(), kind);
        }
        if found.is_empty() {
            return Err(TreeError::NotFound);
        }
        let entry = |(name, kind): (String, TreeKind)| TreeEntry { id: Digest::of_bytes(b""), name: name.into(), kind };
        Ok(found.into_iter().map(entry).collect())
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        self.0.get(path).map(|bytes| bytes.as_slice().into()).ok_or(TreeError::NotFound)
    }
}

fn run(tree: &Fake, path: &str, programs: &Programs) -> Result<Rendered, RenderError> {
    let scratch = tempfile::tempdir().unwrap();
    let job = Job {
        tree,
        path,
        app_name: "app",
        namespace: "ns",
        scratch: scratch.path(),
        programs,
        without: Without::NOTHING,
    };
    let made = render(&job);
    let left = std::fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(left, 0, "nothing stays in the scratch directory");
    made
}

fn plain(files: &[(&str, &str)]) -> Rendered {
    run(&Fake::of(files), "a", &Programs::default()).unwrap()
}

fn places(made: &Rendered) -> Vec<(String, u32)> {
    made.documents.iter().map(|doc| (doc.origin.file.raw().to_owned(), doc.origin.line)).collect()
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

#[test]
fn files_are_read_in_path_order_with_their_lines_and_hidden_directories_are_left_out() {
    let two = format!("{MAP}---\n{MAP}");
    let made = plain(&[("a/z.yml", MAP), ("a/b/c.yaml", &two), ("a/.git-ish/d.yaml", MAP), ("a/README.md", "x")]);
    assert_eq!(places(&made), [("b/c.yaml".into(), 1), ("b/c.yaml".into(), 5), ("z.yml".into(), 1)]);
    assert!(made.faults.is_empty());
}

#[test]
fn lists_are_expanded() {
    let made =
        plain(&[("a/l.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n- {kind: X}\n")]);
    let kinds: Vec<_> = made.documents.iter().map(|doc| doc.gvk.kind.to_string()).collect();
    assert_eq!(kinds, ["Pod", "X"]);
}

#[test]
fn a_rule_of_reading_that_is_off_reaches_the_documents() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: y}}\n";
    let tree = Fake::of(&[("a/l.yaml", list)]);
    let programs = Programs::default();
    let made = |without| {
        let scratch = Path::new("nowhere");
        let job =
            Job { tree: &tree, path: "a", app_name: "app", namespace: "ns", scratch, programs: &programs, without };
        render(&job).expect("plain YAML").documents
    };
    assert_eq!(&*made(Without::rule(Rule::Lists))[0].gvk.kind, "List", "a List is an object then");
    assert_eq!(made(Without::NOTHING)[0].body["metadata"]["name"], true, "YAML 1.1");
    assert_eq!(made(Without::rule(Rule::Yaml11))[0].body["metadata"]["name"], "y", "YAML 1.2");
}

#[test]
fn what_cannot_be_read_is_a_fault_and_hides_nothing_else() {
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let made = plain(&[("a/a.yaml", "a: [\n"), ("a/b.yaml", "just words\n"), ("a/c.yaml", lfs), ("a/d.yaml", MAP)]);
    let told: Vec<_> = made.faults.iter().map(Fault::told).collect();
    let places: Vec<_> = told.iter().filter_map(|told| told.split(": ").next()).collect();
    assert_eq!(places, ["a.yaml:1:4", "b.yaml:1", "c.yaml:1"], "{told:?}");
    assert_eq!(made.documents.len(), 1);
}

#[test]
fn a_kustomization_is_never_read_as_plain() {
    let tree = Fake::of(&[("a/kustomization.yml", "resources: []"), ("b/Chart.yaml", ""), ("c/d/Kustomization", "")]);
    assert_eq!(detect(&tree, "a").unwrap(), Renderer::Kustomize);
    assert_eq!(detect(&tree, "b").unwrap(), Renderer::Helm);
    assert!(matches!(run(&tree, "c", &Programs::default()), Err(RenderError::Refused { .. })), "nested too");
}

#[test]
fn a_missing_program_is_named_and_a_missing_path_too() {
    let tree = Fake::of(&[("a/kustomization.yaml", "resources: []"), ("b/Chart.yaml", "")]);
    let needs = |path| match run(&tree, path, &Programs::default()) {
        Err(RenderError::NeedsProgram { program }) => program,
        other => panic!("{other:?}"),
    };
    assert_eq!((needs("a"), needs("b")), ("kustomize", "helm"));
    assert!(matches!(detect(&tree, "gone"), Err(RenderError::PathNotFound { .. })));
}

fn overlay(base: &str) -> Fake {
    let top = format!("resources: [{base}]\nnamePrefix: p-\n");
    Fake::of(&[
        ("apps/overlays/prod/kustomization.yaml", &top),
        ("apps/base/kustomization.yaml", "resources: [map.yaml]\n"),
        ("apps/base/map.yaml", MAP),
        ("apps/other/map.yaml", MAP),
    ])
}

const PROD: &str = "apps/overlays/prod";

#[test]
fn the_inputs_are_the_overlay_and_its_bases_and_nothing_else() {
    let tree = overlay("../../base");
    assert_eq!(input_paths(&tree, PROD).unwrap(), [PROD, "apps/base"]);
    let before = inputs(&tree, PROD).unwrap();
    let mut other = overlay("../../base");
    other.0.insert("apps/other/map.yaml".into(), b"x".to_vec());
    assert_eq!(inputs(&other, PROD).unwrap(), before, "what is not read does not count");
    other.0.insert("apps/base/map.yaml".into(), b"x".to_vec());
    assert_ne!(inputs(&other, PROD).unwrap(), before, "a base counts");
}

#[test]
fn remote_bases_and_paths_above_the_root_are_refused() {
    for base in ["https://example.com/x", "example.com/x?ref=main", "git@example.com:x", "../../../../x", "/etc"] {
        let made = input_paths(&overlay(base), PROD);
        assert!(matches!(made, Err(RenderError::Refused { .. })), "{base} must be refused: {made:?}");
    }
}

#[test]
fn kustomize_builds_an_overlay_through_kubectl() {
    let mut programs = Programs::find(&std::env::var_os("PATH").unwrap_or_default());
    if let Some(kubectl) = std::env::var_os("TEST_ASSET_KUBECTL") {
        programs = Programs { kubectl: Some(kubectl.into()), ..Programs::default() };
    }
    if programs.kustomize.is_none() && programs.kubectl.is_none() {
        eprintln!("skipped: no kustomize and no kubectl (TEST_ASSET_KUBECTL)");
        return;
    }
    let made = run(&overlay("../../base"), PROD, &programs).unwrap();
    assert_eq!(made.documents.first().and_then(|doc| doc.name.as_deref()), Some("p-x"));
}
