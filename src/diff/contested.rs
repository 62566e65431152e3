//! Step 5: contested. Two lists decide before operations do: people are never contested, controllers always are.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{Ground, Pair};
use crate::fields::{self, Entry};
use crate::model::{FieldPath, Rule};

/// Managers that are people's tools: what they did is drift, and a sync overwrites it.
const PEOPLE: [&str; 14] = [
    "kubectl*",
    "k9s*",
    "lens*",
    "Lens*",
    "OpenLens*",
    "headlamp*",
    "Mozilla*",
    "curl*",
    "node-fetch*",
    "octant*",
    "freelens*",
    "argonaut*",
    "kubectx*",
    "dashboard*",
];
/// Managers that are controllers: a sync over them would start a fight.
const CONTROLLERS: [&str; 21] = [
    "*-controller",
    "*-controller-manager",
    "*-operator",
    "*controller*",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "vpa-*",
    "*autoscaler*",
    "keda*",
    "kube-apiserver",
    "kube-proxy",
    "argocd*",
    "flux",
    "cainjector",
    "cert-manager*",
    "external-secrets*",
    "istiod",
    "pilot-discovery",
    "karpenter",
    "knative*",
];

/// Who is people, who is a controller.
#[derive(Clone, Debug)]
pub struct Owners {
    people: GlobSet,
    controllers: GlobSet,
}

impl Default for Owners {
    fn default() -> Self {
        Self::with(&[], &[])
    }
}

impl Owners {
    /// The built-in lists and more of each; globs that do not read are left out (the config has checked them).
    #[must_use]
    pub fn with(people: &[String], controllers: &[String]) -> Self {
        let all = |own: &[&str], more: &[String]| set(own.iter().copied().chain(more.iter().map(String::as_str)));
        Self { people: all(&PEOPLE, people), controllers: all(&CONTROLLERS, controllers) }
    }

    /// Whether a manager is a person's tool.
    #[must_use]
    pub fn is_person(&self, manager: &str) -> bool {
        self.people.is_match(manager)
    }

    /// Whether a manager would write a field again that it holds: another applier, or a controller; never a person's tool.
    #[must_use]
    pub fn fights(&self, manager: &str, applies: bool) -> bool {
        !self.is_person(manager) && (applies || self.controllers.is_match(manager))
    }

    /// Whether a manager is a controller.
    #[must_use]
    pub fn is_controller(&self, manager: &str) -> bool {
        !self.is_person(manager) && self.controllers.is_match(manager)
    }
}

fn set<'a>(globs: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.filter_map(|glob| Glob::new(glob).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

/// Who would fight a sync of this path: the newest of the other appliers and controllers that hold it, alone or with
/// others.
pub(super) fn holder<'p>(pair: &'p Pair, path: &FieldPath, ground: &Ground) -> Option<&'p Entry> {
    let others = pair.entries.iter().filter(|entry| !entry.is_apply_of(fields::MANAGER));
    let holds = |entry: &&Entry| entry.set.covers(path) || entry.set.has_below(path);
    let fights = others.filter(holds).filter(|entry| holds_against_us(entry, ground));
    fights.max_by_key(|entry| entry.time).filter(|_| ground.has(Rule::Contested))
}

fn holds_against_us(entry: &Entry, ground: &Ground) -> bool {
    let (manager, owners) = (entry.manager.raw(), ground.owner_lists);
    let person = ground.has(Rule::People) && owners.is_person(manager);
    !person && (entry.operation.raw() == "Apply" || owners.controllers.is_match(manager))
}
