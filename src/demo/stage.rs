//! The running demo: clusters, repository and directory, alive until dropped.
//!
//! Owns the heartbeat that moves the clusters' time and plays the script, what was played, and the directory's end.
//! Refuses to act but as people do: by [`super::script::Act`]s, played in `hands`.

mod hands;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::DemoError;
use super::crew::Crew;
use super::script::{Move, Script};
use crate::engine::Clock;
use crate::model::{ClusterName, Fleet};
use crate::sandbox::{self, Sandbox};
use crate::source::{Mirror, Writer};

/// Attempts to remove the directory.
const TRIES: usize = 20;
/// Acts that are remembered.
const PLAYED: usize = 500;

/// What the demo stands on. Dropping it stops the script and removes the directory.
pub struct Stage {
    inner: Arc<Inner>,
    heart: Option<JoinHandle<()>>,
    path: PathBuf,
    dir: Option<TempDir>,
}

pub(super) struct Inner {
    pub(super) crew: Crew,
    pub(super) writer: Writer,
    pub(super) mirror: Mirror,
    /// `None` once the stage is gone; held while anything is written to the directory.
    pub(super) acts: Mutex<Option<Acts>>,
}

/// What there is to be played, and what was.
pub(super) struct Acts {
    script: Option<Script>,
    billed: Billed,
    played: VecDeque<Played>,
}

/// Scenes that have not begun.
pub(super) struct Billed {
    pub(super) acts: Vec<sandbox::Act>,
    /// When they do, since the clock's start.
    pub(super) begin: Duration,
}

/// One act of the script, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// When.
    pub at: Timestamp,
    /// As it would be typed: it begins with `kubectl`, `git` or `driftdeck`.
    pub typed: String,
    /// Why it was not done: nobody may disturb what you do, and not everything is as the script left it.
    pub left: Option<String>,
}

impl Acts {
    pub(super) fn of(script: Option<Script>, billed: Billed) -> Self {
        Self { script, billed, played: VecDeque::new() }
    }

    fn note(&mut self, played: Played) {
        self.played.push_back(played);
        while self.played.len() > PLAYED {
            self.played.pop_front();
        }
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage({} clusters, {:?})", self.inner.clusters().len(), self.inner.crew)
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
        self.inner.sandbox(name)
    }

    /// All clusters by name, the one that is cut too.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (&ClusterName, &Sandbox)> {
        self.inner.clusters().iter()
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

    /// What the script did so far, oldest first; at most the last 500 acts.
    #[must_use]
    pub fn played(&self) -> Vec<Played> {
        self.inner.acts().as_ref().map(|acts| acts.played.iter().cloned().collect()).unwrap_or_default()
    }

    /// What the agent of staging publishes, once the script has started it.
    #[must_use]
    pub fn agent(&self) -> Option<watch::Receiver<Arc<Fleet>>> {
        self.inner.crew.agent()
    }

    /// Whether somebody else's `driftdeck` command has not ended yet.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.inner.crew.is_busy()
    }

    /// Waits until nobody else does anything as long as time stands: for tests that hold it.
    pub async fn rest(&self) {
        self.inner.crew.rest().await;
    }

    /// Changes one line of a file on the branch, as a merged commit of `author` does.
    ///
    /// # Errors
    /// [`DemoError::Source`] when the file is not there or the branch moved meanwhile.
    pub fn commit(&self, author: &str, subject: &str, line: (&str, &str, &str)) -> Result<(), DemoError> {
        self.inner.commit(author, subject, line)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(heart) = self.heart.take() {
            heart.abort();
        }
        // Waits for a beat in progress: nothing is written into the directory while it goes.
        *self.inner.acts() = None;
        self.inner.crew.end();
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

    fn clusters(&self) -> &BTreeMap<ClusterName, Sandbox> {
        &self.crew.tools().clusters
    }

    fn sandbox(&self, name: &str) -> Option<&Sandbox> {
        self.clusters().get(&ClusterName::new(name))
    }

    fn clock(&self) -> &Clock {
        &self.crew.tools().clock
    }

    fn beat(&self) {
        let mut guard = self.acts();
        let Some(acts) = guard.as_mut() else { return };
        let now = self.clock().now();
        if now.since_start >= acts.billed.begin {
            acts.billed.acts.drain(..).for_each(|act| act.start());
        }
        let now = now.wall;
        for sandbox in self.clusters().values() {
            sandbox.tick(now);
        }
        let due = acts.script.as_mut().map(|script| script.due(now)).unwrap_or_default();
        for Move { app, round, act } in due {
            // Somebody was faster, or changed what the script wanted to edit: so it goes in a living fleet.
            let left = self.play((&app, round), &act, now).err().map(|left| left.to_string());
            acts.note(Played { at: now, typed: act.typed(&app, round), left });
        }
    }
}
