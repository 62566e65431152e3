//! The script's acts, done: requests to the clusters, commits on the branch, errands for the others.
//!
//! Owns the look before each act: what you have worked on lately, and what is not as the script left it, is left alone.
//! Refuses any other way to change the fleet.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Inner;
use crate::demo::crew::Errand;
use crate::demo::script::{Act, Command, Commit, Kubectl, with_line};
use crate::demo::{DemoError, YOU, history, seed};
use crate::model::{AppId, AppSpec, ClusterName};
use crate::sandbox::Answered;
use crate::source::{Draft, SourceError};

/// How long the script leaves an app alone after you did something to it.
const YOURS: SignedDuration = SignedDuration::from_mins(30);

/// Why an act was left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Left {
    /// The operator has worked on the app.
    #[error("{app} is yours for now")]
    Yours {
        /// Which.
        app: AppId,
    },
    /// The object is not as the script expects.
    #[error("{path} is not as expected")]
    Changed {
        /// Its request path.
        path: String,
    },
    /// All others are busy.
    #[error("nobody is free")]
    Busy,
    /// The script names what is not there: a fault of the build.
    #[error("there is no {what}")]
    Absent {
        /// What.
        what: String,
    },
    /// A cluster or the repository refused.
    #[error(transparent)]
    Refused(#[from] DemoError),
}

impl Inner {
    pub(super) fn play(&self, (app, round): (&str, usize), act: &Act, now: Timestamp) -> Result<(), Left> {
        if let Some(yours) = self.apps(app).find(|app| self.is_yours(app, now)) {
            return Err(Left::Yours { app: yours.id.clone() });
        }
        match act {
            Act::Kubectl(deed) => self.kubectl(deed),
            Act::Commit(commit) => self.merge(commit, round),
            Act::Driftdeck(typed) => self.driftdeck(app, typed),
            Act::Agent(cluster) => self.errand(Errand::Agent(ClusterName::new(cluster.as_str()))),
        }
    }

    fn apps(&self, name: &str) -> impl Iterator<Item = &AppSpec> {
        self.crew.tools().config.apps.iter().filter(move |app| *app.id.name == *name)
    }

    /// Whether the record of an app tells of something that you did lately.
    fn is_yours(&self, app: &AppSpec, now: Timestamp) -> bool {
        let path = format!("/api/v1/namespaces/{}/configmaps/driftdeck.{}", app.namespace, app.id.name);
        let Some(sandbox) = self.sandbox(app.id.cluster.as_str()) else { return false };
        let record = sandbox.request("GET", &path, &Value::Null, "").body;
        let said = record["data"]["app.json"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let operations = said.as_ref().and_then(|said| said["operations"].as_array()).into_iter().flatten();
        let time = |one: &Value| one["time"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        let yours = operations.filter(|one| one["by"] == YOU).filter_map(time);
        yours.max().is_some_and(|last| now.duration_since(last) < YOURS)
    }

    /// Looks first, as `kubectl edit` does, and then asks for one change.
    fn kubectl(&self, deed: &Kubectl) -> Result<(), Left> {
        let sandbox = self.sandbox(&deed.cluster).ok_or_else(|| Left::Absent { what: deed.cluster.clone() })?;
        let Answered { status, body } = sandbox.request("GET", &deed.path, &Value::Null, "");
        let sees = deed.sees.iter().all(|(place, value)| body.pointer(place) == Some(value));
        let lacks = deed.lacks.iter().all(|place| body.pointer(place).is_none_or(Value::is_null));
        if status != 200 || !sees || !lacks {
            return Err(Left::Changed { path: deed.path.clone() });
        }
        let uri = format!("{}?fieldManager={}", deed.path, deed.manager);
        let answer = if deed.delete {
            sandbox.request("DELETE", &deed.path, &Value::Null, "")
        } else {
            let patch = serde_json::from_str(&deed.patch).map_err(|why| DemoError::asset("script.toml", &why))?;
            sandbox.request("PATCH", &uri, &patch, deed.kind.content_type())
        };
        Ok(seed::accept(&uri, answer).map(drop)?)
    }

    fn merge(&self, commit: &Commit, round: usize) -> Result<(), Left> {
        let (subject, value) = commit.of_round(round);
        Ok(self.commit(&commit.author, &subject, (&commit.file, &commit.key, &value))?)
    }

    fn driftdeck(&self, app: &str, typed: &Command) -> Result<(), Left> {
        let found = self.apps(app).find(|spec| spec.id.cluster.as_str() == typed.cluster);
        let found = found.ok_or_else(|| Left::Absent { what: format!("{app} on {}", typed.cluster) })?;
        self.errand(Errand::Command(typed.clone(), found.id.clone()))
    }

    fn errand(&self, errand: Errand) -> Result<(), Left> {
        self.crew.send(errand).then_some(()).ok_or(Left::Busy)
    }

    pub(super) fn commit(&self, author: &str, subject: &str, line: (&str, &str, &str)) -> Result<(), DemoError> {
        let (file, key, value) = line;
        let head = self.mirror.resolve(history::BRANCH)?;
        let bytes = self
            .mirror
            .tree(&head)?
            .read(file)
            .map_err(|_| SourceError::PathNotFound { path: file.to_owned(), commit: head.short().to_owned() })?;
        let Some(new) = with_line(&String::from_utf8_lossy(&bytes), key, value) else { return Ok(()) };
        let draft = Draft {
            branch: history::BRANCH.to_owned(),
            changes: vec![(file.to_owned(), Some(new.into_bytes()))],
            message: format!("{subject}\n"),
            author: history::author(author, self.clock().now().wall),
        };
        self.writer.commit(&draft)?;
        Ok(())
    }
}
