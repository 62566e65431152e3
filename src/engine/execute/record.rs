//! The record of an app: read with suspicion, written with its resourceVersion.

use std::sync::Arc;

use crate::cluster::{CallError, CallKind};
use crate::engine::adapt;
use crate::engine::event::Trouble;
use crate::engine::site::Site;
use crate::model::{CommitId, Foreign, Location, Operation, ReasonCode, Record};

/// Operations kept in a record (drift.md).
const OPERATIONS: usize = 20;
/// Attempts to write over somebody else's write in between.
const ATTEMPTS: usize = 3;

/// Reads an app's record and checks that it belongs to the app's source.
pub(in crate::engine) async fn read(site: &Site) -> Result<Option<Arc<Record>>, Trouble> {
    if let Some(second) = second(site).await.map_err(|error| adapt::call(&error))? {
        return Err(Trouble::new(ReasonCode::RecordElsewhere, second));
    }
    let read = site.wire.cluster.read_record(site.record_namespace(), &site.app.id.name).await;
    let Some(record) = read.map_err(|error| adapt::call(&error))? else {
        return Ok(None);
    };
    if let Some(stranger) = of_another(site, &record) {
        return Err(Trouble::new(ReasonCode::RecordOfAnother, stranger));
    }
    Ok(Some(Arc::new(record)))
}

/// Another namespace that holds a record of this very app: same name, same source, and objects of the same namespace (or
/// none at all). An app of that name in somebody else's namespace is another app. What does not answer is not absent.
async fn second(site: &Site) -> Result<Option<String>, CallError> {
    let (own, name) = (site.record_namespace(), format!("driftdeck.{}", site.app.id.name));
    let records = site.wire.cluster.records().await?;
    for (namespace, _) in records.iter().filter(|(namespace, found)| **found == *name && **namespace != *own) {
        let record = match site.wire.cluster.read_record(namespace, &site.app.id.name).await {
            Ok(Some(record)) => record,
            Err(error) if error.kind.is_no_answer() => return Err(error),
            Ok(None) | Err(_) => continue,
        };
        let near = |line: &crate::model::InventoryLine| *line.namespace == *site.app.namespace;
        let ours = record.source.is_some() && of_another(site, &record).is_none();
        if ours && (record.inventory.is_empty() || record.inventory.iter().any(near)) {
            return Ok(Some(format!(
                "record is in {namespace} (ConfigMap {name}, label driftdeck.dev/record), not in {own}; nothing is written"
            )));
        }
    }
    Ok(None)
}

/// Whose record it is, when it is not this app's.
fn of_another(site: &Site, record: &Record) -> Option<String> {
    let (url, path) = record.source.as_ref()?;
    let own = site.source_url();
    if plain_url(url.raw()) == plain_url(own.raw()) && path.raw() == site.path() {
        return None;
    }
    Some(format!("record belongs to {} at {:?}", url.raw(), path.raw()))
}

/// A URL without scheme, user, default port and `.git`: what two spellings of one repository share.
pub(in crate::engine) fn plain_url(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split_once('@').filter(|(user, _)| !user.contains('/')).map_or(rest, |(_, host)| host);
    let rest = rest.trim_end_matches('/').trim_end_matches(".git");
    let (host, path) = rest.split_once(['/', ':']).unwrap_or((rest, ""));
    let path = path.trim_start_matches("443/").trim_start_matches("22/");
    format!("{}/{}", host.to_lowercase(), path.trim_start_matches('/'))
}

/// Changes an app's record: read, changed, written with its resourceVersion; again when somebody was faster.
pub(super) async fn update(site: &Site, change: impl Fn(&mut Record) + Send + Sync) -> Result<(), Foreign> {
    update_or_take(site, false, change).await
}

/// The same, taking over a record of another source when told to.
pub(super) async fn update_or_take(
    site: &Site,
    take_over: bool,
    change: impl Fn(&mut Record) + Send + Sync,
) -> Result<(), Foreign> {
    let (namespace, name) = (site.record_namespace(), &site.app.id.name);
    if !take_over {
        let second = second(site).await.map_err(|error| unwritten(site, &error.message))?;
        second.map_or(Ok(()), |second| Err(unwritten(site, &Foreign::new(second))))?;
    }
    for _ in 0..ATTEMPTS {
        let read = site.wire.cluster.read_record(namespace, name).await;
        let mut record = read.map_err(|error| unwritten(site, &error.message))?.unwrap_or_default();
        if let Some(stranger) = of_another(site, &record) {
            if !take_over {
                return Err(unwritten(site, &Foreign::new(stranger)));
            }
            record.inventory.clear();
        }
        record.source = Some((site.source_url(), Foreign::from(site.path())));
        record.revision = revision(site);
        change(&mut record);
        let over = record.operations.len().saturating_sub(OPERATIONS);
        record.operations.drain(..over);
        match site.wire.cluster.write_record(namespace, name, &record).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.kind, CallKind::Conflict(_)) => {}
            Err(error) if error.may_have_written() => return read_back(site, &record, &error).await,
            Err(error) => return Err(unwritten(site, &error.message)),
        }
    }
    Err(unwritten(site, &Foreign::from("somebody else keeps writing it; try again")))
}

/// No answer tells whether the record was written: that is read, never guessed, and nothing is sent twice.
async fn read_back(site: &Site, record: &Record, error: &CallError) -> Result<(), Foreign> {
    let (namespace, name) = (site.record_namespace(), &site.app.id.name);
    match site.wire.cluster.has_record(namespace, name, record).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(lost(error, &format!(", and the record {namespace}/driftdeck.{name} has not arrived yet"))),
        Err(_) => {
            Err(lost(error, &format!("; whether the record {namespace}/driftdeck.{name} was written is not known")))
        }
    }
}

/// Claims no more than was read: a slow server may still write what it has taken.
fn lost(error: &CallError, then: &str) -> Foreign {
    Foreign::new(format!("{}{then}: {}", error.in_place_of_an_answer(), error.message.raw()))
}

fn unwritten(site: &Site, why: &Foreign) -> Foreign {
    let (namespace, name) = (site.record_namespace(), &site.app.id.name);
    Foreign::new(format!("the record {namespace}/driftdeck.{name} was not written: {}", why.raw()))
}

fn revision(site: &Site) -> Option<Foreign> {
    match &site.app.source.location {
        Location::Git { revision, .. } => Some(Foreign::from(revision.as_str())),
        Location::Dir { .. } => None,
    }
}

/// A line for the record's list of operations.
pub(super) fn operation(site: &Site, what: &str, commit: Option<&CommitId>, result: &str) -> Operation {
    Operation {
        what: Foreign::from(what),
        by: site.shared.who.clone(),
        time: site.now.wall,
        commit: commit.cloned(),
        result: Foreign::from(result),
    }
}

#[cfg(test)]
mod tests {
    use super::plain_url;

    #[test]
    fn spellings_of_one_repository_are_one() {
        let one = plain_url("https://git.example.com/platform.git");
        for other in [
            "ssh://git@git.example.com/platform",
            "git@git.example.com:platform.git",
            "https://GIT.example.com:443/platform.git/",
        ] {
            assert_eq!(plain_url(other), one, "{other} is the same repository");
        }
        assert_ne!(plain_url("https://git.example.com/other.git"), one);
    }
}
