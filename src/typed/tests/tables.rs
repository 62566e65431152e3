//! Tables: one behaviour a line.

use serde_json::{Value, json};

use super::node_of;
use crate::typed::{Leniency, Side, at, compare, compare_with, merge, quantity_eq, subset};

const EXACT: Leniency = Leniency { empty_is_absent: false, zero_is_absent: false };
const LENIENT: Leniency = Leniency { empty_is_absent: true, zero_is_absent: true };

fn pod(container: impl Into<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container.into()]}})
}

fn widget(spec: impl Into<Value>) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": spec.into()})
}

fn service(ports: impl Into<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports.into()}})
}

/// `+path`, `-path`, `~path`.
fn told(a: &Value, b: &Value, leniency: Leniency) -> Vec<String> {
    let sign = |side| match side {
        Side::Added => '+',
        Side::Removed => '-',
        Side::Changed => '~',
    };
    let changes = compare_with(Some(&node_of(a)), a, b, leniency);
    changes.iter().map(|change| format!("{}{}", sign(change.side), change.path)).collect()
}

#[test]
fn a_difference_stands_at_the_smallest_unit_that_can_be_owned() {
    let app = |more: Value| {
        let mut app = json!({"name": "a", "image": "x:1"});
        app.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        pod(app)
    };
    let c = "spec.containers[name=a]";
    let table = [
        (app(json!({})), app(json!({"image": "x:2"})), vec![format!("~{c}.image")]),
        (
            app(json!({})),
            app(json!({"securityContext": {"runAsUser": 1}})),
            vec![format!("+{c}.securityContext.runAsUser")],
        ),
        (app(json!({"args": ["1", "2"]})), app(json!({"args": ["2", "1"]})), vec![format!("~{c}.args")]),
        (
            app(json!({"env": [{"name": "A"}, {"name": "B"}]})),
            app(json!({"env": [{"name": "B"}, {"name": "A"}]})),
            vec![],
        ),
        (
            app(json!({"env": [{"name": "A", "value": "1"}]})),
            app(json!({"env": []})),
            vec![format!("-{c}.env[name=A]")],
        ),
        (
            app(json!({"resources": {"limits": {"cpu": "0.5", "memory": "1Gi"}}})),
            app(json!({"resources": {"limits": {"cpu": "500m", "memory": "1024Mi"}}})),
            vec![],
        ),
        (
            app(json!({"ports": [{"containerPort": 80}]})),
            app(json!({"ports": [{"containerPort": 80, "protocol": "TCP"}]})),
            vec![format!("+{c}.ports[containerPort=80,protocol=TCP].protocol")],
        ),
        (
            app(json!({"livenessProbe": {"httpGet": {"port": 80}}})),
            app(json!({"livenessProbe": {"httpGet": {"port": "80"}}})),
            vec![format!("~{c}.livenessProbe.httpGet.port")],
        ),
    ];
    for (a, b, wanted) in table {
        assert_eq!(told(&a, &b, EXACT), wanted, "{a} → {b}");
    }
}

#[test]
fn custom_resources_are_told_apart_by_their_schema() {
    let table = [
        (json!({"tags": ["a", "b"]}), json!({"tags": ["b", "a"]}), vec![]),
        (json!({"tags": ["a"]}), json!({"tags": ["a", "c"]}), vec!["+spec.tags[=\"c\"]"]),
        (json!({"plain": ["a"]}), json!({"plain": ["a", "c"]}), vec!["~spec.plain"]),
        (json!({"atomicMap": {"a": "1"}}), json!({"atomicMap": {"a": "1", "b": "2"}}), vec!["~spec.atomicMap"]),
        (
            json!({"free": {"a": {"b": 1}}}),
            json!({"free": {"a": {"c": [1]}}}),
            vec!["-spec.free.a.b", "+spec.free.a.c"],
        ),
        (
            json!({"rows": [{"id": 1}]}),
            json!({"rows": [{"id": 1, "zone": "us"}]}),
            vec!["-spec.rows[id=1,zone=eu]", "+spec.rows[id=1,zone=us]"],
        ),
        (json!({"ratio": 1}), json!({"ratio": 1.0}), vec![]),
        (json!({"size": "1"}), json!({"size": "1000m"}), vec!["~spec.size"]),
        (json!({"opts": {}}), json!({}), vec!["-spec.opts"]),
        (json!({"opts": null}), json!({"opts": {"x": {"on": true}}}), vec!["+spec.opts.x.on"]),
    ];
    for (a, b, wanted) in table {
        assert_eq!(told(&widget(a.clone()), &widget(b.clone()), EXACT), wanted, "{a} → {b}");
    }
}

#[test]
fn what_is_forgiven_is_forgiven_at_granular_places_only() {
    let forgiven = [
        (json!({"opts": {}, "rows": [], "tags": null}), json!({})),
        (json!({"opts": {"a": {"on": false, "n": 0}}}), json!({"opts": {"a": {}}})),
        (json!({"size": ""}), json!({})),
    ];
    for (a, b) in forgiven {
        assert_eq!(told(&widget(a.clone()), &widget(b.clone()), LENIENT), Vec::<String>::new(), "{a} → {b}");
        assert!(!told(&widget(a.clone()), &widget(b), EXACT).is_empty(), "{a} differs to the letter");
    }
    let policy = |ingress: Value| json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"ingress": ingress}});
    assert_eq!(told(&policy(json!([])), &policy(json!([{}])), LENIENT), ["~spec.ingress"], "closed is not open");
}

#[test]
fn duplicates_are_one_unit() {
    let one = json!([{"port": 80, "name": "a"}]);
    let two = json!([{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]);
    let path = "spec.ports[port=80,protocol=TCP]";
    assert_eq!(told(&service(one.clone()), &service(two.clone()), EXACT), [format!("~{path}")]);
    assert_eq!(told(&service(two.clone()), &service(two.clone()), EXACT), Vec::<String>::new());
    assert_eq!(told(&service(json!([])), &service(two), EXACT), [format!("+{path}")]);
}

#[test]
fn a_part_declares_only_what_it_says() {
    let whole = pod(json!({"name": "a", "image": "x:1", "imagePullPolicy": "Always", "env": [
        {"name": "A", "value": "1"}, {"name": "X", "value": "9"}, {"name": "B", "value": "2"}]}));
    let node = node_of(&whole);
    let against = |container: Value| -> Vec<String> {
        let found = subset(Some(&node), &pod(container), &whole, LENIENT);
        found.iter().map(|change| format!("{:?} {}", change.side, change.path)).collect()
    };
    let c = "spec.containers[name=a]";
    let (a, b) = (json!({"name": "A", "value": "1"}), json!({"name": "B", "value": "2"}));
    assert!(against(json!({"name": "a", "env": [a, b]})).is_empty(), "what live has more is nobody's question");
    assert_eq!(
        against(json!({"name": "a", "env": [b, a]})),
        [format!("Changed {c}.env")],
        "the order of env means something"
    );
    assert_eq!(against(json!({"name": "b"})), ["Removed spec.containers[name=b]"], "an item is one");
    assert_eq!(against(json!({"name": "a", "image": "x:2"})), [format!("Changed {c}.image")]);
    assert_eq!(against(json!({"name": "a", "tty": true})), [format!("Removed {c}.tty")]);
    assert!(
        against(json!({"name": "a", "tty": false, "resources": {}})).is_empty(),
        "zero is absent where that is asked"
    );
}

#[test]
fn applied_items_keep_their_order_and_live_ones_their_place() {
    let rows = |ids: &[i64]| widget(json!({"rows": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()}));
    let table: [(&[i64], &[i64], &[i64]); 6] = [
        (&[1, 2, 3], &[2], &[1, 2, 3]),
        (&[1, 2, 3], &[3, 1], &[2, 3, 1]),
        (&[1, 9, 2], &[2, 1], &[9, 2, 1]),
        (&[1, 2], &[3, 1], &[3, 1, 2]),
        (&[1, 2], &[1, 3, 2], &[1, 3, 2]),
        (&[], &[2, 1], &[2, 1]),
    ];
    let node = node_of(&rows(&[]));
    for (live, applied, wanted) in table {
        let merged = merge(Some(&node), &rows(live), &rows(applied));
        assert_eq!(merged, rows(wanted), "{live:?} with {applied:?}");
    }
}

#[test]
fn quantities_are_equal_by_value() {
    let equal = [
        ("0.5", "500m"),
        ("1Ki", "1024"),
        ("1", "1000m"),
        ("1e3", "1k"),
        ("1E3", "1000"),
        ("0", "0Gi"),
        ("1G", "1000M"),
        ("0.5Gi", "512Mi"),
        ("+1", "1"),
        ("100n", "0.1u"),
        (".5", "500m"),
        ("8Ei", "9223372036854775808"),
        ("-0.5", "-500m"),
    ];
    for (a, b) in equal {
        assert_eq!(quantity_eq(a, b), Some(true), "{a} = {b}");
    }
    for (a, b) in [("1", "2"), ("1G", "1Gi"), ("1", "-1"), ("1m", "1M"), ("1E", "1Ei")] {
        assert_eq!(quantity_eq(a, b), Some(false), "{a} ≠ {b}");
    }
    for bad in ["", "x", "1.2.3", "1 Gi", "Gi", ".", "1e", "1ki", "--1", "1e99999999999"] {
        assert_eq!(quantity_eq(bad, "1"), None, "{bad:?} is no quantity");
    }
}

#[test]
fn a_path_finds_its_value() {
    let value = service(json!([{"port": 80, "name": "h"}, {"port": 80, "protocol": "UDP", "name": "u"}]));
    let find = |text: &str| at(&value, &text.parse().expect(text)).cloned();
    assert_eq!(find("spec.ports[port=80,protocol=UDP].name"), Some(json!("u")));
    assert_eq!(find("spec.ports[port=80,protocol=TCP].name"), Some(json!("h")), "the absent protocol is the default");
    assert_eq!(find("spec.ports[1].port"), Some(json!(80)));
    assert_eq!(find("spec.ports[port=81,protocol=TCP]"), None);
    assert_eq!(find(""), Some(value.clone()));
    let tags = json!({"tags": ["a", "b"]});
    assert_eq!(at(&tags, &"tags[=\"b\"]".parse().expect("path")), Some(&json!("b")));
}

#[test]
fn without_a_schema_objects_are_granular_and_lists_are_one() {
    let (a, b) = (json!({"x": {"y": 1, "l": [1]}}), json!({"x": {"y": 2, "l": [1, 2]}}));
    let paths: Vec<String> = compare(None, &a, &b).iter().map(|change| change.path.to_string()).collect();
    assert_eq!(paths, ["x.l", "x.y"]);
}

#[test]
fn debug_of_a_change_tells_no_value() {
    let changes = compare(None, &json!({"a": "hunter2"}), &json!({"a": "hunter3"}));
    assert_eq!(format!("{changes:?}"), "[Changed a]");
}
