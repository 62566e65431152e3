//! `driftdeck agent`: the engine without a face. It tells what it sees and does on stderr, and runs until a signal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::CliError;
use super::ground::Ground;
use super::progress;
use super::screen::Screen;
use super::session::{Purpose, Session};
use crate::engine::Role;
use crate::model::{AppId, ClusterName, Fleet, RunId, RunState, Shown, Verdict};

/// Runs it; it ends by a signal, from outside.
///
/// # Errors
/// Config, or an engine that cannot be started.
pub async fn run(ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let config = ground.config()?;
    let asked = ground.read_selection(&config, &[])?;
    ground.screen.say(&format!("driftdeck agent: {} apps", asked.len()));
    let purpose = Purpose { role: Role::Agent, only: Some(asked) };
    let session = Session::open(ground, config, purpose)?;
    let mut told = Told::default();
    let mut fleet = session.fleet();
    loop {
        let now = fleet.borrow_and_update().clone();
        told.tell(&now, ground.screen);
        if fleet.changed().await.is_err() {
            return Err(CliError::failed("the engine has ended by a fault of its own; see the log"));
        }
    }
}

/// What was told so far.
#[derive(Default)]
struct Told {
    verdicts: BTreeMap<AppId, Verdict>,
    clusters: BTreeMap<ClusterName, &'static str>,
    runs: BTreeMap<RunId, progress::Told>,
    over: BTreeSet<RunId>,
}

impl Told {
    fn tell(&mut self, fleet: &Arc<Fleet>, screen: &mut Screen) {
        for cluster in &fleet.clusters {
            let word = cluster.state.word();
            if self.clusters.insert(cluster.name.clone(), word) != Some(word) {
                screen.say(&format!("{}: {word}", cluster.name));
            }
        }
        for app in &fleet.apps {
            if self.verdicts.insert(app.id.clone(), app.verdict) != Some(app.verdict) {
                let why = app.reason.as_ref().map(|reason| format!(": {}", Shown::from(&reason.message)));
                screen.say(&format!("{}: {}{}", app.id, app.verdict.word(), why.unwrap_or_default()));
            }
        }
        for run in fleet.runs.iter().filter(|run| !self.over.contains(&run.id)).collect::<Vec<_>>() {
            self.runs.entry(run.id).or_default().tell(run, screen);
            if matches!(run.state, RunState::Ended(_)) {
                self.runs.remove(&run.id);
                self.over.insert(run.id);
            }
        }
        let there: BTreeSet<RunId> = fleet.runs.iter().map(|run| run.id).collect();
        self.over.retain(|id| there.contains(id));
    }
}
