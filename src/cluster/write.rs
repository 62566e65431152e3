//! Server-side apply, dry and real, and delete. Each is sent once; bodies are JSON, as git declares them.
//!
//! No resourceVersion goes into an apply; a delete carries uid and resourceVersion, so that only what was looked at dies.

use std::sync::Arc;

use http::{Method, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Cluster;
use super::call::{self, Ask, Verb};
use super::discover::Served;
use super::error::{CallError, CallKind};
use crate::fields::MANAGER;
use crate::model::{Manifest, ResourceKey};

/// The API server takes no larger body (`MaxRequestBodyBytes`).
const BODY_CAP: usize = 3 << 20;

/// An object as the server has it after an apply.
#[derive(Clone)]
pub struct Applied {
    /// `metadata.uid`.
    pub uid: Arc<str>,
    /// `metadata.resourceVersion`; unchanged when the apply changed nothing.
    pub resource_version: Arc<str>,
    /// The whole object.
    pub json: Arc<str>,
}

impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Applied(uid {}, rv {}, {} bytes)", self.uid, self.resource_version, self.json.len())
    }
}

#[derive(Deserialize)]
struct Head {
    metadata: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    uid: Arc<str>,
    resource_version: Arc<str>,
}

impl Cluster {
    /// What an apply would make of the object: `dryRun=All`, forced, strict. Counts as mutating on the server, but
    /// changes nothing: it is asked again like a read.
    ///
    /// # Errors
    /// [`CallError`] as classified; for a Secret its message may hold values.
    pub async fn dry_run(&self, served: &Served, manifest: &Manifest) -> Result<Value, CallError> {
        let ask = apply_patch(Verb::DryRun, served, manifest, "force=true&dryRun=All")?;
        call::json(&self.read(&ask).await?)
    }

    /// The same for an object that is not there, under a name that nobody uses: what a server fills in by itself.
    /// Counted apart.
    ///
    /// # Errors
    /// As [`Cluster::dry_run`].
    pub async fn try_fresh(&self, served: &Served, manifest: &Manifest) -> Result<Value, CallError> {
        let ask = apply_patch(Verb::Fresh, served, manifest, "force=true&dryRun=All")?;
        call::json(&self.write(&ask).await?)
    }

    /// Applies the object under our one field manager. `force` takes fields from other managers.
    ///
    /// # Errors
    /// [`CallKind::Conflict`] names who holds what; `Timeout` and `Unreachable` leave open whether it was written: the
    /// caller reads back.
    pub async fn apply(&self, served: &Served, manifest: &Manifest, force: bool) -> Result<Applied, CallError> {
        let ask = apply_patch(Verb::Patch, served, manifest, if force { "force=true" } else { "force=false" })?;
        let answer = self.write(&ask).await?;
        let Meta { uid, resource_version } = call::json::<Head>(&answer)?.metadata;
        Ok(Applied { uid, resource_version, json: String::from_utf8_lossy(&answer).into() })
    }

    /// Deletes exactly that object at exactly that version; dependents go in the background.
    ///
    /// # Errors
    /// [`CallKind::Conflict`] when it is another one by now; [`CallKind::NotFound`] when it is gone.
    pub async fn delete(
        &self,
        served: &Served,
        key: &ResourceKey,
        uid: &str,
        resource_version: &str,
    ) -> Result<(), CallError> {
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        });
        let uri = served.object(&key.namespace, &key.name);
        let ask = Ask::sending(Verb::Delete, Method::DELETE, uri, options.to_string().into_bytes());
        self.write(&ask).await.map(drop)
    }
}

fn apply_patch(verb: Verb, served: &Served, manifest: &Manifest, query: &str) -> Result<Ask, CallError> {
    let body = manifest.body.to_string().into_bytes();
    if body.len() > BODY_CAP {
        return Err(CallError::local(
            CallKind::Invalid,
            format!("larger than {BODY_CAP} bytes, which no API server takes"),
        ));
    }
    let path = served.object(&manifest.key.namespace, &manifest.key.name);
    let uri = format!("{path}?fieldManager={MANAGER}&fieldValidation=Strict&{query}");
    Ok(Ask::sending(verb, Method::PATCH, uri, body).with(header::CONTENT_TYPE, "application/apply-patch+yaml"))
}
