//! Single questions: is it there, who is it, what is this object, may I.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::Cluster;
use super::call::{self, Ask, Verb};
use super::discover::Served;
use super::error::{CallError, CallKind};
use super::events::{Place, object};
use crate::model::{Foreign, Live, ResourceKey};

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// `v1.36.3`; `None` where the server does not say.
    pub version: Option<Foreign>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: String,
}

#[derive(Deserialize)]
struct WithUid {
    metadata: Uid,
}

#[derive(Deserialize)]
struct Uid {
    uid: Arc<str>,
}

#[derive(Deserialize)]
struct Review {
    status: ReviewStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReviewStatus {
    allowed: bool,
}

impl Cluster {
    /// `GET /readyz` within `limits.probe`, and the version at the first success.
    ///
    /// # Errors
    /// Whatever keeps the server from answering that it is ready; a 403 is an answer, and no error.
    pub async fn probe(&self) -> Result<Probe, CallError> {
        match self.prod(&Ask::get(Verb::Probe, "/readyz")).await {
            Err(refused) if refused.error.kind != CallKind::Forbidden => return Err(refused.error),
            _ => {}
        }
        let version = self.inner.version.get_or_try_init(|| async {
            let answer = self.prod(&Ask::get(Verb::Probe, "/version")).await.map_err(|refused| refused.error)?;
            call::json::<Version>(&answer).map(|version| Foreign::from(version.git_version))
        });
        Ok(Probe { version: version.await.ok().cloned() })
    }

    /// The uid of `kube-system`: one per API server, whatever it is called.
    ///
    /// # Errors
    /// As any read; an account may lack the right.
    pub async fn identity(&self) -> Result<Arc<str>, CallError> {
        let answer = self.read(&Ask::get(Verb::Get, "/api/v1/namespaces/kube-system")).await?;
        Ok(call::json::<WithUid>(&answer)?.metadata.uid)
    }

    /// One object; `None` when there is none of that name (a kind or group that is absent is an error).
    ///
    /// # Errors
    /// As any read.
    pub async fn get(&self, served: &Served, key: &ResourceKey) -> Result<Option<Live>, CallError> {
        let ask = Ask::get(Verb::Get, served.object(&key.namespace, &key.name));
        match self.read(&ask).await {
            Ok(answer) => object(&answer, &Place { cluster: self.name(), served, namespace: None }).map(Some),
            Err(error) if error.kind == CallKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the account may, by a `SelfSubjectAccessReview`; an empty namespace asks for all of them.
    ///
    /// # Errors
    /// As any read: a review changes nothing, and is asked again like one.
    pub async fn may(&self, verb: &str, served: &Served, namespace: &str) -> Result<bool, CallError> {
        let attributes = json!({
            "verb": verb, "namespace": namespace, "resource": &*served.resource,
            "group": &*served.gvk.group, "version": &*served.gvk.version,
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let uri = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned();
        let ask = Ask::sending(Verb::Review, Method::POST, uri, review.to_string().into_bytes());
        Ok(call::json::<Review>(&self.read(&ask).await?)?.status.allowed)
    }
}
