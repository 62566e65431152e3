//! Being told when a directory changes.
//!
//! Owns the watcher and its thread. Editors write in bursts, so a change is told once things are quiet for a moment,
//! and at least every two seconds.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Quiet for so long = told.
const QUIET: Duration = Duration::from_millis(200);
/// Never later than this.
const LATEST: Duration = Duration::from_secs(2);

/// A running watch; dropping it ends it.
pub struct Watch {
    /// Dropping it closes the channel, which ends the thread.
    _watcher: RecommendedWatcher,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

impl Watch {
    pub(super) fn start(root: &Path, changed: Box<dyn Fn() + Send>) -> notify::Result<Self> {
        // One waiting note is enough: what counts is that something changed.
        let (send, receive) = sync_channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, matters) {
                let _ = send.try_send(());
            }
        })?;
        watcher.watch(root, RecursiveMode::Recursive)?;
        std::thread::spawn(move || tell(&receive, changed.as_ref()));
        Ok(Self { _watcher: watcher })
    }
}

/// Reads and `.git`'s own doings change nothing that is rendered. An error of the watcher does matter: look again.
fn matters(event: &Event) -> bool {
    let is_git = |path: &std::path::PathBuf| path.components().any(|part| part.as_os_str() == ".git");
    !matches!(event.kind, EventKind::Access(_)) && (event.paths.is_empty() || !event.paths.iter().all(is_git))
}

fn tell(notes: &Receiver<()>, changed: &dyn Fn()) {
    while notes.recv().is_ok() {
        let first = Instant::now();
        loop {
            match notes.recv_timeout(QUIET) {
                Ok(()) if first.elapsed() < LATEST => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(()) | Err(RecvTimeoutError::Timeout) => break,
            }
        }
        changed();
    }
}
