//! The running demo: clusters, repository and directory, alive until dropped.
//!
//! Owns the heartbeat that moves the clusters' time and plays the script, and the directory's end. Refuses to act but as
//! kubectl and git would: requests to the sandboxes, commits on the branch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::script::{Move, Script, with_line};
use super::{DemoError, history, seed};
use crate::engine::Clock;
use crate::model::ClusterName;
use crate::sandbox::{Act, Sandbox};
use crate::source::{Draft, Mirror, SourceError, Writer};

/// Attempts to remove the directory.
const TRIES: usize = 20;

/// What the demo stands on. Dropping it stops the script and removes the directory.
pub struct Stage {
    inner: Arc<Inner>,
    heart: Option<JoinHandle<()>>,
    path: PathBuf,
    dir: Option<TempDir>,
}

pub(super) struct Inner {
    pub(super) clusters: BTreeMap<ClusterName, Sandbox>,
    pub(super) writer: Writer,
    pub(super) mirror: Mirror,
    pub(super) clock: Clock,
    /// `None` once the stage is gone; held while anything is written to the directory.
    pub(super) acts: Mutex<Option<Acts>>,
}

/// What there is to be played.
pub(super) struct Acts {
    pub(super) script: Option<Script>,
    /// Scenes that have not begun.
    pub(super) billed: Vec<Act>,
    /// When they do, since the clock's start.
    pub(super) begin: Duration,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage({} clusters)", self.inner.clusters.len())
    }
}

impl Stage {
    /// `pace`: the heartbeat's interval; `None` = only [`Stage::beat`] moves time.
    pub(super) fn new(inner: Inner, dir: TempDir, pace: Option<Duration>) -> Self {
        let inner = Arc::new(inner);
        let heart = pace.map(|pace| tokio::spawn(heartbeat(inner.clone(), pace)));
        Self { inner, heart, path: dir.path().to_owned(), dir: Some(dir) }
    }

    /// A cluster, to do something to it, or to have a scene played on it.
    #[must_use]
    pub fn sandbox(&self, name: &str) -> Option<&Sandbox> {
        self.inner.clusters.get(&ClusterName::new(name))
    }

    /// All clusters by name, the one that is cut too.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (&ClusterName, &Sandbox)> {
        self.inner.clusters.iter()
    }

    /// The demo's own directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.path
    }

    /// Brings the clusters' time up to the clock's and plays what is due. Blocks for a moment.
    pub fn beat(&self) {
        self.inner.beat();
    }

    /// Changes one line of a file on the branch, as a merged commit of `author` does.
    ///
    /// # Errors
    /// [`DemoError::Source`] when the file is not there or the branch moved meanwhile.
    pub fn commit(&self, author: &str, subject: &str, (file, key, value): (&str, &str, &str)) -> Result<(), DemoError> {
        self.inner.commit(author, subject, (file, key, value))
    }
}

#[cfg(test)]
impl Stage {
    pub(super) fn play(&self, next: &Move) -> Result<(), DemoError> {
        self.inner.play(next)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(heart) = self.heart.take() {
            heart.abort();
        }
        // Waits for a beat in progress: nothing is written into the directory while it goes.
        *self.inner.acts() = None;
        let Some(path) = self.dir.take().map(TempDir::keep) else { return };
        // A panic may leave an engine running for a moment that still writes: a few more tries outlast it.
        let gone = (0..TRIES).any(|_| std::fs::remove_dir_all(&path).is_ok() || !path.exists());
        if !gone {
            tracing::warn!(path = %path.display(), "the demo's directory could not be removed");
        }
    }
}

async fn heartbeat(inner: Arc<Inner>, pace: Duration) {
    let mut beats = tokio::time::interval(pace);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        beats.tick().await;
        let inner = inner.clone();
        if tokio::task::spawn_blocking(move || inner.beat()).await.is_err() {
            return;
        }
    }
}

impl Inner {
    fn acts(&self) -> std::sync::MutexGuard<'_, Option<Acts>> {
        self.acts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self) {
        let mut guard = self.acts();
        let Some(acts) = guard.as_mut() else { return };
        let now = self.clock.now();
        if now.since_start >= acts.begin {
            acts.billed.drain(..).for_each(|act| act.start());
        }
        let now = now.wall;
        for sandbox in self.clusters.values() {
            sandbox.tick(now);
        }
        if let Some(next) = acts.script.as_mut().and_then(|script| script.next(now))
            && let Err(error) = self.play(&next)
        {
            // Somebody was faster, or deleted what the script wanted to edit: so it goes in a living fleet.
            tracing::debug!(%error, "the demo's script left a move out");
        }
    }

    fn play(&self, next: &Move) -> Result<(), DemoError> {
        match next {
            Move::Deed(deed) => {
                let sandbox = self.clusters.get(&ClusterName::new(deed.cluster.as_str()));
                sandbox.map_or(Ok(()), |sandbox| seed::play(sandbox, deed))
            }
            Move::Scale { cluster, path, replicas } => self.scale(cluster, path, *replicas),
            Move::Commit { author, subject, file, key, value } => self.commit(author, subject, (file, key, value)),
        }
    }

    fn scale(&self, cluster: &str, path: &str, replicas: u64) -> Result<(), DemoError> {
        let Some(sandbox) = self.clusters.get(&ClusterName::new(cluster)) else { return Ok(()) };
        let uri = format!("{path}/scale?fieldManager=kubectl");
        let body = json!({"spec": {"replicas": replicas}});
        let answer = sandbox.request("PATCH", &uri, &body, "application/merge-patch+json");
        seed::accept(&uri, answer).map(drop)
    }

    fn commit(&self, author: &str, subject: &str, (file, key, value): (&str, &str, &str)) -> Result<(), DemoError> {
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
            author: history::author(author, self.clock.now().wall),
        };
        self.writer.commit(&draft)?;
        Ok(())
    }
}
