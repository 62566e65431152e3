//! The Lease `driftdeck-agent`: when an agent was last seen. No election is made on it yet.
//!
//! Lookers watch it; its writer remembers what it wrote last, so that a renewal is one request.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Cluster;
use super::call::{self, Ask, Verb, segment};
use super::error::{CallError, CallKind};
use crate::fields::MANAGER;
use crate::model::Live;

/// The Lease's name.
pub const NAME: &str = "driftdeck-agent";

/// The Leases as last written, by namespace.
pub(super) type LeasesWritten = Mutex<BTreeMap<String, Value>>;

/// When a Lease was renewed last, by the agent's clock; a time that is none counts as never.
#[must_use]
pub fn renewed_at(lease: &Live) -> Option<Timestamp> {
    let lease: Value = serde_json::from_str(&lease.json).ok()?;
    lease.pointer("/spec/renewTime")?.as_str()?.parse().ok()
}

impl Cluster {
    /// Says that `holder` is alive at `now`: creates the Lease or writes over it, at the version just read, or written by
    /// us before.
    ///
    /// # Errors
    /// [`CallKind::Conflict`] when somebody wrote in between: the next renewal reads first.
    pub async fn renew_lease(&self, namespace: &str, holder: &str, now: Timestamp) -> Result<(), CallError> {
        let known = self.leases().remove(namespace);
        let old = match known {
            Some(known) => Some(known),
            None => self.read_lease(namespace).await?,
        };
        let at = now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let mine = |lease: &Value| lease.pointer("/spec/holderIdentity").and_then(Value::as_str) == Some(holder);
        let acquired = old.as_ref().filter(|lease| mine(lease)).and_then(|lease| lease.pointer("/spec/acquireTime"));
        let mut lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {
                "holderIdentity": holder, "leaseDurationSeconds": 30, "renewTime": &at,
                "acquireTime": acquired.cloned().unwrap_or_else(|| Value::from(at.as_str())),
            },
        });
        let version = old.as_ref().and_then(|lease| lease.pointer("/metadata/resourceVersion"));
        let (verb, method, uri) = match version {
            Some(version) => {
                lease["metadata"]["resourceVersion"] = version.clone();
                (Verb::Update, Method::PUT, format!("{}/{NAME}", collection(namespace)))
            }
            None => (Verb::Create, Method::POST, collection(namespace)),
        };
        let uri = format!("{uri}?fieldManager={MANAGER}");
        let answer = self.write(&Ask::sending(verb, method, uri, lease.to_string().into_bytes())).await?;
        if let Ok(written) = call::json::<Value>(&answer) {
            self.leases().insert(namespace.to_owned(), written);
        }
        Ok(())
    }

    fn leases(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.inner.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_lease(&self, namespace: &str) -> Result<Option<Value>, CallError> {
        match self.read(&Ask::get(Verb::Get, format!("{}/{NAME}", collection(namespace)))).await {
            Ok(answer) => call::json(&answer).map(Some),
            Err(error) if error.kind == CallKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn collection(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", segment(namespace))
}
