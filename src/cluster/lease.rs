//! The Lease `driftdeck-agent`: when an agent was last seen. No election is made on it yet.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Cluster;
use super::call::{self, Ask, Verb, segment};
use super::error::{CallError, CallKind};
use crate::fields::MANAGER;

const NAME: &str = "driftdeck-agent";

impl Cluster {
    /// When the agent's Lease in that namespace was renewed last, by the agent's clock; `None` = never.
    ///
    /// # Errors
    /// As any read; a time that is none counts as never.
    pub async fn lease(&self, namespace: &str) -> Result<Option<Timestamp>, CallError> {
        let lease = self.read_lease(namespace).await?;
        let renewed = lease.as_ref().and_then(|lease| lease.pointer("/spec/renewTime")?.as_str()?.parse().ok());
        Ok(renewed)
    }

    /// Says that `holder` is alive at `now`: creates the Lease or writes over it, at the version just read.
    ///
    /// # Errors
    /// [`CallKind::Conflict`] when somebody wrote in between.
    pub async fn renew_lease(&self, namespace: &str, holder: &str, now: Timestamp) -> Result<(), CallError> {
        let old = self.read_lease(namespace).await?;
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
        self.write(&Ask::sending(verb, method, uri, lease.to_string().into_bytes())).await.map(drop)
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
