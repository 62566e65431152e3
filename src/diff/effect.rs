//! What an apply does beyond the fields it writes: a changed pod template replaces pods.

use serde_json::Value;

use super::{Ground, text};
use crate::model::{Finding, Foreign, Kind, Live};

/// What becomes of a live object's pods when these findings are written; `None` when they go on running.
#[must_use]
pub fn restart(live: &Live, findings: &[Finding], ground: &Ground) -> Option<Foreign> {
    if !findings.iter().any(Finding::remakes_pods) {
        return None;
    }
    let object: Value = serde_json::from_str(&live.json).ok()?;
    let (mut before, mut after) = (object.clone(), object);
    text::hide((None, Some(live)), &live.key, (&mut before, &mut after), ground);
    becomes_of_pods(&live.key.kind, &before, findings)
}

/// The same of an object whose masked values are hidden.
///
/// A controller makes pods anew when `spec.template` changes, and only then: a changed number of replicas adds or ends some.
pub(super) fn becomes_of_pods(kind: &Kind, object: &Value, findings: &[Finding]) -> Option<Foreign> {
    let rolls = matches!(&*kind.kind, "Deployment" | "StatefulSet" | "DaemonSet");
    let waits = object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete");
    let pods = object.pointer("/spec/replicas").and_then(Value::as_u64);
    let is_there = !object.is_null() && pods != Some(0);
    if !rolls || waits || !is_there || !findings.iter().any(Finding::remakes_pods) {
        return None;
    }
    Some(match pods {
        Some(1) => Foreign::from("rolling restart of 1 pod"),
        Some(pods) => Foreign::new(format!("rolling restart of {pods} pods")),
        None => Foreign::from("rolling restart of its pods"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Moved, Op};

    fn finding(path: &str, moved: Moved) -> Finding {
        Finding {
            path: path.parse().expect("a path"),
            moved: Some(moved),
            contested: false,
            op: Op::Replace,
            live: None,
            git: None,
            was: None,
            by: None,
            declared: None,
            needs_delete: false,
            left: None,
        }
    }

    #[test]
    fn pods_restart_when_their_template_is_written_and_only_then() {
        let image = "spec.template.spec.containers[name=api].image";
        for (kind, spec, path, moved, wanted) in [
            ("Deployment", json!({"replicas": 5}), image, Moved::Live, Some("rolling restart of 5 pods")),
            ("Deployment", json!({"replicas": 1}), image, Moved::Git, Some("rolling restart of 1 pod")),
            ("DaemonSet", json!({}), image, Moved::Both, Some("rolling restart of its pods")),
            ("Deployment", json!({"replicas": 1}), "spec.replicas", Moved::Live, None),
            ("Deployment", json!({"replicas": 5}), image, Moved::Foreign, None),
            ("Deployment", json!({"replicas": 0}), image, Moved::Live, None),
            ("StatefulSet", json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}}), image, Moved::Live, None),
            ("CronJob", json!({}), image, Moved::Live, None),
        ] {
            let told = becomes_of_pods(&Kind::new("apps", kind), &json!({ "spec": spec }), &[finding(path, moved)]);
            assert_eq!(told.as_ref().map(Foreign::raw), wanted, "{kind} {spec} {path} {moved:?}");
        }
        let contested = Finding { contested: true, ..finding(image, Moved::Live) };
        let told = becomes_of_pods(&Kind::new("apps", "Deployment"), &json!({"spec": {"replicas": 5}}), &[contested]);
        assert_eq!(told, None, "kept as it is");
    }
}
