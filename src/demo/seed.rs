//! A sample cluster as it came to be: what driftdeck synced and what others did, played in order on the sandbox's clock.
//!
//! Owns the order and the records. Acts only by requests that kubectl, a controller or driftdeck could send, so that
//! uids, managedFields and times are a server's own.

use std::collections::BTreeSet;

use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower_service::Service as _;

use super::DemoError;
use super::history::Made;
use super::manifest::{self, Document};
use super::world::{Back, Deed, Hold, World};
use crate::cluster::{Cluster, connect};
use crate::config::Config;
use crate::model::{
    AppSpec, ClusterName, CommitId, Deployed, Digest, Foreign, InventoryLine, Kind, Location, Operation, Pause, Pin,
    Record,
};
use crate::sandbox::{Answered, Clock, Options, Sandbox};

/// From a merge to the end of its sync.
const SYNC_TAKES: SignedDuration = SignedDuration::from_mins(6);
/// How long before the first commit a cluster was made.
const BEFORE: SignedDuration = SignedDuration::from_hours(48);

/// What all clusters are seeded from.
pub(super) struct Ground {
    pub(super) config: Config,
    pub(super) commits: Vec<Made>,
    pub(super) world: World,
    /// The moment the demo opens.
    pub(super) start: Timestamp,
}

enum Act<'a> {
    Sync(&'a AppSpec, &'a Made),
    Deed(&'a Deed),
}

impl Ground {
    /// Makes one cluster and plays its past.
    pub(super) async fn cluster(&self, name: &ClusterName, seed: u64) -> Result<Sandbox, DemoError> {
        let first = self.commits.first().map_or(self.start, |commit| commit.time);
        let clock = Clock::Held(first.saturating_sub(BEFORE).unwrap_or(first));
        let sandbox = Sandbox::new(Options { clock, seed, server_version: "v1.36.3".to_owned() })?;
        let apps = || self.config.apps.iter().filter(|app| app.id.cluster == *name);
        for namespace in apps().map(|app| &app.namespace).collect::<BTreeSet<_>>() {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            let path = "/api/v1/namespaces?fieldManager=kubectl-create";
            accept(path, sandbox.request("POST", path, &body, ""))?;
        }
        let wire = connect::over(sandbox.service(), name);
        let mut acts = self.acts(apps());
        acts.extend(
            self.world
                .deeds
                .iter()
                .filter(|deed| deed.cluster == name.as_str())
                .map(|deed| (self.ago(deed.hours), Act::Deed(deed))),
        );
        acts.sort_by_key(|(time, _)| *time);
        for (time, act) in acts {
            sandbox.tick(time);
            match act {
                Act::Sync(app, at) => self.sync((&sandbox, &wire), app, at).await?,
                Act::Deed(deed) => play(&sandbox, deed)?,
            }
        }
        sandbox.tick(self.start);
        Ok(sandbox)
    }

    fn ago(&self, hours: i64) -> Timestamp {
        self.start.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(self.start)
    }

    fn acts<'a>(&'a self, apps: impl Iterator<Item = &'a AppSpec>) -> Vec<(Timestamp, Act<'a>)> {
        let synced = |app: &'a AppSpec| {
            let back = self.world.back(&app.id).map_or(0, |back| back.commits);
            let at = self.commits.iter().rev().filter(|commit| commit.touches(&app.id.name)).nth(back)?;
            let ended = at.time.saturating_add(SYNC_TAKES).unwrap_or(at.time);
            Some((ended.min(self.start), Act::Sync(app, at)))
        };
        apps.filter_map(synced).collect()
    }

    /// Applies an app's objects and writes its record, as a full sync does.
    async fn sync(&self, (sandbox, wire): (&Sandbox, &Cluster), app: &AppSpec, at: &Made) -> Result<(), DemoError> {
        let mut inventory = Vec::new();
        for document in at.files_of(&app.id.name).flat_map(manifest::documents) {
            inventory.push(apply(sandbox, app, at, &document).await?);
        }
        let by = Foreign::from(if app.policy.auto { "driftdeck agent" } else { "lee@ops" });
        let mut record = self.record(app, self.world.back(&app.id), &at.id);
        record.operations.push(Operation {
            what: Foreign::from("sync"),
            by: by.clone(),
            time: sandbox.now(),
            commit: Some(at.id.clone()),
            result: Foreign::new(format!("{} applied", inventory.len())),
        });
        record.deployed = Some(Deployed { commit: at.id.clone(), time: sandbox.now(), by });
        record.inventory = inventory;
        let written = wire.write_record(&app.namespace, &app.id.name, &record).await;
        written.map(drop).map_err(|error| DemoError::Refused {
            request: format!("the record of {}", app.id),
            status: error.status,
            said: error.message,
        })
    }

    fn record(&self, app: &AppSpec, back: Option<&Back>, at: &CommitId) -> Record {
        let mut record = Record::default();
        if let Location::Git { repo, revision, path } = &app.source.location {
            let url = self.config.repos.iter().find(|spec| spec.name == *repo).map(|spec| spec.url.as_str());
            record.source = Some((Foreign::from(url.unwrap_or_default()), Foreign::from(path.as_str())));
            record.revision = Some(Foreign::from(revision.as_str()));
        }
        record.paused = back.and_then(|back| back.paused.as_ref()).map(|hold| {
            let (by, reason, since, until) = self.hold(hold);
            Pause { by, reason, since, until }
        });
        record.pinned = back.and_then(|back| back.pinned.as_ref()).map(|hold| {
            let (by, reason, since, until) = self.hold(hold);
            Pin { commit: at.clone(), by, reason, since, until }
        });
        record
    }

    fn hold(&self, hold: &Hold) -> (Foreign, Foreign, Timestamp, Option<Timestamp>) {
        let since = self.ago(hold.hours);
        let until = hold.for_hours.and_then(|hours| since.saturating_add(SignedDuration::from_hours(hours)).ok());
        (Foreign::from(hold.by.as_str()), Foreign::from(hold.reason.as_str()), since, until)
    }
}

/// Server-side apply of one object; its line in the inventory comes back.
async fn apply(sandbox: &Sandbox, app: &AppSpec, at: &Made, document: &Document) -> Result<InventoryLine, DemoError> {
    let Some(path) = document.path(&app.namespace) else {
        return Err(DemoError::asset("platform", &format!("no request path for a {}", document.kind)));
    };
    let text = document.applied(&app.namespace, &app.id.name);
    let hash = Digest::of_bytes(text.as_bytes()).0;
    let uri = format!("{path}?fieldManager=driftdeck&force=true");
    let request = http::Request::patch(&uri).header(http::header::CONTENT_TYPE, "application/apply-patch+yaml");
    let request = request.body(text).map_err(|why| DemoError::asset("platform", &why))?;
    let cut = |why: crate::sandbox::Unreachable| DemoError::asset("platform", &why);
    let answer = sandbox.service().call(request).await.map_err(cut)?;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.map_err(cut)?.to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let object = accept(&uri, Answered { status, body })?;
    Ok(InventoryLine {
        kind: Kind::new(document.group.as_str(), document.kind.as_str()),
        namespace: app.namespace.as_str().into(),
        name: document.name.as_str().into(),
        uid: object["metadata"]["uid"].as_str().unwrap_or_default().into(),
        commit: at.id.clone(),
        hash,
    })
}

/// What somebody does by hand, or a controller by itself.
pub(super) fn play(sandbox: &Sandbox, deed: &Deed) -> Result<(), DemoError> {
    let uri = format!("{}?fieldManager={}", deed.path, deed.manager);
    let answer = if deed.delete {
        sandbox.request("DELETE", &deed.path, &Value::Null, "")
    } else {
        let replace = |(path, value): (&String, &Value)| json!({"op": "replace", "path": path, "value": value});
        let patch: Value = deed.set.iter().map(replace).collect();
        sandbox.request("PATCH", &uri, &patch, "application/json-patch+json")
    };
    accept(&uri, answer).map(drop)
}

pub(super) fn accept(request: &str, answer: Answered) -> Result<Value, DemoError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let said = answer.body["message"].as_str().unwrap_or("no sentence");
    Err(DemoError::Refused { request: request.to_owned(), status: answer.status, said: Foreign::from(said) })
}
