//! The sample fleet's texts, in the binary. Refuses to read any file at run time.

/// The config, with `@REPOSITORY@` in it.
pub(super) const CONFIG: &str = include_str!("../../assets/demo/config.toml");
/// The commits.
pub(super) const HISTORY: &str = include_str!("../../assets/demo/history.toml");
/// What happens while somebody watches.
pub(super) const SCRIPT: &str = include_str!("../../assets/demo/script.toml");
/// How the clusters stand.
pub(super) const WORLD: &str = include_str!("../../assets/demo/world.toml");

macro_rules! template {
    ($path:literal) => {
        ($path, include_str!(concat!("../../assets/demo/platform/", $path)))
    };
}

/// The files as they were when they first came into the repository, by their path in it.
pub(super) const TEMPLATES: [(&str, &str); 41] = [
    template!("README.md"),
    template!("apps/billing/config.yaml"),
    template!("apps/billing/deployment.yaml"),
    template!("apps/billing/secret.yaml"),
    template!("apps/cart/config.yaml"),
    template!("apps/cart/deployment.yaml"),
    template!("apps/catalog/config.yaml"),
    template!("apps/catalog/deployment.yaml"),
    template!("apps/catalog/network-policy.yaml"),
    template!("apps/checkout/config.yaml"),
    template!("apps/checkout/deployment.yaml"),
    template!("apps/identity/config.yaml"),
    template!("apps/identity/deployment.yaml"),
    template!("apps/identity/secret.yaml"),
    template!("apps/ingress/config.yaml"),
    template!("apps/ingress/deployment.yaml"),
    template!("apps/ingress/routes.yaml"),
    template!("apps/ledger-batch/config.yaml"),
    template!("apps/ledger-batch/cronjobs.yaml"),
    template!("apps/ledger-batch/reconcile.yaml"),
    template!("apps/legacy-cron/cronjob.yaml"),
    template!("apps/metrics/config.yaml"),
    template!("apps/metrics/daemonset.yaml"),
    template!("apps/notifications/config.yaml"),
    template!("apps/notifications/deployment.yaml"),
    template!("apps/payments/config.yaml"),
    template!("apps/payments/deployment.yaml"),
    template!("apps/payments/network-policy.yaml"),
    template!("apps/payments/secret.yaml"),
    template!("apps/profile/config.yaml"),
    template!("apps/profile/deployment.yaml"),
    template!("apps/queue/statefulset.yaml"),
    template!("apps/recommender/config.yaml"),
    template!("apps/recommender/deployment.yaml"),
    template!("apps/reports/cronjob.yaml"),
    template!("apps/reports/volume.yaml"),
    template!("apps/search/config.yaml"),
    template!("apps/search/deployment.yaml"),
    template!("apps/web/config.yaml"),
    template!("apps/web/deployment.yaml"),
    template!("apps/web/hpa.yaml"),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_template_is_in_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/platform");
        let mut dirs = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).expect("listed").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    dirs.push(entry);
                } else {
                    found.push(entry.strip_prefix(&root).expect("below").to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        let listed: Vec<&str> = TEMPLATES.iter().map(|(path, _)| *path).collect();
        assert_eq!(found, listed, "assets/demo/platform and the list must agree, in order");
    }
}
