//! The objects by kind, namespace and name; one growing resourceVersion; the ring of changes that watches read.
//!
//! Owns versions, snapshots and compaction. Refuses meaning: what may be written is `write`'s business. Objects lie as
//! JSON bytes without `apiVersion` and `kind` (a list sends them so), parsed when somebody writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::kinds::{KindId, KindInfo};
use super::object;

/// Changes kept for watches and `continue`.
const RING: usize = 16_384;

/// Where an object lies within its kind; the namespace is empty for cluster-scoped kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

impl Name {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    pub(super) fn of(object: &Value) -> Self {
        Self::new(object::namespace(object), object::name(object))
    }
}

/// One object at one version.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) labels: BTreeMap<String, String>,
    /// JSON without `apiVersion` and `kind`.
    pub(super) bytes: Bytes,
}

impl Stored {
    fn new(object: &Value, rv: u64) -> Self {
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        Self { labels, bytes: bare(object, rv) }
    }

    /// The object with `kind` and `apiVersion`, as a get answers it.
    pub(super) fn value(&self, kind: &KindInfo) -> Value {
        let mut value: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        object::put(&mut value, "apiVersion", kind.api_version().into());
        object::put(&mut value, "kind", (*kind.kind).into());
        if let Some(custom) = &kind.custom {
            custom.view(&mut value);
        }
        value
    }

    /// The same as bytes, without parsing.
    pub(super) fn whole(&self, kind: &KindInfo) -> Vec<u8> {
        if kind.custom.is_some() {
            return self.value(kind).to_string().into_bytes();
        }
        let mut out = format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", kind.kind, kind.api_version()).into_bytes();
        out.extend_from_slice(self.bytes.get(1..).unwrap_or(b"}"));
        out
    }
}

fn bare(object: &Value, rv: u64) -> Bytes {
    let mut object = object.clone();
    object::set(&mut object, &["metadata", "resourceVersion"], rv.to_string().into());
    object::take(&mut object, &["apiVersion"]);
    object::take(&mut object, &["kind"]);
    Bytes::from(serde_json::to_vec(&object).unwrap_or_default())
}

/// What happened to an object.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) rv: u64,
    pub(super) kind: KindId,
    pub(super) name: Name,
    /// Before; none for a new object.
    pub(super) was: Option<Arc<Stored>>,
    /// After; for a deletion the last state at the deletion's version.
    pub(super) now: Arc<Stored>,
    pub(super) deleted: bool,
}

/// The cluster's memory.
#[derive(Debug)]
pub(super) struct Store {
    shelves: Vec<BTreeMap<Name, Arc<Stored>>>,
    rv: u64,
    ring: VecDeque<Arc<Change>>,
    /// Changes up to this version are forgotten.
    compacted: u64,
}

impl Store {
    /// An empty store for so many kinds.
    pub(super) fn new(kinds: usize) -> Self {
        Self { shelves: vec![BTreeMap::new(); kinds], rv: 1, ring: VecDeque::new(), compacted: 0 }
    }

    /// A shelf for another kind.
    pub(super) fn open(&mut self) -> KindId {
        self.shelves.push(BTreeMap::new());
        KindId(self.shelves.len() - 1)
    }

    /// The version of the last write.
    pub(super) fn rv(&self) -> u64 {
        self.rv
    }

    /// The oldest version a watch can start from.
    pub(super) fn compacted(&self) -> u64 {
        self.compacted
    }

    pub(super) fn get(&self, kind: KindId, name: &Name) -> Option<&Arc<Stored>> {
        self.shelves.get(kind.0)?.get(name)
    }

    /// The objects of a kind in order, in one namespace or (empty) in all.
    pub(super) fn list(&self, kind: KindId, namespace: &str) -> impl Iterator<Item = (&Name, &Arc<Stored>)> {
        let from = Name::new(namespace, "");
        let within = namespace.to_owned();
        let shelves = self.shelves.get(kind.0);
        shelves
            .into_iter()
            .flat_map(move |shelf| shelf.range(from.clone()..))
            .take_while(move |(name, _)| within.is_empty() || *name.namespace == *within)
    }

    /// The same as it was at version `rv`; none when that is forgotten.
    pub(super) fn list_at(&self, kind: KindId, namespace: &str, rv: u64) -> Option<Vec<(Name, Arc<Stored>)>> {
        if rv < self.compacted {
            return None;
        }
        let mut then: BTreeMap<Name, Arc<Stored>> =
            self.list(kind, namespace).map(|(name, stored)| (name.clone(), stored.clone())).collect();
        for change in self.ring.iter().rev().take_while(|change| change.rv > rv) {
            if change.kind != kind || !(namespace.is_empty() || *change.name.namespace == *namespace) {
                continue;
            }
            match &change.was {
                Some(was) => then.insert(change.name.clone(), was.clone()),
                None => then.remove(&change.name),
            };
        }
        Some(then.into_iter().collect())
    }

    /// The changes after `rv`, oldest first; none when some of them are forgotten.
    pub(super) fn since(&self, rv: u64) -> Option<impl Iterator<Item = &Arc<Change>>> {
        let start = self.ring.partition_point(|change| change.rv <= rv);
        (rv >= self.compacted).then(|| self.ring.range(start..))
    }

    /// Writes an object at the next version.
    pub(super) fn put(&mut self, kind: KindId, object: &Value) -> Arc<Stored> {
        self.rv += 1;
        let (name, now) = (Name::of(object), Arc::new(Stored::new(object, self.rv)));
        let was = self.shelves.get_mut(kind.0).and_then(|shelf| shelf.insert(name.clone(), now.clone()));
        self.push(Change { rv: self.rv, kind, name, was, now: now.clone(), deleted: false });
        now
    }

    /// Takes an object away; `last` is what watches are told it was.
    pub(super) fn remove(&mut self, kind: KindId, last: &Value) {
        let name = Name::of(last);
        let Some(was) = self.shelves.get_mut(kind.0).and_then(|shelf| shelf.remove(&name)) else { return };
        self.rv += 1;
        let now = Arc::new(Stored::new(last, self.rv));
        self.push(Change { rv: self.rv, kind, name, was: Some(was), now, deleted: true });
    }

    /// Forgets the changes so far.
    pub(super) fn compact(&mut self) {
        self.ring.clear();
        self.compacted = self.rv;
    }

    fn push(&mut self, change: Change) {
        self.ring.push_back(Arc::new(change));
        while self.ring.len() > RING {
            self.compacted = self.ring.pop_front().map_or(self.compacted, |gone| gone.rv);
        }
    }
}
