//! The steps and rules of a judgement, by name, and the means to judge without one of them.
//!
//! Only tests switch one off: a case of drift that comes out the same without its rule has not tested the rule. No
//! config key, no flag and no environment variable reaches this.

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal),+ $(,)?) => {
        /// One step or rule (docs/drift.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule),+
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),+];

            /// Its name, as a case of drift writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Rule::$rule => $name),+
                }
            }
        }
    };
}

rules! {
    /// Scalars are read as YAML 1.1 has them (`0644`, `yes`); off: as YAML 1.2.
    Yaml11 = "yaml-1.1",
    /// Merge keys `<<` are merged; off: they are fields.
    MergeKeys = "merge-keys",
    /// A duplicate key makes the document invalid; off: the last one counts.
    DuplicateKeys = "duplicate-keys",
    /// Lists of objects are taken apart.
    Lists = "lists",
    /// Explicit zeros and empties are declarations; off: dropped, as typed structs do.
    Zeros = "zeros",
    /// `stringData` is folded into `data`.
    StringData = "string-data",
    /// `uid`, `resourceVersion` and the like are left out of git's object.
    StripServerFields = "strip-server-fields",
    /// `status` is left out of git's object where it has its own subresource.
    StripStatus = "strip-status",
    /// The namespace is filled in or dropped by scope.
    Namespace = "namespace",
    /// Our tracking annotation is sent, and is never a finding.
    Tracking = "tracking",
    /// Objects without a name, with `generateName` only, or declared twice differently are invalid.
    Identity = "identity",
    /// Objects meet by group, kind, namespace and name; off: by version too.
    Versions = "versions",
    /// What was synced and left git is extra by the inventory or the base; off: nothing is.
    Inventory = "inventory",
    /// What a controller owns is not ours; off: it is.
    ControllerOwned = "controller-owned",
    /// A deletion timestamp makes it terminating.
    Terminating = "terminating",
    /// The local comparison settles what is equal.
    FastPath = "fast-path",
    /// List items meet by their merge keys; off: by position.
    ListKeys = "list-keys",
    /// Where order means something a changed order is a difference.
    Order = "order",
    /// Quantities are compared by value where the schema says so.
    Quantities = "quantities",
    /// Int-or-string values are compared by what they are.
    IntOrString = "int-or-string",
    /// A declared zero equals nothing, for built-in kinds, where live has nothing.
    ZeroIsAbsent = "zero-is-absent",
    /// What our Apply entry owns and git no longer declares is a difference.
    LeftBehind = "left-behind",
    /// An Apply entry of ours in another version is not settled locally.
    EntryVersion = "entry-version",
    /// The server's dry run has the last word; off: the local comparison has.
    DryRun = "dry-run",
    /// Pure reorders of map and set lists are no difference.
    Reorders = "reorders",
    /// Empty and absent are equal in the server's answer.
    EmptyIsAbsent = "empty-is-absent",
    /// The rules of an aggregated cluster role are its controller's.
    AggregatedRoles = "aggregated-roles",
    /// Mirrored fields (`serviceAccount`) are one.
    Aliases = "aliases",
    /// What follows from another change (allocations, re-defaulted fields) is no finding of its own.
    Consequences = "consequences",
    /// A refusal over an immutable field, a quota or a webhook keeps the local findings.
    RefusedFindings = "refused-findings",
    /// A 400, a 422 or a typed patch's 500 make the object invalid.
    Invalid = "invalid",
    /// The third leg tells who moved; off: nobody knows.
    Base = "base",
    /// The base is the record's commit; off: the next source of a base.
    BaseRecord = "base-record",
    /// The base is the newest commit seen synced; off: the next one.
    BaseSeen = "base-seen",
    /// The base is the revision that Argo CD or Flux claim; off: the next one.
    BaseClaimed = "base-claimed",
    /// The base is the hash in the record; off: none.
    BaseHash = "base-hash",
    /// What git removed and a sync cannot is git's move, and needs an explicit delete.
    NeedsDelete = "needs-delete",
    /// Fields held by controllers and other appliers are contested.
    Contested = "contested",
    /// People's tools are never contested; off: nobody is people.
    People = "people",
    /// What people added beside git's fields makes the object touched.
    Touched = "touched",
    /// A fresh object tells defaults from additions.
    Fresh = "fresh",
    /// A foreign list item is one finding; off: each of its leaves is.
    ForeignItem = "foreign-item",
    /// Owners are read from managedFields, the newest entry that has the path or an atomic ancestor.
    Owner = "owner",
    /// The watch's own testimony is preferred to managedFields.
    SeenWrites = "seen-writes",
    /// Ignore rules of the config hide what they match.
    IgnoreRules = "ignore-rules",
    /// Built-in rules hide what they match.
    BuiltInRules = "built-in-rules",
}

/// The rules that are off. Empty everywhere but in tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Without(u64);

impl Without {
    /// Everything is on.
    pub const NOTHING: Self = Self(0);

    /// Only this one is off.
    #[must_use]
    pub const fn rule(rule: Rule) -> Self {
        Self(1 << rule as u64)
    }

    /// Whether a rule is on.
    #[must_use]
    pub const fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u64) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_rule_is_off() {
        let without = Without::rule(Rule::Quantities);
        for &rule in Rule::ALL {
            assert_eq!(without.has(rule), rule != Rule::Quantities, "{}", rule.name());
            assert!(Without::NOTHING.has(rule), "{} is on by default", rule.name());
        }
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        assert!(Rule::ALL.len() <= 64, "a set of rules is 64 bits");
    }
}
