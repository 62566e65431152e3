//! The little that must be known of our own templates to seed a cluster with them: their heads.
//!
//! Owns splitting a file into documents, and the request path of each. Refuses YAML at large: only what our templates
//! use is read (`metadata:` and its `name:` in block style, no annotations); a test holds them to it.

/// One document of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) name: String,
    text: String,
}

/// The documents of a file that can be placed; what has no apiVersion, kind or name is left out.
pub(super) fn documents(text: &str) -> Vec<Document> {
    text.split("\n---\n").filter_map(document).collect()
}

fn document(text: &str) -> Option<Document> {
    let api_version = text.lines().find_map(|line| line.strip_prefix("apiVersion: "))?;
    let kind = text.lines().find_map(|line| line.strip_prefix("kind: "))?;
    let name = text.lines().skip_while(|line| *line != "metadata:").find_map(|line| line.strip_prefix("  name: "))?;
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    Some(Document { group: group.to_owned(), kind: kind.to_owned(), name: name.to_owned(), text: text.to_owned() })
}

impl Document {
    /// Where the object lies; `None` for a kind that no template uses.
    pub(super) fn path(&self, namespace: &str) -> Option<String> {
        let (prefix, plural) = match (self.group.as_str(), self.kind.as_str()) {
            ("", "ConfigMap") => ("/api/v1", "configmaps"),
            ("", "PersistentVolumeClaim") => ("/api/v1", "persistentvolumeclaims"),
            ("", "Secret") => ("/api/v1", "secrets"),
            ("", "Service") => ("/api/v1", "services"),
            ("apps", "Deployment") => ("/apis/apps/v1", "deployments"),
            ("apps", "StatefulSet") => ("/apis/apps/v1", "statefulsets"),
            ("apps", "DaemonSet") => ("/apis/apps/v1", "daemonsets"),
            ("batch", "CronJob") => ("/apis/batch/v1", "cronjobs"),
            ("autoscaling", "HorizontalPodAutoscaler") => ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
            ("networking.k8s.io", "NetworkPolicy") => ("/apis/networking.k8s.io/v1", "networkpolicies"),
            ("networking.k8s.io", "Ingress") => ("/apis/networking.k8s.io/v1", "ingresses"),
            _ => return None,
        };
        Some(format!("{prefix}/namespaces/{namespace}/{plural}/{}", self.name))
    }

    /// The document as driftdeck applies it: namespace filled in, tracking annotation set (drift.md, *Inputs*, G).
    pub(super) fn applied(&self, namespace: &str, app: &str) -> String {
        let head = format!(
            "\nmetadata:\n  namespace: {namespace}\n  annotations:\n    driftdeck.dev/app: {namespace}/{app}\n"
        );
        self.text.replacen("\nmetadata:\n", &head, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assets::TEMPLATES;
    use super::*;

    #[test]
    fn every_document_of_every_template_can_be_placed() {
        for (path, text) in TEMPLATES.iter().filter(|(path, _)| path.starts_with("apps/")) {
            let found = documents(text);
            assert_eq!(found.len(), text.matches("apiVersion: ").count() - text.matches("    apiVersion: ").count());
            for document in found {
                assert!(document.path("x").is_some(), "{path}: {} has no request path", document.kind);
                assert!(!document.text.contains("\n  annotations:"), "{path}: annotations would be written twice");
                assert!(document.applied("x", "y").contains("driftdeck.dev/app: x/y"), "{path}: not tracked");
            }
        }
    }
}
