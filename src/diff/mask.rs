//! Masking: the one place where a value becomes a [`Said`]. Decided by the kind of either side, never by a label.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::Ground;
use crate::model::{FieldPath, Kind, Said, Step};

/// Plain values longer than this are cut (product.md *JSON*).
const LONGEST: usize = 4096;
/// The annotation in which client-side apply keeps the whole object, Secrets included.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

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

/// How the values of one object are told.
pub(super) struct Masks<'a> {
    secret: bool,
    show_length: bool,
    masker: &'a Masker,
}

impl<'a> Masks<'a> {
    /// For an object of that kind.
    pub fn new(kind: &Kind, ground: &'a Ground) -> Self {
        Self { secret: kind.is_secret(), show_length: !ground.app.mask_length, masker: ground.masker }
    }

    /// Tells a value beside the other side's.
    pub fn say(&self, path: &FieldPath, value: &Value, other: Option<&Value>) -> Said {
        if self.secret && is_hidden(path) {
            let changed = other.is_none_or(|other| !self.masker.same(value, other));
            return Said::Masked { masked: true, changed, bytes: self.show_length.then(|| length(value)) };
        }
        let bytes = value.to_string().len();
        if bytes > LONGEST {
            return Said::Cut { cut: true, bytes: bytes as u64 };
        }
        Said::Plain(value.clone().into())
    }

    /// What stands in a text diff for the value at a path, when it is masked at all. `side` names the side of a value
    /// that is not the other's: two values of one length must not become one text.
    pub fn stand_in(&self, path: &FieldPath, value: &Value, other: Option<&Value>, side: &str) -> Option<String> {
        if !self.secret || !is_hidden(path) {
            return None;
        }
        let changed = other.is_none_or(|other| !self.masker.same(value, other));
        let word = if changed { side } else { "same" };
        let length = if self.show_length { format!(", {} bytes", length(value)) } else { String::new() };
        Some(format!("{MARKS} ({word}{length})"))
    }
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

/// Length of the decoded value in bytes; of anything else the length of its JSON.
fn length(value: &Value) -> u64 {
    let bytes = match value {
        Value::String(text) => STANDARD.decode(text).map_or(text.len(), |decoded| decoded.len()),
        other => other.to_string().len(),
    };
    bytes as u64
}
