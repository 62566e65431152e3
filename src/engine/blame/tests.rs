#![allow(clippy::unnecessary_wraps, reason = "what is expected is written as it is compared")]

use serde_json::json;

use super::*;
use crate::model::{ClusterName, Digest, Gvk, Origin, TreeEntry, TreeError};

/// Files by path.
struct Paper(BTreeMap<&'static str, String>);

impl Tree for Paper {
    fn id(&self, path: &str) -> Result<Digest, TreeError> {
        self.read(path).map(|bytes| Digest::of_bytes(&bytes)).or_else(|_| self.list(path).map(|_| Digest("dir".into())))
    }

    fn list(&self, dir: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let within = self.0.keys().filter_map(|path| path.strip_prefix(dir)?.strip_prefix('/'));
        let entry = |rest: &str| match rest.split_once('/') {
            Some((dir, _)) => TreeEntry { name: dir.into(), kind: TreeKind::Dir, id: Digest(rest.into()) },
            None => TreeEntry { name: rest.into(), kind: TreeKind::File, id: Digest(rest.into()) },
        };
        let mut entries: Vec<TreeEntry> = within.map(entry).collect();
        entries.dedup_by(|a, b| a.name == b.name);
        if entries.is_empty() { Err(TreeError::NotFound) } else { Ok(entries) }
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        self.0.get(path).map(|text| text.as_bytes().into()).ok_or(TreeError::NotFound)
    }
}

fn manifest(body: Value, file: &str) -> Manifest {
    let gvk = Gvk::parse(body["apiVersion"].as_str().expect("a version"), body["kind"].as_str().expect("a kind"));
    let name = body["metadata"]["name"].as_str().expect("a name").into();
    let key = ResourceKey { cluster: ClusterName::new("prod"), kind: gvk.kind(), namespace: "shop".into(), name };
    let digest = Digest::of_value(&body);
    Manifest { key, gvk, body: body.into(), digest, origin: Origin { file: file.into(), line: 0 } }
}

fn flags(a: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags", "namespace": "shop"}, "data": {"A": a}})
}

fn text(name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}")
}

fn spot(files: &[(&'static str, String)], root: &str, manifest: &Manifest, path: &str) -> Option<(String, u32)> {
    let paper = Paper(files.iter().cloned().collect());
    Places::new(&paper, root)?.of(manifest, &path.parse().expect("a path"))
}

fn at(file: &str, line: u32) -> Option<(String, u32)> {
    Some((file.to_owned(), line))
}

#[test]
fn a_plain_object_is_found_among_its_files_documents() {
    let both = format!("{}---\n{}", text("other", "  A: \"1\"\n"), text("flags", "  A: \"2\"\n"));
    let files = [("shop/all.yaml", both)];
    let wanted = manifest(flags("2"), "all.yaml");
    assert_eq!(spot(&files, "shop", &wanted, "data.A"), at("shop/all.yaml", 13));
    assert_eq!(spot(&files, "shop", &wanted, ""), at("shop/all.yaml", 8), "the object itself: its first line");
    assert_eq!(spot(&files, "shop", &wanted, "data.B"), None, "what is not there is nowhere");
    let doubled =
        [("shop/all.yaml", format!("{}---\n{}", text("flags", "  A: \"2\"\n"), text("flags", "  A: \"2\"\n")))];
    assert_eq!(spot(&doubled, "shop", &wanted, "data.A"), None, "declared twice: which one is not known");
}

#[test]
fn items_of_lists_and_list_keys_have_their_lines() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: api}\n  \
                spec:\n    template:\n      spec:\n        containers:\n        - name: side\n          image: b:1\n        \
                - name: app\n          image: a:1\n";
    let body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "b:1"}, {"name": "app", "image": "a:1"}]}}}});
    let found = spot(
        &[("shop/l.yaml", list.to_owned())],
        "shop",
        &manifest(body, "l.yaml"),
        "spec.template.spec.containers[name=app].image",
    );
    assert_eq!(found, at("shop/l.yaml", 14));
}

#[test]
fn a_secrets_string_data_is_where_its_data_comes_from() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: t\nstringData:\n  TOKEN: x\n";
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t"}, "data": {"TOKEN": "eA=="}});
    let found = spot(&[("shop/t.yaml", text.to_owned())], "shop", &manifest(body, "t.yaml"), "data.TOKEN");
    assert_eq!(found, at("shop/t.yaml", 6));
}

#[test]
fn of_a_kustomization_the_file_that_has_gits_value_is_told_and_the_overlay_before_its_base() {
    let kustomization = |what: &str| format!("resources:\n{what}");
    let files = |overlay: Option<&str>, base: &str| {
        let mut files = vec![
            ("env/prod/kustomization.yaml", kustomization("- ../../base\npatches:\n- path: patch.yaml\n")),
            ("base/kustomization.yaml", kustomization("- flags.yaml\n")),
            ("base/flags.yaml", text("flags", base)),
        ];
        if let Some(overlay) = overlay {
            files.push(("env/prod/patch.yaml", text("flags", overlay)));
        }
        files
    };
    let wanted = manifest(flags("2"), "");
    let of = |files: &[(&'static str, String)]| spot(files, "env/prod", &wanted, "data.A");
    assert_eq!(of(&files(Some("  A: \"2\"\n"), "  A: \"1\"\n")), at("env/prod/patch.yaml", 6));
    assert_eq!(of(&files(Some("  B: \"2\"\n"), "  A: \"2\"\n")), at("base/flags.yaml", 6), "the base's own value");
    assert_eq!(of(&files(Some("  A: \"2\"\n"), "  A: \"2\"\n")), at("env/prod/patch.yaml", 6), "the overlay wins");
    assert_eq!(
        of(&files(Some("  A: \"7\"\n"), "  A: \"1\"\n")),
        None,
        "a transformer made the value: nobody declared it"
    );
}
