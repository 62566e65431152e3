//! What is kept for later processes, written down by one task: in the order in which it was seen.
//!
//! The loop never waits for the disk. While the queue is full, what the watches saw waits in memory and goes with the next
//! turn; a look is left to the next minute.

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

use crate::journal::{Journal, JournalError, Look, Witnessed};
use crate::model::AppId;

/// Notes that may wait for the disk.
const QUEUE: usize = 16;

/// Something to keep.
pub(super) enum Note {
    /// What the watches saw.
    Writes(Vec<Witnessed>),
    /// How apps stand.
    Looks(Vec<(AppId, Look)>),
}

impl Note {
    fn keep(&self, journal: &Journal) -> Result<(), JournalError> {
        match self {
            Self::Writes(witnessed) => journal.note_writes(witnessed),
            Self::Looks(looks) => looks.iter().try_for_each(|(app, look)| journal.keep_look(app, look)),
        }
    }
}

/// Starts the task; it ends when nobody has anything to say any more.
pub(super) fn start(journal: Journal, tasks: &TaskTracker) -> mpsc::Sender<Note> {
    let (out, mut notes) = mpsc::channel::<Note>(QUEUE);
    tasks.spawn(async move {
        while let Some(note) = notes.recv().await {
            let journal = journal.clone();
            if let Ok(Err(error)) = spawn_blocking(move || note.keep(&journal)).await {
                tracing::warn!(%error, "what was seen is not kept for later processes");
            }
        }
    });
    out
}
