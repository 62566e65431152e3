//! The record of an app (drift.md, *The record*): ConfigMap `driftdeck.<app>`, its inventory gzipped, going on in
//! `driftdeck.<app>.1` … where it is larger than 512 KiB.
//!
//! Owns the wire form and its fence: the first ConfigMap is written with its resourceVersion before any other part, so
//! of two writers one gets a conflict. Read back it is foreign input: bounded, and whole or not at all, but for parts
//! that a killed writer did not get to; those objects merely count as never recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Cluster;
use super::call::{self, Ask, Verb, segment};
use super::discover::Served;
use super::error::{CallError, CallKind};
use super::watch::{Narrow, Target};
use crate::fields::MANAGER;
use crate::model::{Deployed, Foreign, Gvk, InventoryLine, Operation, Pause, Pin, Record};

const LABEL: &str = "driftdeck.dev/record";
const FORM: &str = "v1";
/// Compressed bytes of one part: a ConfigMap holds 1 MiB, base64 takes a third more.
const PART_CAP: usize = 512 * 1024;
const PARTS_CAP: usize = 16;
const UNPACKED_CAP: u64 = 16 << 20;
const LINES_CAP: usize = 100_000;
const OPERATIONS: usize = 20;

/// Where records lie, by namespace and name; `None` = not asked yet.
pub(super) type RecordsSeen = Mutex<Option<Arc<BTreeSet<(Arc<str>, Arc<str>)>>>>;

/// How many parts each record had when last read or written: what a smaller one must remove.
pub(super) type PartsSeen = Mutex<BTreeMap<(String, String), usize>>;

/// `data["app.json"]`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct AppJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<Deployed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<Pause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<Pin>,
    operations: Vec<Operation>,
    /// Further ConfigMaps, `.1` to `.parts`.
    parts: usize,
}

#[derive(Serialize, Deserialize)]
struct SourceJson {
    url: Foreign,
    path: Foreign,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConfigMap {
    metadata: Meta,
    data: BTreeMap<String, String>,
    binary_data: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    resource_version: Arc<str>,
    labels: BTreeMap<String, String>,
}

/// Selects the first ConfigMap of each record.
pub const RECORDS: &str = "driftdeck.dev/record=v1";

impl Cluster {
    /// Where the records of this cluster lie, by label: listed once, then as [`Self::note_records`] says. Where the account
    /// may not list ConfigMaps everywhere, none are known.
    ///
    /// # Errors
    /// As any read: no answer is not none.
    pub async fn records(&self) -> Result<Arc<BTreeSet<(Arc<str>, Arc<str>)>>, CallError> {
        let known = || self.inner.records.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known() {
            return Ok(known);
        }
        // Many apps ask at once, and one list answers all of them.
        let _one = self.inner.listing.lock().await;
        if let Some(known) = known() {
            return Ok(known);
        }
        let gvk = Gvk { group: "".into(), version: "v1".into(), kind: "ConfigMap".into() };
        let served = Served { gvk, resource: "configmaps".into(), namespaced: true, verbs: Arc::new([]) };
        let narrow = Narrow { labels: Some(RECORDS), heads: true, ..Narrow::default() };
        let listed = match self.list_part(&Target { served, namespace: None }, narrow).await {
            Err(error) if error.kind.is_no_answer() => return Err(error),
            listed => listed.unwrap_or_default(),
        };
        let found: BTreeSet<_> =
            listed.into_iter().map(|live| (live.key.namespace.clone(), live.key.name.clone())).collect();
        if known().is_none() {
            self.note_records(found);
        }
        Ok(known().unwrap_or_default())
    }

    /// Takes over what a watch has seen of records.
    pub fn note_records(&self, found: BTreeSet<(Arc<str>, Arc<str>)>) {
        *self.inner.records.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(found));
    }

    /// The record of an app in a namespace; `None` = there is none.
    ///
    /// # Errors
    /// [`CallKind::RecordUnreadable`] for what is no record of a form we know; else as any read.
    pub async fn read_record(&self, namespace: &str, app: &str) -> Result<Option<Record>, CallError> {
        let Some(first) = self.config_map(namespace, &name(app, 0)).await? else { return Ok(None) };
        match first.metadata.labels.get(LABEL).map(String::as_str) {
            Some(FORM) => {}
            Some(_) => return Err(unreadable("written in a form that this driftdeck does not know")),
            None => return Err(unreadable("the ConfigMap of that name is not a record")),
        }
        let text = first.data.get("app.json").ok_or_else(|| unreadable("app.json is missing"))?;
        let said: AppJson = serde_json::from_str(text).map_err(|_| unreadable("app.json cannot be read"))?;
        if said.parts > PARTS_CAP {
            return Err(unreadable("too many parts"));
        }
        let mut inventory = lines(&first)?;
        for part in 1..=said.parts {
            if let Some(more) = self.config_map(namespace, &name(app, part)).await? {
                inventory.extend(lines(&more)?);
            }
        }
        if inventory.len() > LINES_CAP {
            return Err(unreadable("too many objects"));
        }
        self.remember(namespace, app, said.parts);
        Ok(Some(record(said, first.metadata.resource_version, inventory)))
    }

    /// Whether the record on the cluster is this one: the question after a write whose answer was lost.
    ///
    /// # Errors
    /// As any read.
    pub async fn has_record(&self, namespace: &str, app: &str, record: &Record) -> Result<bool, CallError> {
        let parts = pack(&record.inventory)?.len();
        let there = self.read_record(namespace, app).await?;
        // As they are written down: a record loses what its form does not keep.
        let is_same =
            |there: &Record| there.inventory == record.inventory && app_json(there, parts) == app_json(record, parts);
        Ok(there.is_some_and(|there| is_same(&there)))
    }

    /// Writes the record where it was read: creates it when `record.resource_version` is empty, else replaces that very
    /// version. Returns the new resourceVersion of the first ConfigMap.
    ///
    /// # Errors
    /// [`CallKind::Conflict`] when it is another version by now (or is gone, or there is one already): read again, plan
    /// again.
    pub async fn write_record(&self, namespace: &str, app: &str, record: &Record) -> Result<Arc<str>, CallError> {
        let parts = pack(&record.inventory)?;
        let (first, rest) = parts.split_first().ok_or_else(|| unreadable("no part"))?;
        let data = json!({"app.json": app_json(record, rest.len()).to_string()});
        let body = config_map(namespace, &name(app, 0), (&record.resource_version, first), Some(data));
        let written = self.put(namespace, &name(app, 0), &body).await?;
        for (at, part) in rest.iter().enumerate() {
            self.put_part(namespace, &name(app, at + 1), part).await?;
        }
        for left in rest.len() + 1..=self.remember(namespace, app, rest.len()) {
            let uri = format!("{}/{}", collection(namespace), name(app, left));
            // A part left over is not read any more: removing it is tidiness, and may fail.
            let _ = self.write(&Ask::sending(Verb::Delete, Method::DELETE, uri, Vec::new())).await;
        }
        Ok(written)
    }

    /// Notes how many parts there are now, and says how many there were.
    fn remember(&self, namespace: &str, app: &str, parts: usize) -> usize {
        let mut seen = self.inner.parts.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((namespace.to_owned(), app.to_owned()), parts).unwrap_or_default()
    }

    /// Creates or replaces, as the body has a resourceVersion or not.
    async fn put(&self, namespace: &str, name: &str, body: &Value) -> Result<Arc<str>, CallError> {
        let is_new = body.pointer("/metadata/resourceVersion").is_none();
        let uri = collection(namespace);
        let (verb, method, uri) = if is_new {
            (Verb::Create, Method::POST, format!("{uri}?fieldManager={MANAGER}"))
        } else {
            (Verb::Update, Method::PUT, format!("{uri}/{name}?fieldManager={MANAGER}"))
        };
        let written = self.write(&Ask::sending(verb, method, uri, body.to_string().into_bytes())).await;
        let answer = written.map_err(|error| match error.kind {
            CallKind::NotFound if !is_new => CallError { kind: CallKind::Conflict(Vec::new()), ..error },
            _ => error,
        })?;
        Ok(call::json::<ConfigMap>(&answer)?.metadata.resource_version)
    }

    /// A further part, at whatever version it has: the first ConfigMap is the fence.
    async fn put_part(&self, namespace: &str, name: &str, part: &[u8]) -> Result<(), CallError> {
        let old = self.config_map(namespace, name).await?;
        let version = old.map(|old| old.metadata.resource_version).unwrap_or_default();
        self.put(namespace, name, &config_map(namespace, name, (&version, part), None)).await.map(drop)
    }

    async fn config_map(&self, namespace: &str, name: &str) -> Result<Option<ConfigMap>, CallError> {
        match self.read(&Ask::get(Verb::Get, format!("{}/{name}", collection(namespace)))).await {
            Ok(answer) => call::json(&answer).map(Some),
            Err(error) if error.kind == CallKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn unreadable(what: &'static str) -> CallError {
    CallError::local(CallKind::RecordUnreadable(what), what)
}

fn name(app: &str, part: usize) -> String {
    let app = segment(app);
    if part == 0 { format!("driftdeck.{app}") } else { format!("driftdeck.{app}.{part}") }
}

fn collection(namespace: &str) -> String {
    format!("/api/v1/namespaces/{}/configmaps", segment(namespace))
}

fn record(said: AppJson, resource_version: Arc<str>, inventory: Vec<InventoryLine>) -> Record {
    let mut operations = said.operations;
    operations.drain(..operations.len().saturating_sub(OPERATIONS));
    Record {
        resource_version,
        source: said.source.map(|source| (source.url, source.path)),
        revision: said.revision,
        deployed: said.deployed,
        paused: said.paused,
        pinned: said.pinned,
        operations,
        inventory,
    }
}

fn app_json(record: &Record, parts: usize) -> Value {
    let newest = record.operations.len().saturating_sub(OPERATIONS);
    let said = AppJson {
        source: record.source.clone().map(|(url, path)| SourceJson { url, path }),
        revision: record.revision.clone(),
        deployed: record.deployed.clone(),
        paused: record.paused.clone(),
        pinned: record.pinned.clone(),
        operations: record.operations.get(newest..).unwrap_or_default().to_vec(),
        parts,
    };
    serde_json::to_value(said).unwrap_or_default()
}

fn config_map(namespace: &str, name: &str, (version, part): (&str, &[u8]), data: Option<Value>) -> Value {
    let mut body = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: FORM}},
        "binaryData": {"inventory": STANDARD.encode(part)},
    });
    if let Some(data) = data {
        body["data"] = data;
    } else {
        // A search by label finds records; parts are told apart from them.
        body["metadata"]["labels"] = json!({"driftdeck.dev/record-part": FORM});
    }
    if !version.is_empty() {
        body["metadata"]["resourceVersion"] = Value::from(version);
    }
    body
}

/// One JSON object a line, gzipped; more than one part only where one would be too large. Each part unpacks alone.
fn pack(inventory: &[InventoryLine]) -> Result<Vec<Vec<u8>>, CallError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for line in inventory {
        let text = serde_json::to_string(line).map_err(|_| unreadable("a line cannot be written"))?;
        writeln!(encoder, "{text}").map_err(|_| unreadable("a line cannot be written"))?;
    }
    let packed = encoder.finish().map_err(|_| unreadable("a part cannot be written"))?;
    if packed.len() <= PART_CAP || inventory.len() < 2 {
        return Ok(vec![packed]);
    }
    let (front, back) = inventory.split_at(inventory.len() / 2);
    let mut parts = pack(front)?;
    parts.append(&mut pack(back)?);
    if parts.len() > PARTS_CAP { Err(unreadable("too many objects")) } else { Ok(parts) }
}

fn lines(part: &ConfigMap) -> Result<Vec<InventoryLine>, CallError> {
    let Some(packed) = part.binary_data.get("inventory") else { return Ok(Vec::new()) };
    let packed = STANDARD.decode(packed).map_err(|_| unreadable("the inventory is not base64"))?;
    let mut text = String::new();
    let mut bounded = GzDecoder::new(&*packed).take(UNPACKED_CAP);
    bounded.read_to_string(&mut text).map_err(|_| unreadable("the inventory is not gzip text"))?;
    if bounded.limit() == 0 {
        return Err(unreadable("the inventory is too large"));
    }
    let read = text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
    read.collect::<Result<Vec<_>, _>>().map_err(|_| unreadable("a line of the inventory cannot be read"))
}

#[cfg(test)]
#[path = "record/tests.rs"]
mod tests;
