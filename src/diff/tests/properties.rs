//! What holds of every comparison, whatever the objects.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// A deployment with everything that lists, maps and scalars of server-side apply have.
fn a_deployment() -> impl Strategy<Value = Value> {
    let label = || btree_map("[a-c]{1,2}", "[a-z]{0,3}", 0..3);
    (
        label(),
        btree_set("[a-d]", 1..3),
        0u32..4,
        btree_set(1u32..5, 0..3),
        vec("[a-z]{1,3}", 0..3),
        select(vec!["1", "1000m", "0.5"]),
    )
        .prop_map(|(labels, containers, replicas, ports, command, cpu)| {
            let containers: Vec<Value> =
                containers.into_iter().map(|name| container(&name, &ports, &command, cpu)).collect();
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "api", "namespace": "shop", "labels": labels},
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "api"}},
                    "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": containers}}}})
        })
}

fn container(name: &str, ports: &std::collections::BTreeSet<u32>, command: &[String], cpu: &str) -> Value {
    let ports: Vec<Value> = ports.iter().map(|port| json!({"containerPort": port, "protocol": "TCP"})).collect();
    json!({"name": name, "image": format!("{name}:1"), "ports": ports, "command": command,
        "resources": {"requests": {"cpu": cpu}},
        "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}]})
}

/// What a server may say to a dry run, given git's and live's objects.
fn an_answer(git: &Value, live: &Live, pick: u8) -> ServerSaid {
    let refused = |why| ServerSaid::Refused { why, message: "no".into() };
    match pick {
        0 => ServerSaid::Would(git.clone()),
        1 => ServerSaid::Would(serde_json::from_str(&live.json).expect("JSON")),
        2 => ServerSaid::NotAsked,
        3 => refused(Refusal::Invalid),
        4 => refused(Refusal::Immutable),
        5 => refused(Refusal::Quota),
        6 => refused(Refusal::NamespaceTerminating),
        _ => refused(Refusal::Unavailable),
    }
}

fn base_of(pick: u8, base: &Manifest) -> BaseLeg<'_> {
    match pick {
        0 => BaseLeg::At(Base::Record, Some(base)),
        1 => BaseLeg::At(Base::Seen, None),
        2 => BaseLeg::Hash("another"),
        _ => BaseLeg::None,
    }
}

/// Reverses every list whose items have keys and whose order means nothing, and every list of a set.
fn shuffled(node: Option<&Node>, path: &FieldPath, value: &Value) -> Value {
    use crate::schema::{ListKind, Shape};
    let below = |step: crate::model::Step| FieldPath(path.0.iter().cloned().chain([step]).collect());
    match value {
        Value::Object(map) => {
            let each = map.iter().map(|(key, value)| {
                let node = node.and_then(|node| node.field(key));
                (key.clone(), shuffled(node.as_ref(), &below(crate::model::Step::Key(key.as_str().into())), value))
            });
            Value::Object(each.collect())
        }
        Value::Array(items) => {
            let item = node.and_then(Node::item);
            let mut items: Vec<Value> = items.iter().map(|value| shuffled(item.as_ref(), path, value)).collect();
            let free =
                node.is_some_and(|node| matches!(node.shape(), Shape::List(ref kind) if *kind != ListKind::Atomic));
            if free && !typed::order_matters(path) {
                items.reverse();
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_object_compared_with_itself_is_synced(object in a_deployment(), base in 0u8..4) {
        let stage = Stage::new();
        let git = manifest(&object);
        let live = stage.live(&git.body, &[]);
        let legs = Legs { git: Some(&git), base: base_of(base, &git), live: Some(&live), in_inventory: true };
        for judged in [
            compare_local(&legs, &stage.ground()),
            compare_server(&legs, &an_answer(&git.body, &live, 1).into(), &stage.ground()),
        ] {
            prop_assert_eq!(judged.verdict, Verdict::Synced, "{:?}", judged);
            prop_assert!(judged.findings.is_empty() && judged.hidden.is_empty());
        }
    }

    #[test]
    fn a_verdict_and_its_findings_say_the_same(
        then in a_deployment(), now in a_deployment(), hand in a_deployment(),
        (pick, base, there) in (0u8..8, 0u8..4, 0u8..8), manager in select(vec!["kubectl-edit", "x-controller"]),
    ) {
        let stage = Stage::new();
        let (base_manifest, git) = (manifest(&then), manifest(&now));
        let live = stage.live(&then, &[(manager, "Update", hand)]);
        let legs = Legs {
            git: (there != 0).then_some(&git),
            base: base_of(base, &base_manifest),
            live: (there != 1).then_some(&live),
            in_inventory: there % 2 == 0,
        };
        for judged in [
            compare_local(&legs, &stage.ground()),
            compare_server(&legs, &an_answer(&now, &live, pick).into(), &stage.ground()),
        ] {
            let paths: Vec<String> = paths(&judged);
            match judged.verdict {
                Verdict::Drifted | Verdict::Behind | Verdict::Diverged | Verdict::Contested | Verdict::Touched => {
                    prop_assert!(!judged.findings.is_empty(), "{:?}", judged);
                }
                Verdict::Missing | Verdict::Extra => prop_assert_eq!(paths, vec![String::new()]),
                Verdict::Synced => prop_assert!(paths.is_empty(), "{:?}", judged),
                Verdict::Unknown | Verdict::Invalid | Verdict::Terminating => {
                    prop_assert!(judged.reason.is_some(), "{:?}", judged);
                }
            }
        }
    }

    #[test]
    fn the_order_of_keyed_items_and_set_members_never_matters(
        then in a_deployment(), now in a_deployment(), hand in a_deployment(),
    ) {
        let stage = Stage::new();
        let node = stage.schemas.of(&gvk(&now));
        let mixed = manifest(&shuffled(node.as_ref(), &FieldPath::root(), &now));
        let (base, git) = (manifest(&then), manifest(&now));
        let live = stage.live(&then, &[("kubectl-edit", "Update", hand)]);
        let judged = |git| {
            let base = BaseLeg::At(Base::Record, Some(&base));
            let legs = Legs { git: Some(git), base, live: Some(&live), in_inventory: true };
            let judged = compare_local(&legs, &stage.ground());
            (judged.verdict, judged.moved, paths(&judged))
        };
        prop_assert_eq!(judged(&git), judged(&mixed));
    }

    #[test]
    fn the_order_of_documents_never_matters(names in vec("[a-c]", 1..6)) {
        let stage = Stage::new();
        let document = |name: &String| {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": name}});
            (body, name.clone())
        };
        let documents: Vec<Value> = names.iter().map(|name| document(name).0).collect();
        let mut reversed = documents.clone();
        reversed.reverse();
        let keys = |documents: &[Value]| {
            let prepared = preparing::prepared(&stage, documents);
            prepared.manifests.values().map(|manifest| (manifest.key.clone(), manifest.digest.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(keys(&documents), keys(&reversed));
    }
}
