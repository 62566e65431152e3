//! Custom kinds: a definition that changes while it is watched, that goes, that comes back; and (on the real server) what
//! other deployers claim.

use driftdeck::model::{AppRow, Base, Moved, ReasonCode, Verdict};
use serde_json::{Value, json};

use crate::apiserver::User;
use crate::road::{Deck, Start};
use crate::scene::{FLAGS, Scene, is, row, sync};
use crate::stage::{Place, Stage};

crate::scenes! {
    a_definition_that_changes_while_watched_changes_what_is_said_of_its_objects
    a_definition_that_is_removed_leaves_its_objects_unknown_until_it_is_back
    an_object_deleted_by_hand_is_missing_though_its_kind_is_custom
}

/// A definition in a group of the scene's own.
fn definition(scene: &Scene, list: &Value) -> Value {
    let mut parts = json!({"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "v": {"type": "integer"}}, "required": ["name"]}});
    for (key, value) in list.as_object().into_iter().flatten() {
        parts[key] = value.clone();
    }
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"parts": parts}}}});
    let group = group(scene);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

fn group(scene: &Scene) -> String {
    format!("{}.example.com", scene.namespace)
}

fn widget(scene: &Scene) -> String {
    let group = group(scene);
    format!(
        "apiVersion: {group}/v1\nkind: Widget\nmetadata:\n  name: blue\nspec:\n  parts:\n  - {{name: a, v: 1}}\n  - {{name: b, v: 2}}\n"
    )
}

fn kubectl(stage: &Stage, args: &[&str], body: Option<&Value>) {
    let server = match stage {
        Stage::Own(server) => server,
        Stage::Shared(server) => *server,
        Stage::Sandbox(_) => return,
    };
    let text = body.map(Value::to_string).unwrap_or_default();
    let out = server.try_kubectl(User::Admin, args, &text);
    assert!(out.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Defines the kind, and waits until it is served; the sandbox serves it at once.
fn define(scene: &Scene, list: &Value) {
    scene.stage.apply_as(&scene.namespace, "kubectl", &definition(scene, list));
    let name = format!("crd/widgets.{}", group(scene));
    kubectl(&scene.stage, &["wait", "--for=condition=Established", &name, "--timeout=30s"], None);
}

/// A definition, an object of it in git and live, all synced.
async fn synced(place: Place, name: &str, list: &Value) -> Option<(Scene, Deck)> {
    let scene = Scene::new(place, name)?;
    define(&scene, list);
    scene.git.commit("feat: a widget", &[("shop/widget.yaml", Some(&widget(&scene)))]);
    let mut deck = scene.deck(Start::default());
    deck.until("all rows", |app| app.counts.total == 3 && app.resources.iter().all(|r| r.verdict == Verdict::Missing))
        .await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    Some((scene, deck))
}

async fn a_definition_that_changes_while_watched_changes_what_is_said_of_its_objects(place: Place) {
    let Some((scene, mut deck)) = synced(place, "schema", &json!({})).await else { return };
    let turned = json!({"spec": {"parts": [{"name": "b", "v": 2}, {"name": "a", "v": 1}]}});
    let object = format!("widgets.{}/blue", group(&scene));
    scene.stage.patch_as(&scene.namespace, &object, ("kubectl-edit", &turned));
    deck.until("another order", |app| is(app, "blue", Verdict::Drifted) && app.counts.pending == 0).await;
    define(&scene, &json!({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}));
    deck.until("order means nothing in a map", |app| is(app, "blue", Verdict::Synced)).await;
    deck.close().await;
}

/// Said of a row while its kind goes: never that somebody deleted the object.
fn is_honest(app: &AppRow) -> bool {
    let word = |verdict| is(app, "blue", verdict);
    assert!(!word(Verdict::Missing) && !word(Verdict::Extra), "it is not missing: its kind is gone");
    let unserved = |row: &driftdeck::model::ResourceRow| {
        row.reason.as_ref().is_some_and(|why| why.code == ReasonCode::KindNotServed)
    };
    word(Verdict::Unknown) && unserved(row(app, "blue"))
}

async fn a_definition_that_is_removed_leaves_its_objects_unknown_until_it_is_back(place: Place) {
    let Some((scene, mut deck)) = synced(place, "removed", &json!({})).await else { return };
    let name = format!("crd/widgets.{}", group(&scene));
    scene.stage.delete(&scene.namespace, &name);
    kubectl(&scene.stage, &["wait", "--for=delete", &name, "--timeout=60s"], None);
    deck.until("kind not served", is_honest).await;
    let app = deck.until("settled", |app| is_honest(app) && !app.settling).await;
    assert_eq!(app.verdict, Verdict::Unknown, "never green");
    assert!(is(&app, "flags", Verdict::Synced), "the rest is judged");
    define(&scene, &json!({}));
    let app = deck.until("served again", |app| is(app, "blue", Verdict::Missing)).await;
    assert_eq!(row(&app, "blue").moved, Some(Moved::Live), "now it is known to be gone");
    deck.until("settled", |app| !app.settling && app.counts.pending == 0).await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

async fn an_object_deleted_by_hand_is_missing_though_its_kind_is_custom(place: Place) {
    let Some((scene, mut deck)) = synced(place, "gone", &json!({})).await else { return };
    scene.stage.delete(&scene.namespace, &format!("widgets.{}/blue", group(&scene)));
    let app = deck.until("missing", |app| is(app, "blue", Verdict::Missing)).await;
    assert_eq!(row(&app, "blue").moved, Some(Moved::Live));
    deck.close().await;
}

/// A definition that takes anything.
fn anything(group: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_argo_or_flux_claim_to_have_synced_is_the_base_of_what_nobody_else_knows() {
    let Some(scene) = Scene::own(Place::Server, "claimed") else { return };
    let kinds = [
        ("argoproj.io", "Application", "applications"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations"),
        ("source.toolkit.fluxcd.io", "GitRepository", "gitrepositories"),
    ];
    for (group, kind, plural) in kinds {
        kubectl(&scene.stage, &["create", "-f", "-"], Some(&anything(group, kind, plural)));
        let name = format!("crd/{plural}.{group}");
        kubectl(&scene.stage, &["wait", "--for=condition=Established", &name, "--timeout=30s"], None);
    }
    let synced = scene.git.head();
    let flags: Value =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}, "data": {"RETRY_MAX": "3"}});
    scene.stage.apply_as(&scene.namespace, "argocd-controller", &flags);
    let newer = FLAGS.replace("\"3\"", "\"5\"");
    scene.git.commit("feat: more retries", &[("shop/flags.yaml", Some(&newer))]);
    let url = format!("file://{}", scene.git.origin().display());
    let application = json!({
        "apiVersion": "argoproj.io/v1", "kind": "Application", "metadata": {"name": "shop"},
        "spec": {"source": {"repoURL": url, "path": "shop"}},
        "status": {"sync": {"status": "Synced", "revision": synced.as_str()}},
    });
    let repository = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "platform"},
        "spec": {"url": url},
    });
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "shop"},
        "spec": {"path": "./shop", "sourceRef": {"kind": "GitRepository", "name": "platform"}},
        "status": {"lastAppliedRevision": format!("main@sha1:{}", synced.as_str())},
    });
    for claims in [vec![application], vec![repository, kustomization]] {
        for claim in &claims {
            kubectl(&scene.stage, &["create", "-n", &scene.namespace, "-f", "-"], Some(claim));
        }
        let mut deck = scene.elsewhere((User::Admin, ""), Start::default());
        let judged = |app: &AppRow| app.counts.total == 2 && app.counts.pending == 0 && !app.settling;
        let app = deck.until("judged", judged).await;
        let flags = row(&app, "flags");
        assert_eq!((flags.base, flags.verdict), (Base::Claimed, Verdict::Contested), "{}", deck.told());
        assert_eq!(flags.findings[0].moved, Some(Moved::Git), "git moved since what is claimed to be synced");
        deck.close().await;
        for claim in claims {
            let kind = claim["kind"].as_str().expect("a kind").to_lowercase();
            let name = claim["metadata"]["name"].as_str().expect("a name");
            kubectl(&scene.stage, &["delete", &kind, name, "-n", &scene.namespace], None);
        }
    }
    let mut deck = scene.elsewhere((User::Admin, ""), Start::default());
    let judged = |app: &AppRow| app.counts.total == 2 && app.counts.pending == 0 && !app.settling;
    let app = deck.until("judged", judged).await;
    assert_eq!(row(&app, "flags").base, Base::None, "without a claim there is no base");
    deck.close().await;
}
