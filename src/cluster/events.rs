//! Bytes of lists and watches → [`Live`]. Owns what is read of an object (its head) and what is kept (all of it, as text).
//! Refuses value trees: an object is parsed where somebody looks at it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::classify::{Refused, of_event};
use super::discover::Served;
use super::error::{CallError, CallKind};
use crate::model::{ClusterName, Foreign, Gvk, Live, ResourceKey};

/// Where objects come from: what their text alone does not say.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub cluster: &'a ClusterName,
    pub served: &'a Served,
    /// Objects of another namespace are not taken, whatever the server sends.
    pub namespace: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Head {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<Meta>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<String>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta {
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    more: Option<String>,
}

impl Page<'_> {
    /// The version to watch from; an answer without one is no list.
    pub fn version(&self) -> Result<String, CallError> {
        let version = self.metadata.resource_version.clone().filter(|version| !version.is_empty());
        version.ok_or_else(|| CallError::local(CallKind::Other, "a list without a resourceVersion"))
    }

    /// The token of the next page.
    pub fn more(&self) -> Option<&str> {
        self.metadata.more.as_deref().filter(|token| !token.is_empty())
    }

    /// The objects that belong here.
    pub fn objects(&self, place: &Place) -> impl Iterator<Item = Live> {
        self.items.iter().flatten().filter_map(|item| place.live(item.get()))
    }
}

/// What a watch says.
#[derive(Debug)]
pub(super) enum Event {
    Changed(Live),
    Gone(ResourceKey),
    Bookmark,
    Refused(Refused),
    /// A line that is no event, or an object that does not belong here.
    Noise,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Reads one line of a watch: the event, and the resourceVersion it brings.
pub(super) fn event(line: &[u8], place: &Place) -> (Event, Option<String>) {
    let Ok(Line { kind, object }) = serde_json::from_slice(line) else { return (Event::Noise, None) };
    if kind == "ERROR" {
        return (Event::Refused(of_event(object.get())), None);
    }
    let head: Head = serde_json::from_str(object.get()).unwrap_or_default();
    let version = head.metadata.and_then(|meta| meta.resource_version).filter(|version| !version.is_empty());
    let event = match (&*kind, place.live(object.get())) {
        ("BOOKMARK", _) => Event::Bookmark,
        ("ADDED" | "MODIFIED", Some(object)) => Event::Changed(object),
        ("DELETED", Some(object)) => Event::Gone(object.key),
        _ => Event::Noise,
    };
    (event, version)
}

impl Place<'_> {
    /// An object as the store keeps it; `None` when it has no name or lies in another namespace.
    pub fn live(&self, text: &str) -> Option<Live> {
        let head: Head = serde_json::from_str(text).ok()?;
        let json = with_type(text, &head, &self.served.gvk)?;
        let meta = head.metadata?;
        let namespace = if self.served.namespaced { meta.namespace.unwrap_or_default() } else { String::new() };
        if self.namespace.is_some_and(|wanted| wanted != namespace) {
            return None;
        }
        let key = ResourceKey {
            cluster: self.cluster.clone(),
            kind: self.served.gvk.kind(),
            namespace: namespace.into(),
            name: meta.name.filter(|name| !name.is_empty())?.into(),
        };
        Some(Live {
            key,
            gvk: self.served.gvk.clone(),
            uid: meta.uid.unwrap_or_default().into(),
            resource_version: meta.resource_version.unwrap_or_default().into(),
            created: meta.creation_timestamp.and_then(|time| time.parse::<Timestamp>().ok()),
            json,
        })
    }
}

/// Items of a typed list come without apiVersion and kind: they are put in front, so that an object is whole.
fn with_type(text: &str, head: &Head, gvk: &Gvk) -> Option<Arc<str>> {
    let text = text.trim();
    if head.api_version.is_some() && head.kind.is_some() {
        return Some(text.into());
    }
    let rest = text.strip_prefix('{')?;
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    let api_version = serde_json::Value::from(gvk.api_version());
    let kind = serde_json::Value::from(&*gvk.kind);
    Some(format!("{{\"apiVersion\":{api_version},\"kind\":{kind}{comma}{rest}").into())
}

/// An answer that holds one object.
pub(super) fn object(answer: &[u8], place: &Place) -> Result<Live, CallError> {
    let text = std::str::from_utf8(answer).unwrap_or_default();
    let live = place.live(text);
    live.ok_or_else(|| CallError {
        kind: CallKind::Other,
        message: Foreign::from("the answer is no object"),
        status: 200,
    })
}
