//! The account that lacks rights: everything, but no Secrets in one namespace. Refuses deny rules, as RBAC does.

use std::collections::BTreeSet;

use crate::sandbox::{Account, Rule};

/// Where Secrets are closed.
const CLOSED: &str = "identity";
/// What is open there.
const OPEN: [&str; 9] = [
    "configmaps",
    "services",
    "pods",
    "events",
    "leases",
    "deployments",
    "deployments/scale",
    "replicasets",
    "networkpolicies",
];
/// Namespaces of every cluster; the empty one stands for the cluster's own objects.
const SYSTEM: [&str; 5] = ["", "default", "kube-system", "kube-public", "kube-node-lease"];

/// May do everything in `namespaces` and the system's, but not see Secrets in `identity`.
pub(super) fn without_identity_secrets(namespaces: &[&str]) -> Account {
    let all: BTreeSet<&str> = namespaces.iter().copied().chain(SYSTEM).collect();
    let rule = |namespace: &str| Rule {
        verbs: vec!["*".to_owned()],
        groups: vec!["*".to_owned()],
        resources: if namespace == CLOSED { OPEN.map(str::to_owned).to_vec() } else { vec!["*".to_owned()] },
        namespace: Some(namespace.to_owned()),
    };
    Account::with_rules("you@demo", all.into_iter().map(rule).collect())
}
