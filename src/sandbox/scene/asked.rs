//! What a request asks, read from its head alone: a layer knows no kinds. Refuses bodies.

use http::{Method, header, request};

use super::super::flags::{Flags, decode};

/// A request's head, taken apart.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Asked {
    pub(super) method: Method,
    pub(super) flags: Flags,
    pub(super) group: String,
    /// Empty where no objects are asked for: discovery, schemas, health.
    pub(super) plural: String,
    /// Empty for the whole cluster.
    pub(super) namespace: String,
    /// Empty for a collection.
    pub(super) name: String,
    /// `scale`, `status`; empty for the object itself.
    pub(super) part: String,
    pub(super) path: String,
    pub(super) content_type: String,
}

impl Asked {
    pub(in crate::sandbox) fn of(head: &request::Parts) -> Self {
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut asked = Self {
            method: head.method.clone(),
            flags: Flags::parse(head.uri.query().unwrap_or_default()),
            group: String::new(),
            plural: String::new(),
            namespace: String::new(),
            name: String::new(),
            part: String::new(),
            path: head.uri.path().to_owned(),
            content_type: content_type.unwrap_or_default().to_owned(),
        };
        asked.read();
        asked
    }

    fn read(&mut self) {
        let parts: Vec<String> = self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let rest = match parts.as_slice() {
            ["api", _, rest @ ..] => rest,
            ["apis", group, rest @ ..] | ["openapi", "v3", "apis", group, rest @ ..] => {
                (*group).clone_into(&mut self.group);
                if parts[0] == "apis" { rest.get(1..).unwrap_or_default() } else { &[] }
            }
            _ => &[],
        };
        let rest = match rest {
            ["namespaces", namespace, rest @ ..] if !matches!(rest, [] | ["status" | "finalize"]) => {
                (*namespace).clone_into(&mut self.namespace);
                rest
            }
            _ => rest,
        };
        for (word, place) in rest.iter().zip([&mut self.plural, &mut self.name, &mut self.part]) {
            (*word).clone_into(place);
        }
    }

    /// Whether objects are asked for.
    pub(super) fn is_object(&self) -> bool {
        !self.plural.is_empty() && self.group != "authorization.k8s.io"
    }

    pub(in crate::sandbox) fn is_watch(&self) -> bool {
        self.method == Method::GET && self.flags.is("watch")
    }

    /// A write that is meant: no dry run.
    pub(super) fn is_write(&self) -> bool {
        self.is_object() && self.method != Method::GET && !self.flags.dry_run()
    }

    /// What admission sees of whole objects: a create or an update, dry or not.
    pub(super) fn is_admitted(&self) -> bool {
        let writes = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        self.is_object() && writes && self.part.is_empty()
    }

    pub(super) fn is_apply(&self) -> bool {
        self.method == Method::PATCH && self.content_type.starts_with("application/apply-patch")
    }

    /// Probes, which no server throttles.
    pub(super) fn is_health(&self) -> bool {
        ["/readyz", "/livez", "/healthz"].iter().any(|probe| self.path.starts_with(probe))
    }

    /// `deployments.apps` or `secrets`.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of the collection, and of the object that is written where the path names none.
    pub(super) fn collection(&self) -> &str {
        let tail = [&self.part, &self.name].into_iter().filter(|part| !part.is_empty()).count();
        let mut path = self.path.as_str();
        for _ in 0..tail {
            path = path.rsplit_once('/').map_or(path, |(head, _)| head);
        }
        path
    }
}
