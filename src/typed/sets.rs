//! Values → sets of paths (SMD `ToFieldSet`, `EnsureNamedFieldsAreMembers`; `stripMeta` of the API server).

use serde_json::Value;

use super::form::{Form, Index, child, form};
use crate::fields::Set;
use crate::model::{FieldPath, Step};
use crate::schema::Node;

/// What nobody owns, of `metadata` (the API server's `stripMetaManager`).
const NOBODYS: [&str; 9] = [
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The set of paths a value holds: leaves, list items, free map keys, and fields that are null or an empty object.
pub fn set_of(node: Option<&Node>, value: &Value) -> Set {
    let mut set = Set::default();
    match form(node, value) {
        Form::Leaf => {}
        Form::Map(map) => {
            for (key, value) in map {
                let step = Step::Key(key.as_str().into());
                let below = child(node, &step);
                let declared = node.is_some_and(|node| node.declares(key));
                let empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
                let leaf = matches!(form(below.as_ref(), value), Form::Leaf);
                set.graft(&step, !declared || empty || leaf, set_of(below.as_ref(), value));
            }
        }
        Form::List(items) => {
            let index = Index::new(&items);
            for (step, value) in &items {
                let twice = index.places(step).len() > 1;
                let below = if twice { Set::default() } else { set_of(child(node, step).as_ref(), value) };
                set.graft(step, true, below);
            }
        }
    }
    set
}

/// The set an apply of `object` owns: as [`set_of`], without what nobody owns (apiVersion, kind, name, uid …).
pub fn applied_set(node: Option<&Node>, object: &Value) -> Set {
    set_of(node, object).difference(&nobodys())
}

/// The paths that are never told in managedFields.
pub(super) fn nobodys() -> Set {
    let mut set = Set::default();
    for key in ["apiVersion", "kind", "metadata"] {
        set.insert(&FieldPath::of_keys([key]));
    }
    for key in NOBODYS {
        set.insert(&FieldPath::of_keys(["metadata", key]));
    }
    set
}

/// The set with the struct fields on the way to its members as members, too: `a.b.c` makes `a` one where the schema
/// declares `a`, but not `a.b` where `b` is a free key.
pub fn name_members(node: Option<&Node>, set: &Set) -> Set {
    let mut named = Set::default();
    for (step, member, below) in set.steps() {
        let declared = matches!(step, Step::Key(key) if node.is_some_and(|node| node.declares(key)));
        let member = member || (declared && !below.is_empty());
        named.graft(step, member, name_members(child(node, step).as_ref(), below));
    }
    named
}
