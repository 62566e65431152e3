//! Whom a scene is about. Refuses to know what happens to them.

use super::asked::Asked;

/// A choice of objects: by resource, namespace and name. What is not said does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cast {
    resources: Vec<(String, String)>,
    namespaces: Vec<String>,
    names: Vec<String>,
}

impl Cast {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only these resources, each (group, plural); `*` as the plural stands for a group's every resource.
    #[must_use]
    pub fn of(resources: &[(&str, &str)]) -> Self {
        let resources = resources.iter().map(|(group, plural)| ((*group).to_owned(), (*plural).to_owned())).collect();
        Self { resources, ..Self::default() }
    }

    /// Only in this namespace, and others named so.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespaces.push(namespace.to_owned());
        self
    }

    /// Only objects of this name, and others named so.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Whether a request is about somebody of the cast.
    pub(super) fn has(&self, asked: &Asked) -> bool {
        let any = |words: &[String], word: &str| words.is_empty() || words.iter().any(|one| one == word);
        let resource =
            |(group, plural): &(String, String)| *group == asked.group && (plural == "*" || *plural == asked.plural);
        (self.resources.is_empty() || self.resources.iter().any(resource))
            && any(&self.namespaces, &asked.namespace)
            && any(&self.names, &asked.name)
    }

    /// The resources, each (group, plural).
    pub(super) fn resources(&self) -> &[(String, String)] {
        &self.resources
    }

    /// Whether a namespace is meant.
    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|one| one == name)
    }
}
