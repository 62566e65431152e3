//! Conditions and counts of a status, as the controllers of kube-controller-manager set them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::object;

/// What a condition is to say: its type, `True`, `False` or `Unknown`, a reason and a sentence.
pub(super) type Words<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The condition of a type.
pub(super) fn find<'v>(status: &'v Value, name: &str) -> Option<&'v Value> {
    status["conditions"].as_array()?.iter().find(|one| one["type"] == name)
}

/// Whether a condition is `True`.
pub(super) fn holds(status: &Value, name: &str) -> bool {
    find(status, name).is_some_and(|one| one["status"] == "True")
}

/// Takes a condition out.
pub(super) fn drop(status: &mut Value, name: &str) {
    if let Some(all) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        all.retain(|one| one["type"] != name);
        if all.is_empty() {
            object::take(status, &["conditions"]);
        }
    }
}

/// Sets a condition in its place; its transition time moves only with its status.
pub(super) fn condition(status: &mut Value, words: Words, now: Timestamp) {
    let (name, word, reason, message) = words;
    let own = find(status, name);
    if own.is_some_and(|own| own["status"] == word && own["reason"] == reason && own["message"] == message) {
        return;
    }
    let kept = own.filter(|own| own["status"] == word).map(|own| own["lastTransitionTime"].clone());
    let mut new = json!({"type": name, "status": word, "lastTransitionTime": kept.unwrap_or_else(|| said(now))});
    for (key, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            new[key] = text.into();
        }
    }
    let mut all = status["conditions"].as_array().cloned().unwrap_or_default();
    match all.iter_mut().find(|one| one["type"] == name) {
        Some(own) => *own = new,
        None => all.push(new),
    }
    object::put(status, "conditions", all.into());
}

/// Sets a Deployment's condition: one that says the same for the same reason is left as it is, another goes to the end.
pub(super) fn renew(status: &mut Value, words: Words, now: Timestamp) {
    let (name, word, reason, _) = words;
    if find(status, name).is_some_and(|own| own["status"] == word && own["reason"] == reason) {
        return;
    }
    replace(status, words, now);
}

/// The same, whatever there is: the time of its update moves.
pub(super) fn replace(status: &mut Value, (name, word, reason, message): Words, now: Timestamp) {
    let own = find(status, name).filter(|own| own["status"] == word);
    let since = own.map_or_else(|| said(now), |own| own["lastTransitionTime"].clone());
    drop(status, name);
    let mut all = status["conditions"].as_array().cloned().unwrap_or_default();
    all.push(json!({
        "type": name, "status": word, "reason": reason, "message": message,
        "lastTransitionTime": since, "lastUpdateTime": said(now),
    }));
    object::put(status, "conditions", all.into());
}

fn said(now: Timestamp) -> Value {
    now.to_string().into()
}

/// Sets counts as Go's `omitempty` does: a zero is left out.
pub(super) fn counts(status: &mut Value, all: &[(&str, usize)]) {
    for (key, count) in all {
        if *count == 0 {
            object::take(status, &[key]);
        } else {
            object::put(status, key, (*count).into());
        }
    }
}
