//! The one executor: every write of driftdeck passes here, and asks the gates of `plan` first.

mod apply;
mod hold;
mod ignore;
pub(super) mod record;
mod revert;
mod sync;

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::event::{Event, RunNews};
use super::planning;
use super::site::Site;
use super::step::policy;
use crate::model::{
    Act, AppId, Command, Consent, Foreign, Gate, IgnoreRule, Mode, Need, Order, Outcome, Plan, PlanRow, Refusal,
    ResourceKey, RunId, StepState, SyncOrder,
};
use crate::plan;

pub(super) use record::plain_url;
pub(super) use revert::{is_protected, message as revert_message, restore_paths as revert_paths};

/// How an order ended, in words for the screen.
pub(super) type Ending = (Outcome, Option<Foreign>);

/// Tells the loop how a run goes.
#[derive(Clone)]
pub(super) struct Reporter {
    run: RunId,
    events: mpsc::Sender<Event>,
}

impl Reporter {
    /// Sends one piece of news; the engine may have ended meanwhile.
    pub async fn say(&self, news: RunNews) {
        let _ = self.events.send(Event::Ran(self.run, news)).await;
    }

    /// Apps have other rules from now on.
    pub async fn ruled(&self, rules: BTreeMap<AppId, Vec<IgnoreRule>>) {
        let _ = self.events.send(Event::Ruled(rules)).await;
    }

    /// One object moved on.
    pub async fn step(&self, key: &ResourceKey, state: StepState, note: Option<Foreign>) {
        self.say(RunNews::Step(key.clone(), state, note)).await;
    }
}

/// Carries one order out, from its gate to its record.
pub(super) async fn run(site: Site, order: Order, events: mpsc::Sender<Event>, abort: CancellationToken) {
    let reporter = Reporter { run: order.id, events };
    let (outcome, note) = match &order.command {
        command if elsewhere(&site, command).is_some() => (Outcome::Refused, elsewhere(&site, command).cloned()),
        Command::Revert(_) if of_another(&site).is_some() => (Outcome::Refused, of_another(&site)),
        Command::Sync(sync) => sync::run(&site, sync, &order.consent, &reporter, &abort).await,
        Command::Revert(revert) => revert::run(&site, revert, &order.consent).await,
        Command::Ignore { rule, .. } => ignore::run(&site, rule, &reporter).await,
        command => hold::run(&site, command, &order.consent).await,
    };
    if let Some(subject) = super::step::subject(&order.command) {
        journal(&site, subject, outcome, note.as_ref());
    }
    reporter.say(RunNews::Ended(outcome, note)).await;
}

/// An agent's own sync: planned now, never a prune, never past what its policy answers.
pub(super) async fn run_auto(site: Site, run: RunId, events: mpsc::Sender<Event>, abort: CancellationToken) {
    let reporter = Reporter { run, events };
    let (outcome, note) = match (held(&site).await, planning::outlook(&site, None).await) {
        (Some(ending), _) => ending,
        (None, Ok(outlook)) => {
            let order = auto_order(&site, planning::plan(&site, &outlook));
            sync::apply_all(&site, &outlook, &order, &reporter, &abort).await
        }
        (None, Err(trouble)) => (Outcome::Failed, Some(trouble.message)),
    };
    journal(&site, (site.id(), "sync (auto)"), outcome, note.as_ref());
    reporter.say(RunNews::Ended(outcome, note)).await;
}

/// Another record of the app is named by what is live: nothing is written beside it, but to take over.
fn elsewhere<'s>(site: &'s Site, command: &Command) -> Option<&'s Foreign> {
    let takes_over = matches!(command, Command::Sync(order) if order.take_over);
    site.elsewhere.as_ref().filter(|_| !takes_over)
}

/// Whose the record is, where it is not ours to act on: git is not pushed to for an app that somebody else keeps.
fn of_another(site: &Site) -> Option<Foreign> {
    let crate::engine::world::RecordState::Bad(reason) = &site.record else { return None };
    Some(Foreign::new(format!("{}; nothing was written", reason.message.raw())))
}

/// A pause or a pin that was written a moment ago holds the agent too, before its watch has brought it.
async fn held(site: &Site) -> Option<Ending> {
    let record = match record::read(site).await {
        Ok(record) => record?,
        Err(trouble) => return Some((Outcome::Failed, Some(trouble.message))),
    };
    let now = site.now.wall;
    let pinned = record.pinned.as_ref().is_some_and(|pin| pin.until.is_none_or(|until| until > now));
    let held = pinned || record.pause_at(now).is_some();
    held.then(|| (Outcome::Nothing, Some(Foreign::from("held: paused or pinned a moment ago"))))
}

/// What an agent's policy answers of a plan.
fn auto_order(site: &Site, plan: Plan) -> SyncOrder {
    let moved = |row: &PlanRow| row.findings.first().and_then(|finding| finding.moved);
    let answers = |row: &PlanRow| policy::answers(site.app.policy, row.verdict, moved(row), &row.findings);
    let answers = |row: &PlanRow| answers(row) || row.act == Act::Adopt;
    let writes = |row: &&PlanRow| matches!(row.act, Act::Create | Act::Update | Act::Adopt) && answers(row);
    let chosen: Vec<ResourceKey> = plan.rows.iter().filter(writes).map(|row| row.key.clone()).collect();
    let full = plan.rows.iter().all(|row| row.act == Act::Keep || writes(&row));
    SyncOrder {
        app: site.id().clone(),
        commit: plan.commit.id,
        fingerprint: plan.fingerprint,
        chosen,
        take: Vec::new(),
        take_over: false,
        full,
    }
}

/// Asks the gate; `Err` is the ending of an order that did not pass.
pub(super) fn admit(gate: &Gate, consent: &Consent, mode: Mode) -> Result<(), Ending> {
    plan::admit(gate, consent, mode).map_err(|refusal| (Outcome::Refused, Some(sentence(&refusal))))
}

/// A refusal in words, with the flag to add.
fn sentence(refusal: &Refusal) -> Foreign {
    match refusal {
        Refusal::ReadOnly => Foreign::from("this process is read-only (--read-only); nothing was written"),
        Refusal::Observe => Foreign::from("the cluster is in OBSERVE: unlock it first (U, or --unlock REASON)"),
        Refusal::PlanMoved => Foreign::from("the plan changed since it was shown: review it again"),
        Refusal::Because(why) => why.clone(),
        Refusal::Unanswered(needs) => {
            let flags: Vec<String> = needs.iter().map(flag).collect();
            Foreign::new(format!("not confirmed; nothing was written. Add {}", flags.join(" ")))
        }
    }
}

fn flag(need: &Need) -> String {
    match need {
        Need::Yes => "--yes".to_owned(),
        Need::Deletes(count) => format!("--yes={count}"),
        Need::Unlock => "--unlock REASON".to_owned(),
        Need::AppName(app) => format!("--confirm {}", app.name),
        Need::MassDelete(count) => format!("--allow-mass-delete {count}"),
        Need::Prune => "--prune".to_owned(),
    }
}

/// Puts what was done on record on this host; a journal that cannot be written is said in the log.
fn journal(site: &Site, (app, what): (&AppId, &str), outcome: Outcome, note: Option<&Foreign>) {
    let Some(journal) = &site.shared.journal else { return };
    let result = format!("{outcome:?}").to_lowercase();
    let entry = crate::journal::Entry {
        time: site.now.wall,
        who: site.shared.who.clone(),
        what: Foreign::from(what),
        app: Some(app.clone()),
        result: Foreign::new(result),
        detail: note.cloned(),
    };
    if let Err(error) = journal.append(&entry) {
        tracing::warn!(%error, "the journal was not written");
    }
}
