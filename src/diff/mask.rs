//! Masking: the one place where a value becomes a [`Said`]. Decided by the kind of either side, by what a value holds,
//! and by the rules of the config; never by a label.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::Ground;
use super::cover::{self, Cover};
use crate::model::{FieldPath, Gvk, MaskRule, ResourceKey, Said, Step};
use crate::typed;

/// Plain values longer than this are cut (product.md *JSON*).
const LONGEST: usize = 4096;
/// The annotation in which client-side apply keeps the whole object, Secrets included.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// A shorter value is not looked for in labels and names: it would be everywhere.
const SHORTEST: usize = 4;

/// What stands for a value that is not told.
pub(super) const MARKS: &str = "••••••••";

/// Keyed digests: equality of masked values without the values. The key lives and dies with the process.
#[derive(Clone)]
pub struct Masker {
    key: [u8; 32],
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masker")
    }
}

impl Masker {
    /// A masker with this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The keyed digest of a value.
    fn digest(&self, value: &Value) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        mac.update(value.to_string().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    fn same(&self, a: &Value, b: &Value) -> bool {
        self.digest(a) == self.digest(b)
    }
}

/// How the values of one object are told: both its sides, and the rules that meet it.
pub(super) struct Masks<'a> {
    secret: bool,
    rules: Vec<&'a FieldPath>,
    sides: [&'a Value; 2],
    /// What a Secret holds, to be found again in its labels, annotations and the like.
    held: Vec<String>,
    show_length: bool,
    masker: &'a Masker,
}

impl<'a> Masks<'a> {
    /// For an object with these sides (`Null` = none); any word for its kind that means a Secret makes it one.
    pub fn new(key: &ResourceKey, kinds: &[&Gvk], sides: [&'a Value; 2], ground: &'a Ground) -> Self {
        let named = sides.iter().filter_map(|side| side.get("kind").and_then(Value::as_str));
        let mut kinds = kinds.iter().map(|gvk| &*gvk.kind).chain(named);
        let secret = is_secret(&key.kind.kind) || kinds.any(is_secret);
        let rules = ground.app.mask.iter().filter(|rule| is_about(rule, key)).map(|rule| &rule.path).collect();
        let (masker, show_length) = (ground.masker, !ground.app.mask_length);
        let held = if secret { sides.iter().flat_map(|side| held(side)).collect() } else { Vec::new() };
        Self { secret, rules, sides, held, show_length, masker }
    }

    /// Tells a value beside the other side's.
    pub fn say(&self, path: &FieldPath, value: &Value, other: Option<&Value>) -> Said {
        if self.is_hidden(path, value) {
            let changed = other.is_none_or(|other| !self.masker.same(value, other));
            return Said::Masked { masked: true, changed, bytes: self.show_length.then(|| length(value)) };
        }
        let bytes = value.to_string().len();
        if bytes > LONGEST {
            return Said::Cut { cut: true, bytes: bytes as u64 };
        }
        Said::Plain(value.clone().into())
    }

    /// The path as it may be told: what identifies a list item is a value too.
    pub fn path(&self, path: FieldPath) -> FieldPath {
        let told = |step: &Step| !matches!(step, Step::Item(_) | Step::Member(_));
        if path.0.iter().all(told) {
            return path;
        }
        let mut out = FieldPath::root();
        for (n, step) in path.0.iter().enumerate() {
            let so_far = FieldPath(path.0[..=n].to_vec());
            let hides = |value: &Value| !told(step) && self.is_hidden(&so_far, value) && self.is_below(&so_far);
            out.0.push(match step {
                Step::Member(member) if hides(member) => Step::Member(Value::from(MARKS)),
                Step::Item(keys) if hides(&Value::Null) => {
                    Step::Item(keys.iter().map(|(key, _)| (key.clone(), Value::from(MARKS))).collect())
                }
                other => other.clone(),
            });
        }
        out
    }

    /// Whether the list of an item is hidden, and not only something in the item.
    fn is_below(&self, path: &FieldPath) -> bool {
        let list = FieldPath(path.0[..path.0.len().saturating_sub(1)].to_vec());
        self.is_hidden(&list, &Value::Null) || self.is_hidden(path, &Value::Null)
    }

    /// Replaces every hidden value of both sides by what may be told of it. Two values of one length do not become one
    /// text: each side names its own.
    pub fn hide(&self, before: &mut Value, after: &mut Value) {
        let (plain_before, plain_after) = (before.clone(), after.clone());
        // A side that is not there has nothing to hide, and no length either.
        if !before.is_null() {
            self.visit(before, &plain_after, &mut |value, other| *value = self.stand_in(value, other, "live value"));
        }
        if !after.is_null() {
            self.visit(after, &plain_before, &mut |value, other| *value = self.stand_in(value, other, "git value"));
        }
    }

    /// Every hidden value of both sides, and whether anything of the object may be hidden at all.
    pub fn hidden(&self) -> Vec<Value> {
        let mut values = Vec::new();
        for side in self.sides {
            let mut copy = side.clone();
            self.visit(&mut copy, &Value::Null, &mut |value, _| values.push(value.clone()));
        }
        values
    }

    /// Whether the object is a Secret by any of its words.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    fn visit(&self, value: &mut Value, other: &Value, hit: cover::Hit<'_>) {
        let rules: Vec<&[Step]> = self.rules.iter().map(|rule| &*rule.0).collect();
        Cover { secret: self.secret, held: &self.held, hit }.below(value, Some(other), &rules, &mut FieldPath::root());
    }

    fn stand_in(&self, value: &Value, other: Option<&Value>, side: &str) -> Value {
        let changed = other.is_none_or(|other| !self.masker.same(value, other));
        let word = if changed { side } else { "same" };
        let length = if self.show_length { format!(", {} bytes", length(value)) } else { String::new() };
        Value::from(format!("{MARKS} ({word}{length})"))
    }

    fn is_hidden(&self, path: &FieldPath, value: &Value) -> bool {
        (self.secret && (is_hidden(path) || cover::quotes(value, &self.held)))
            || self.rules.iter().any(|rule| self.meets(&rule.0, path, value))
            || self.is_nested(path)
            || cover::holds_secret(value)
    }

    /// Whether a rule's path covers this one, or ends somewhere in the value at it.
    fn meets(&self, rule: &[Step], path: &FieldPath, value: &Value) -> bool {
        let mut at = self.sides.map(Some);
        for (want, step) in rule.iter().zip(&path.0) {
            let next = at.map(|side| side.and_then(|side| typed::at(side, &FieldPath(vec![step.clone()]))));
            let placed = |n: usize| at[n].zip(next[n]).is_some_and(|(list, item)| cover::fits_item(want, list, item));
            if !cover::fits(want, step) && !placed(0) && !placed(1) {
                return false;
            }
            at = next;
        }
        rule.get(path.0.len()..).is_none_or(|rest| cover::reaches(rest, value))
    }

    /// Whether a path leads into a Secret that another object holds.
    fn is_nested(&self, path: &FieldPath) -> bool {
        self.sides.iter().any(|side| {
            let mut at = Some(*side);
            path.0.iter().any(|step| {
                let here = at;
                at = at.and_then(|value| typed::at(value, &FieldPath(vec![step.clone()])));
                let is_data = matches!(step, Step::Key(key) if cover::is_data(key));
                is_data && here.and_then(Value::as_object).is_some_and(cover::is_nested)
            })
        })
    }
}

/// Whether a rule is about an object.
fn is_about(rule: &MaskRule, key: &ResourceKey) -> bool {
    let fits = |pattern: Option<&String>, text: &str| pattern.is_none_or(|glob| cover::wild(glob, text));
    fits(rule.kind.as_ref(), &key.kind.kind)
        && fits(rule.name.as_ref(), &key.name)
        && fits(rule.namespace.as_ref(), &key.namespace)
}

/// Whether a word for a kind means a Secret, in whatever group and spelling: a server would refuse most of these, and
/// their values would stand in its refusal.
pub(super) fn is_secret(kind: &str) -> bool {
    matches!(kind.trim().to_lowercase().as_str(), "secret" | "secrets" | "secretlist")
}

/// Whether a Secret's value at this path is hidden: everything but what identifies and labels it.
pub(super) fn is_hidden(path: &FieldPath) -> bool {
    let key = |n: usize| match path.0.get(n) {
        Some(Step::Key(key)) => Some(&**key),
        _ => None,
    };
    match (key(0), key(1), key(2)) {
        (Some("metadata"), Some("annotations"), Some(annotation)) => annotation == LAST_APPLIED,
        (Some("metadata"), Some(field), _) => matches!(field, "annotations" | "managedFields"),
        (Some("apiVersion" | "kind" | "type" | "immutable"), ..) => false,
        _ => true,
    }
}

/// What a Secret holds in plain and encoded, as far as it is long enough to be told from words.
fn held(side: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let maps = ["data", "stringData"].into_iter().filter_map(|field| side.get(field).and_then(Value::as_object));
    for value in maps.flat_map(|map| map.values()) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        out.extend(decoded.into_iter().chain([text]).filter(|text| text.len() >= SHORTEST));
    }
    out
}

/// Length of the decoded value in bytes; of anything else the length of its JSON.
fn length(value: &Value) -> u64 {
    let bytes = match value {
        Value::String(text) => STANDARD.decode(text).map_or(text.len(), |decoded| decoded.len()),
        other => other.to_string().len(),
    };
    bytes as u64
}
