//! A list as it leaves: a snapshot of objects, written out piece by piece as somebody reads it.
//!
//! Owns the envelope. Refuses selection and pages, which are `read`'s. Writing a list takes neither the cluster's lock
//! nor the memory for all of it at once: 40,000 pods are 200 MB of JSON.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::kinds::KindInfo;
use super::stored::Stored;

/// Bytes written at once, unless one object is larger.
const FRAME: usize = 64 * 1024;

/// What of a list is still to be written.
#[derive(Debug)]
pub(super) struct Listed {
    kind: Arc<KindInfo>,
    /// What comes before the first object; empty once it is written.
    head: Vec<u8>,
    items: std::vec::IntoIter<Arc<Stored>>,
    ended: bool,
}

impl Listed {
    pub(super) fn new(kind: &Arc<KindInfo>, metadata: &Value, items: Vec<Arc<Stored>>) -> Self {
        let (name, version) = (&kind.kind, kind.api_version());
        let head =
            format!("{{\"kind\":\"{name}List\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":[");
        Self { kind: kind.clone(), head: head.into_bytes(), items: items.into_iter(), ended: false }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.piece(FRAME)
    }

    /// All of it.
    pub(super) fn whole(mut self) -> Bytes {
        self.piece(usize::MAX).unwrap_or_default()
    }

    fn piece(&mut self, most: usize) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut out = std::mem::take(&mut self.head);
        let mut first = !out.is_empty();
        while out.len() < most {
            let Some(stored) = self.items.next() else {
                out.extend_from_slice(b"]}\n");
                self.ended = true;
                break;
            };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            stored.write_item(&self.kind, &mut out);
        }
        Some(Bytes::from(out))
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }
}
