//! What an apply does beyond the fields it writes: a changed pod template replaces pods.

use serde_json::Value;

use crate::model::{Finding, Foreign, Live};

/// What becomes of an object's pods when these findings are written; `None` when they go on running.
///
/// A controller makes pods anew when `spec.template` changes, and only then: a changed number of replicas adds or ends some.
#[must_use]
pub fn restart(live: &Live, findings: &[Finding]) -> Option<Foreign> {
    let rolls = matches!(&*live.key.kind.kind, "Deployment" | "StatefulSet" | "DaemonSet");
    if !rolls || !findings.iter().any(Finding::remakes_pods) {
        return None;
    }
    let object: Value = serde_json::from_str(&live.json).ok()?;
    let waits = object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete");
    let pods = object.pointer("/spec/replicas").and_then(Value::as_u64);
    if waits || pods == Some(0) {
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
    use crate::model::{ClusterName, Gvk, Moved, Op, ResourceKey};

    fn live(kind: &str, spec: &Value) -> Live {
        let gvk = Gvk { group: "apps".into(), version: "v1".into(), kind: kind.into() };
        let key = ResourceKey {
            cluster: ClusterName::new("dev"),
            kind: gvk.kind(),
            namespace: "shop".into(),
            name: "api".into(),
        };
        let json = json!({ "spec": spec }).to_string().into();
        Live { key, gvk, uid: "u".into(), resource_version: "1".into(), created: None, json }
    }

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
            let told = restart(&live(kind, &spec), &[finding(path, moved)]);
            assert_eq!(told.as_ref().map(Foreign::raw), wanted, "{kind} {spec} {path} {moved:?}");
        }
        let contested = Finding { contested: true, ..finding(image, Moved::Live) };
        assert_eq!(restart(&live("Deployment", &json!({"replicas": 5})), &[contested]), None, "kept as it is");
    }
}
