//! The objects by kind, namespace and name; one growing resourceVersion; the ring of changes that watches read.
//!
//! Owns versions, snapshots and compaction. Refuses meaning: what may be written is `write`'s business. Each kind has a
//! ring of its own, as in the watch cache of kube-apiserver: what others write takes no watch its place. All rings
//! together are bounded by number and by bytes, and the oldest change is forgotten first.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use super::kinds::KindId;
use super::object;
use super::stored::{Stored, Texts};

/// Changes kept for watches and `continue`.
const RING: usize = 16_384;
/// Bytes of objects that are kept for them alone.
const RING_BYTES: usize = 48 * 1024 * 1024;

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

impl Change {
    /// What only the ring still holds of it: in the end no shelf has the state before, nor a deletion's last.
    fn weight(&self) -> usize {
        let last = if self.deleted { self.now.weight() } else { 0 };
        self.was.as_ref().map_or(0, |was| was.weight()) + last
    }
}

/// A kind's objects and its latest changes.
#[derive(Debug, Default)]
struct Shelf {
    objects: BTreeMap<Name, Arc<Stored>>,
    ring: VecDeque<Arc<Change>>,
    /// Changes up to this version are forgotten.
    compacted: u64,
}

/// The cluster's memory.
#[derive(Debug)]
pub(super) struct Store {
    shelves: Vec<Shelf>,
    rv: u64,
    /// Whose change each of the rings' is, the oldest first.
    order: VecDeque<KindId>,
    /// Bytes that only the rings hold.
    weight: usize,
    /// The version of the last compaction that was asked for.
    asked: u64,
    texts: Texts,
}

impl Store {
    /// An empty store for so many kinds.
    pub(super) fn new(kinds: usize) -> Self {
        let shelves = std::iter::repeat_with(Shelf::default).take(kinds).collect();
        Self { shelves, rv: 1, order: VecDeque::new(), weight: 0, asked: 0, texts: Texts::default() }
    }

    /// A shelf for another kind.
    pub(super) fn open(&mut self) -> KindId {
        self.shelves.push(Shelf { compacted: self.asked, ..Shelf::default() });
        KindId(self.shelves.len() - 1)
    }

    /// The version of the last write.
    pub(super) fn rv(&self) -> u64 {
        self.rv
    }

    /// The oldest version a watch of the kind can start from.
    pub(super) fn compacted(&self, kind: KindId) -> u64 {
        self.shelves.get(kind.0).map_or(self.asked, |row| row.compacted)
    }

    /// The version up to which everything was forgotten because somebody asked for it.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    pub(super) fn get(&self, kind: KindId, name: &Name) -> Option<&Arc<Stored>> {
        self.shelves.get(kind.0)?.objects.get(name)
    }

    /// The objects of a kind in order, in one namespace or (empty) in all.
    pub(super) fn list(&self, kind: KindId, namespace: &str) -> impl Iterator<Item = (&Name, &Arc<Stored>)> {
        let from = Name::new(namespace, "");
        let within = namespace.to_owned();
        let shelves = self.shelves.get(kind.0);
        shelves
            .into_iter()
            .flat_map(move |row| row.objects.range(from.clone()..))
            .take_while(move |(name, _)| within.is_empty() || *name.namespace == *within)
    }

    /// The same as it was at version `rv`, after a name; none when that is forgotten.
    pub(super) fn list_at(
        &self,
        kind: KindId,
        namespace: &str,
        (rv, after): (u64, Option<&Name>),
    ) -> Option<impl Iterator<Item = (&Name, &Arc<Stored>)>> {
        let row = self.shelves.get(kind.0).filter(|row| rv >= row.compacted)?;
        let mut undone = BTreeMap::new();
        for change in row.ring.iter().rev().take_while(|change| change.rv > rv) {
            undone.insert(&change.name, change.was.as_ref());
        }
        let from = after.cloned().unwrap_or_else(|| Name::new(namespace, ""));
        let mut then = undone.split_off(&from);
        if after.is_some() {
            then.remove(&from);
        }
        let start = if after.is_some() { Bound::Excluded(from) } else { Bound::Included(from) };
        let within = namespace.to_owned();
        let past =
            Past { then: then.into_iter().peekable(), now: row.objects.range((start, Bound::Unbounded)).peekable() };
        Some(past.take_while(move |(name, _)| within.is_empty() || *name.namespace == *within))
    }

    /// The changes of a kind after `rv`, oldest first; none when some of them are forgotten.
    pub(super) fn since(&self, kind: KindId, rv: u64) -> Option<impl Iterator<Item = &Arc<Change>>> {
        let row = self.shelves.get(kind.0).filter(|row| rv >= row.compacted)?;
        Some(row.ring.range(row.ring.partition_point(|change| change.rv <= rv)..))
    }

    /// Writes an object at the next version.
    pub(super) fn put(&mut self, kind: KindId, object: &Value) {
        self.rv += 1;
        let now = Arc::new(Stored::new(object, self.rv, &mut self.texts));
        let Some(row) = self.shelves.get_mut(kind.0) else { return };
        let name = row.share(Name::of(object));
        let was = row.objects.insert(name.clone(), now.clone());
        self.push(Change { rv: self.rv, kind, name, was, now, deleted: false });
    }

    /// Takes an object away; `last` is what watches are told it was.
    pub(super) fn remove(&mut self, kind: KindId, last: &Value) {
        let row = self.shelves.get_mut(kind.0);
        let Some((name, was)) = row.and_then(|row| row.objects.remove_entry(&Name::of(last))) else { return };
        self.rv += 1;
        let now = Arc::new(Stored::new(last, self.rv, &mut self.texts));
        self.push(Change { rv: self.rv, kind, name, was: Some(was), now, deleted: true });
    }

    /// Forgets the changes so far.
    pub(super) fn compact(&mut self) {
        (self.asked, self.weight) = (self.rv, 0);
        self.order.clear();
        for row in &mut self.shelves {
            row.ring.clear();
            row.compacted = self.rv;
        }
    }

    fn push(&mut self, change: Change) {
        self.weight += change.weight();
        self.order.push_back(change.kind);
        if let Some(row) = self.shelves.get_mut(change.kind.0) {
            row.ring.push_back(Arc::new(change));
        }
        while (self.order.len() > RING || self.weight > RING_BYTES) && self.forget() {}
    }

    /// Drops the oldest change; says whether there was one.
    fn forget(&mut self) -> bool {
        let Some(kind) = self.order.pop_front() else { return false };
        if let Some(row) = self.shelves.get_mut(kind.0)
            && let Some(gone) = row.ring.pop_front()
        {
            row.compacted = gone.rv;
            self.weight -= gone.weight();
        }
        true
    }
}

impl Shelf {
    /// The same name in the memory of one that lies here: the object's own, or its neighbour's namespace.
    fn share(&self, name: Name) -> Name {
        let before = self.objects.range::<Name, _>(..=&name).next_back();
        match before {
            Some((own, _)) if *own == name => own.clone(),
            Some((other, _)) if other.namespace == name.namespace => {
                Name { namespace: other.namespace.clone(), name: name.name }
            }
            _ => name,
        }
    }
}

/// A shelf as it was: what lies there now, but where a change since then is undone.
struct Past<T: Iterator, N: Iterator> {
    then: Peekable<T>,
    now: Peekable<N>,
}

impl<'s, T, N> Iterator for Past<T, N>
where
    T: Iterator<Item = (&'s Name, Option<&'s Arc<Stored>>)>,
    N: Iterator<Item = (&'s Name, &'s Arc<Stored>)>,
{
    type Item = (&'s Name, &'s Arc<Stored>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((undone, _)) = self.then.peek() else { return self.now.next() };
            if self.now.peek().is_some_and(|(name, _)| name < undone) {
                return self.now.next();
            }
            let undone = *undone;
            self.now.next_if(|(name, _)| *name == undone);
            if let Some((name, Some(was))) = self.then.next() {
                return Some((name, was));
            }
        }
    }
}

#[cfg(test)]
mod tests;
