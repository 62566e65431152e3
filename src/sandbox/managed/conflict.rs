//! A conflict in kube-apiserver's words. Refuses to decide whether it is one.

use super::super::failure::{Cause, Failure};
use serde_json::Value;

use crate::fields::{Entry, Set};
use crate::model::{FieldPath, Foreign, Step};
use crate::typed::Conflict;

/// What makes an entry that manager's; the server keeps managers by it, and lists conflicts in its order.
pub(super) fn identifier(entry: &Entry) -> String {
    let mut out = format!("{{\"manager\":\"{}\",\"operation\":\"{}\"", entry.manager.raw(), entry.operation.raw());
    if entry.operation.raw() != "Apply" {
        out = format!("{out},\"apiVersion\":\"{}\"", entry.api_version.raw());
    }
    match entry.subresource.as_ref().map(Foreign::raw) {
        Some(part) if !part.is_empty() => format!("{out},\"subresource\":\"{part}\"}}"),
        _ => format!("{out}}}"),
    }
}

/// `"kubectl-edit" using apps/v1`, as conflict sentences name a manager.
fn named(entry: &Entry) -> String {
    let mut out = format!("\"{}\"", entry.manager.raw());
    if let Some(subresource) = &entry.subresource {
        out = format!("{out} with subresource \"{}\"", subresource.raw());
    }
    if entry.operation.raw() == "Update" {
        out = format!("{out} using {}", entry.api_version.raw());
    }
    out
}

/// 409 with every field in dispute.
pub(super) fn failure(conflicts: &[Conflict]) -> Failure {
    let mut conflicts: Vec<&Conflict> = conflicts.iter().collect();
    conflicts.sort_by_key(|conflict| identifier(&conflict.entry));
    let told =
        |conflict: &&Conflict| (named(&conflict.entry), members_first(&conflict.set).iter().map(spelled).collect());
    let told: Vec<(String, Vec<String>)> = conflicts.iter().map(told).collect();
    let count: usize = told.iter().map(|(_, paths)| paths.len()).sum();
    let causes: Vec<Cause> = told
        .iter()
        .flat_map(|(manager, paths)| paths.iter().map(move |path| (manager, path)))
        .map(|(manager, path)| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with {manager}"),
            field: path.clone(),
        })
        .collect();
    let lists = |(manager, paths): &(String, Vec<String>)| match paths.as_slice() {
        [one] if count == 1 => format!("conflict with {manager}: {one}"),
        many => format!("conflicts with {manager}:\n- {}", many.join("\n- ")),
    };
    let said: Vec<String> = told.iter().map(lists).collect();
    let plural = if count == 1 { "conflict" } else { "conflicts" };
    Failure::apply_conflict(format!("Apply failed with {count} {plural}: {}", said.join("\n")), &causes)
}

/// A set's paths as structured-merge-diff lists them: at each level the members before what lies below.
fn members_first(set: &Set) -> Vec<FieldPath> {
    let mut paths: Vec<(usize, FieldPath)> = set.iter().enumerate().collect();
    paths.sort_by(|(m, a), (n, b)| {
        let shared = a.0.iter().zip(&b.0).take_while(|(a, b)| a == b).count();
        let is_deep = |path: &FieldPath| path.0.len() > shared + 1;
        is_deep(a).cmp(&is_deep(b)).then(m.cmp(n))
    });
    paths.into_iter().map(|(_, path)| path).collect()
}

/// A path as structured-merge-diff spells it: `.spec.containers[name="app"].image`.
pub(in super::super) fn spelled(path: &FieldPath) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) => format!(".{key}"),
        Step::Item(keys) => {
            let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={}", told(value))).collect();
            format!("[{}]", pairs.join(","))
        }
        Step::Member(value) => format!("[={}]", told(value)),
        Step::Index(at) => format!("[{at}]"),
    };
    path.0.iter().map(step).collect()
}

/// A value within a path.
fn told(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(told).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", told(value))).collect();
            pairs.concat()
        }
        single => single.to_string(),
    }
}
