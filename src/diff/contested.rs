//! Step 5: contested. Two lists decide before operations do: people are never contested, controllers always are.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::Pair;
use crate::fields::{self, Entry};
use crate::model::FieldPath;

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
const CONTROLLERS: [&str; 11] = [
    "*-controller",
    "*-controller-manager",
    "*-operator",
    "*controller*",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "vpa-*",
    "cluster-autoscaler",
    "keda*",
    "horizontal-pod-autoscaler",
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

/// Whether a sync of this path would start a fight: another applier or a controller holds it.
pub(super) fn is_contested(pair: &Pair, path: &FieldPath, owners: &Owners) -> bool {
    let Some(entry) = fields::owner(&pair.entries, path, fields::MANAGER) else { return false };
    holds_against_us(entry, owners)
}

fn holds_against_us(entry: &Entry, owners: &Owners) -> bool {
    let manager = entry.manager.raw();
    !owners.is_person(manager) && (entry.operation.raw() == "Apply" || owners.is_controller(manager))
}
