//! One engine for one command: started for the apps asked for, asked, ordered, and closed whatever happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::args::Global;
use super::error::CliError;
use super::ground::Ground;
use super::places::Places;
use super::settle;
use crate::config::Config;
use crate::engine::{Clock, Handle, Ports, Role, Setup, start};
use crate::model::{
    AppId, Command, Consent, Fleet, Foreign, Order, OrderId, Query, RunRow, RunState, Ticket, View, ViewBody,
};

/// How long closing waits for writes that are out.
const CLOSING: Duration = Duration::from_secs(20);
/// Aborts are numbered apart from orders.
const ABORTS: u64 = 1 << 61;

/// What an engine is started for.
pub struct Purpose {
    /// Who acts.
    pub role: Role,
    /// Only these apps; `None` = all.
    pub only: Option<Vec<AppId>>,
}

/// A running engine, and the private space of its renders.
pub struct Session {
    handle: Handle,
    views: mpsc::Receiver<View>,
    clock: Clock,
    next: u64,
    _scratch: tempfile::TempDir,
}

/// What an engine needs, from the command line and this host; the scratch space lives as long as the second value.
///
/// # Errors
/// When there is no place for temporary files.
pub fn setup(
    places: &Places,
    global: &Global,
    config: Config,
    purpose: Purpose,
) -> Result<(Setup, tempfile::TempDir), CliError> {
    let scratch = tempfile::Builder::new().prefix("driftdeck-").tempdir();
    let scratch =
        scratch.map_err(|error| CliError::failed(format!("no space for temporary files: {}", error.kind())))?;
    let setup = Setup {
        config,
        who: if purpose.role == Role::Agent { Foreign::from("driftdeck agent") } else { who() },
        role: purpose.role,
        read_only: global.read_only,
        state_dir: places.state.clone(),
        scratch_dir: scratch.path().to_owned(),
        ports: Ports::kubeconfig(places.cache.clone(), global.kubeconfig.clone()),
        clock: Clock::real(),
        only: purpose.only,
        without: crate::model::Without::NOTHING,
    };
    Ok((setup, scratch))
}

impl Session {
    /// Starts the engine; called within a runtime.
    ///
    /// # Errors
    /// As [`setup`].
    pub fn open(ground: &Ground<'_>, config: Config, purpose: Purpose) -> Result<Self, CliError> {
        let (setup, scratch) = setup(ground.places, ground.global, config, purpose)?;
        let clock = setup.clock.clone();
        let (handle, views) = start(setup);
        ground.running.add(handle.clone());
        Ok(Self { handle, views, clock, next: 0, _scratch: scratch })
    }

    /// The newest fleet, and the news of newer ones.
    #[must_use]
    pub fn fleet(&self) -> watch::Receiver<Arc<Fleet>> {
        self.handle.fleet()
    }

    /// The engine's time.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now().wall
    }

    /// Waits until every app asked for is judged, at most so long.
    pub async fn settle(&self, asked: &[AppId], limit: Duration) -> (Arc<Fleet>, bool) {
        settle::wait(&mut self.fleet(), limit, |fleet| settle::is_settled(fleet, asked)).await
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The engine's own sentence when it has no answer; a time-out.
    pub async fn ask(&mut self, query: Query, limit: Duration) -> Result<ViewBody, CliError> {
        self.next += 1;
        let ticket = Ticket(self.next);
        if !self.handle.ask(ticket, query) {
            return Err(gone());
        }
        let answer = async {
            while let Some(view) = self.views.recv().await {
                if view.ticket == ticket && view.body != ViewBody::Loading {
                    return Some(view.body);
                }
            }
            None
        };
        match tokio::time::timeout(limit, answer).await {
            Err(_) => Err(CliError::timed_out("no answer in time").hint("give it longer with --timeout")),
            Ok(None) => Err(gone()),
            Ok(Some(ViewBody::Failed(why))) => Err(CliError::failed(why)),
            Ok(Some(body)) => Ok(body),
        }
    }

    /// Orders, and tells each step until the run has ended.
    ///
    /// # Errors
    /// A time-out, after which the run is stopped before its next object.
    pub async fn order(
        &mut self,
        (command, consent): (Command, Consent),
        limit: Duration,
        mut tell: impl FnMut(&RunRow) + Send,
    ) -> Result<Arc<RunRow>, CliError> {
        self.next += 1;
        let id = OrderId(self.next);
        let mut fleet = self.fleet();
        if !self.handle.order(Order { id, command, consent }) {
            return Err(gone());
        }
        let followed = async {
            loop {
                let run = fleet.borrow_and_update().runs.iter().find(|run| run.id == id).cloned();
                if let Some(run) = run {
                    tell(&run);
                    if matches!(run.state, RunState::Ended(_)) {
                        return Some(run);
                    }
                }
                fleet.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(limit, followed).await {
            Ok(Some(run)) => Ok(run),
            Ok(None) => Err(gone()),
            Err(_) => Err(CliError::timed_out("the run took too long; it stops before its next object")),
        }
    }

    /// Stops what is running before its next object, waits for what is out, and ends the engine.
    pub async fn close(self) {
        end(self.handle).await;
    }
}

/// Stops an engine's runs before their next object, waits for what is out, and ends it.
pub async fn end(handle: Handle) {
    let ended = async {
        abort(&handle).await;
        handle.close().await;
    };
    if tokio::time::timeout(CLOSING, ended).await.is_err() {
        tracing::warn!("the engine did not end in time");
    }
}

async fn abort(handle: &Handle) {
    let mut fleet = handle.fleet();
    let running: Vec<_> = fleet.borrow().runs.iter().filter(|run| is_running(run)).map(|run| run.id).collect();
    for run in running {
        let order = Order { id: OrderId(ABORTS + run.0), command: Command::Abort { run }, consent: Consent::default() };
        if handle.order(order) {
            let over = |fleet: &Arc<Fleet>| fleet.runs.iter().all(|row| row.id != run || !is_running(row));
            let _ = fleet.wait_for(over).await;
        }
    }
}

fn is_running(run: &RunRow) -> bool {
    !matches!(run.state, RunState::Ended(_))
}

fn gone() -> CliError {
    CliError::failed("the engine has ended by a fault of its own; see the log")
}

/// Who acts, as records and commits name them: `ana@host`.
fn who() -> Foreign {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let host = std::fs::read_to_string(PathBuf::from("/proc/sys/kernel/hostname")).ok();
    let host = host.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "localhost".to_owned());
    Foreign::new(format!("{}@{host}", user.unwrap_or_else(|| "unknown".to_owned())))
}
