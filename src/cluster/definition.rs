//! Whether the definition of a kind is still there: when objects of a custom kind vanish, were they deleted, or goes
//! their kind?

use serde_json::Value;

use super::Cluster;
use super::call::{self, Ask, Verb, segment};
use super::discover::Served;
use super::error::CallKind;

impl Cluster {
    /// Whether the `CustomResourceDefinition` of a kind is gone or going. Objects of a kind are deleted after its definition
    /// is marked, so an answer after a deletion tells which of the two it was. Where the account may not look: false.
    pub async fn is_losing(&self, served: &Served) -> bool {
        let name = format!("{}.{}", served.resource, served.gvk.group);
        let uri = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}", segment(&name));
        match self.read(&Ask::get(Verb::Get, uri)).await {
            Ok(answer) => call::json::<Value>(&answer)
                .is_ok_and(|definition| definition.pointer("/metadata/deletionTimestamp").is_some()),
            Err(error) => error.kind == CallKind::NotFound,
        }
    }
}
