//! Commits that must outlive a force-push: `refs/driftdeck/keep/<app>@<cluster>/<commit>` (drift.md, Inputs P).
//!
//! Owns these refs and the order in which they were made. They lie outside every fetch refspec and are never pushed.

use std::io::Write as _;
use std::path::Path;

use gix::refs::transaction::{Change, PreviousValue, RefEdit, RefLog};

use super::{SourceError, broken, object_id};
use crate::model::{AppId, CommitId};

/// How many commits of an app are held.
const KEPT: usize = 20;

pub(super) fn keep(repo: &gix::Repository, place: &str, app: &AppId, commit: &CommitId) -> Result<(), SourceError> {
    let id = object_id(commit)?;
    let app = format!("{}@{}", spelled(&app.name), spelled(app.cluster.as_str()));
    let fail = |why: &dyn std::fmt::Display| broken(place, why);
    repo.reference(name(&app, commit.as_str()), id, PreviousValue::Any, "keep").map_err(|why| fail(&why))?;
    let order = repo.git_dir().join("driftdeck-keep").join(&app);
    let mut kept = read(&order);
    kept.retain(|old| old != commit.as_str());
    kept.push(commit.as_str().to_owned());
    let surplus = kept.len().saturating_sub(KEPT);
    let dropped: Vec<String> = kept.drain(..surplus).collect();
    for old in dropped {
        drop_ref(repo, &name(&app, &old)).map_err(|why| fail(&why))?;
    }
    write(&order, &kept).map_err(|why| fail(&why))
}

fn name(app: &str, commit: &str) -> String {
    format!("refs/driftdeck/keep/{app}/{commit}")
}

/// A name as a ref may hold it (git-check-ref-format): everything unusual becomes `%XX`.
fn spelled(name: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn drop_ref(repo: &gix::Repository, name: &str) -> gix::Result<()> {
    if let Some(reference) = repo.try_find_reference(name)? {
        delete(repo, reference.name().to_owned())?;
    }
    Ok(())
}

/// Deletes a ref, whatever it points to.
pub(super) fn delete(repo: &gix::Repository, name: gix::refs::FullName) -> gix::Result<()> {
    let change = Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference };
    repo.edit_reference(RefEdit { change, name, deref: false }).map(|_| ())
}

fn read(order: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(order).unwrap_or_default();
    text.lines()
        .filter(|line| line.len() >= 40 && line.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(str::to_owned)
        .collect()
}

fn write(order: &Path, kept: &[String]) -> std::io::Result<()> {
    let dir = order.parent().unwrap_or(order);
    super::place::private_dir(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(kept.join("\n").as_bytes())?;
    file.persist(order).map_err(|why| why.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cluster_name_makes_a_valid_ref() {
        assert_eq!(spelled("prod-eu"), "prod-eu");
        assert_eq!(
            spelled("arn:aws:eks/x..y"),
            "arn%3Aaws%3Aeks%2Fx%2E%2Ey",
            "colons, slashes and dots are spelled out"
        );
    }
}
