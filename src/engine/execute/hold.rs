//! Pause, resume, pin, unpin: what holds automatic sync, written into the record where everybody sees it.

use jiff::Timestamp;

use super::{Ending, admit, record};
use crate::engine::site::Site;
use crate::model::{Command, CommitId, Consent, Foreign, Outcome, Pause, Pin, Record};
use crate::plan;

/// Carries one of the four out.
pub(super) async fn run(site: &Site, command: &Command, consent: &Consent) -> Ending {
    let gate = plan::gate_of(command, site.cluster.protected);
    if let Err(refused) = admit(&gate, consent, site.mode) {
        return refused;
    }
    match command {
        Command::Pause { until, reason, .. } => pause(site, *until, reason).await,
        Command::Resume { .. } => resume(site).await,
        Command::Pin { commit, until, reason, .. } => pin(site, commit, *until, reason).await,
        Command::Unpin { .. } => unpin(site).await,
        _ => (Outcome::Refused, Some(Foreign::from("not an order for the record"))),
    }
}

async fn pause(site: &Site, until: Option<Timestamp>, reason: &Foreign) -> Ending {
    let pause = Pause { by: site.shared.who.clone(), reason: reason.clone(), since: site.now.wall, until };
    let done = write(site, "pause", None, |record| record.paused = Some(pause.clone())).await;
    ended(done, format!("{} is paused", site.id()))
}

async fn resume(site: &Site) -> Ending {
    if site.record.record().is_none_or(|record| record.paused.is_none()) {
        return nothing(site, "not paused");
    }
    let done = write(site, "resume", None, |record| record.paused = None).await;
    ended(done, format!("{} is resumed", site.id()))
}

/// Pins an app; also the pin mode of a revert.
pub(super) async fn pin(site: &Site, commit: &CommitId, until: Option<Timestamp>, reason: &Foreign) -> Ending {
    let (at, keeper) = (commit.clone(), site.clone());
    let kept = tokio::task::spawn_blocking(move || match keeper.mirror() {
        Some(mirror) => mirror.and_then(|mirror| mirror.keep(keeper.id(), &at)).map_err(|error| error.to_string()),
        None => Err("a directory has no history: there is nothing to pin to".to_owned()),
    });
    if let Ok(Err(why)) = kept.await {
        return (Outcome::Failed, Some(Foreign::new(why)));
    }
    let pin = Pin {
        commit: commit.clone(),
        by: site.shared.who.clone(),
        reason: reason.clone(),
        since: site.now.wall,
        until,
    };
    let done = write(site, "pin", Some(commit), |record| record.pinned = Some(pin.clone())).await;
    ended(done, format!("{} is pinned at {}; git is unchanged", site.id(), commit.short()))
}

async fn unpin(site: &Site) -> Ending {
    if site.record.record().is_none_or(|record| record.pinned.is_none()) {
        return nothing(site, "not pinned");
    }
    let done = write(site, "unpin", None, |record| record.pinned = None).await;
    ended(done, format!("{} follows its revision again", site.id()))
}

async fn write(
    site: &Site,
    what: &str,
    commit: Option<&CommitId>,
    change: impl Fn(&mut Record) + Send + Sync,
) -> Result<(), Foreign> {
    let operation = record::operation(site, what, commit, "done");
    record::update(site, move |record| {
        change(record);
        record.operations.push(operation.clone());
    })
    .await
}

fn ended(done: Result<(), Foreign>, words: String) -> Ending {
    match done {
        Ok(()) => (Outcome::Done, Some(Foreign::new(words))),
        Err(why) => (Outcome::Failed, Some(why)),
    }
}

fn nothing(site: &Site, words: &str) -> Ending {
    (Outcome::Nothing, Some(Foreign::new(format!("{} is {words}; nothing was done", site.id()))))
}
