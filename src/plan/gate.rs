//! The gates: one table (product.md *Gates*), asked by the one executor, so cockpit and command line cannot differ.

use std::collections::BTreeSet;

use crate::model::{
    Act, AppId, Command, Consent, Gate, Kind, Level, Mode, Need, Plan, PlanRow, Refusal, ResourceKey, SyncOrder,
};

/// Deletes that L3 still lets through: this many, or this share of the inventory, whichever is more.
const DELETES: usize = 3;
const SHARE: usize = 5;

/// The gate of a sync order: by what it deletes, what it takes from others, and whether somebody holds the app.
#[must_use]
pub fn gate_sync(plan: &Plan, order: &SyncOrder, inventory: usize, protected: bool) -> Gate {
    let wanted: BTreeSet<&ResourceKey> = order.chosen.iter().collect();
    let chosen = |row: &&PlanRow| wanted.contains(&row.key);
    let takes = order.take_over || !order.take.is_empty();
    let rows: Vec<&PlanRow> = plan.rows.iter().filter(chosen).collect();
    gate_rows(plan, &rows, takes, (inventory, protected))
}

/// The gate of a plan as it comes, before anybody ticked anything.
pub(super) fn gate_ticked(plan: &Plan, inventory: usize, protected: bool) -> Gate {
    let rows: Vec<&PlanRow> = plan.chosen().collect();
    gate_rows(plan, &rows, false, (inventory, protected))
}

fn gate_rows(plan: &Plan, rows: &[&PlanRow], takes: bool, (inventory, protected): (usize, bool)) -> Gate {
    let deletes: Vec<&&PlanRow> = rows.iter().filter(|row| row.act == Act::Prune).collect();
    let limit = DELETES.max(inventory / SHARE);
    let heavy = deletes.iter().any(|row| is_heavy(&row.key.kind));
    let whole = !deletes.is_empty() && plan.rows.iter().all(|row| row.act == Act::Prune);
    let level = if deletes.len() > limit || heavy || whole {
        Level::L4
    } else if !deletes.is_empty() || takes || plan.paused.is_some() {
        Level::L3
    } else {
        Level::L2
    };
    gate(level, protected, deletes.len(), &plan.app)
}

/// Kinds whose deletion takes others along, or data.
fn is_heavy(kind: &Kind) -> bool {
    matches!(
        (&*kind.group, &*kind.kind),
        ("", "Namespace" | "PersistentVolume" | "PersistentVolumeClaim")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

/// The gate of a revert: L3, a pin too. `protected`: any destination it feeds is. It writes no cluster, so it deletes
/// nothing: the deletes come with the sync that follows, through its own gate.
#[must_use]
pub fn gate_revert(app: &AppId, protected: bool) -> Gate {
    gate(Level::L3, protected, 0, app)
}

fn gate(level: Level, protected: bool, deletes: usize, app: &AppId) -> Gate {
    let mut needs = match level {
        Level::L0 | Level::L1 => Vec::new(),
        Level::L2 => vec![Need::Yes],
        Level::L3 => vec![Need::Deletes(deletes)],
        Level::L4 => vec![Need::Deletes(deletes), Need::MassDelete(deletes)],
    };
    if deletes > 0 {
        needs.push(Need::Prune);
    }
    if protected {
        needs.extend([Need::Unlock, Need::AppName(app.clone())]);
    }
    Gate { level, protected, needs, calming: false }
}

/// The gate of every command that needs no plan.
#[must_use]
pub fn gate_of(command: &Command, protected: bool) -> Gate {
    let free = Gate { level: Level::L0, protected: false, needs: Vec::new(), calming: true };
    let held = |app: &AppId| {
        let mut needs = vec![Need::Yes];
        if protected {
            needs.extend([Need::Unlock, Need::AppName(app.clone())]);
        }
        Gate { level: Level::L2, protected, needs, calming: false }
    };
    match command {
        Command::Refresh { .. } => free,
        Command::Unlock { .. } | Command::Lock { .. } | Command::Ignore { .. } => Gate { level: Level::L1, ..free },
        Command::Pause { .. } | Command::Abort { .. } => {
            Gate { level: Level::L2, protected: false, needs: vec![Need::Yes], calming: true }
        }
        Command::Resume { app } | Command::Pin { app, .. } | Command::Unpin { app } => held(app),
        Command::Sync(order) => gate(Level::L3, protected, 0, &order.app),
        Command::Revert(order) => gate_revert(&order.app, protected),
    }
}

/// Lets a command through, or says what is missing.
///
/// In OBSERVE only what calms gets through, and what an unlock given along with the order opens: that one exists on a
/// protected cluster alone.
pub fn admit(gate: &Gate, consent: &Consent, mode: Mode) -> Result<(), Refusal> {
    if gate.level <= Level::L1 {
        return Ok(());
    }
    if mode == Mode::ReadOnly {
        return Err(Refusal::ReadOnly);
    }
    let missing: Vec<Need> = gate.needs.iter().filter(|need| !is_met(need, consent, mode)).cloned().collect();
    if !missing.is_empty() {
        return Err(Refusal::Unanswered(missing));
    }
    let opened = gate.calming || gate.needs.contains(&Need::Unlock);
    if mode == Mode::Observe && !opened { Err(Refusal::Observe) } else { Ok(()) }
}

fn is_met(need: &Need, consent: &Consent, mode: Mode) -> bool {
    match need {
        Need::Yes => consent.yes,
        Need::Deletes(count) => consent.deletes == Some(*count),
        Need::Unlock => mode == Mode::Operate || consent.unlock.as_ref().is_some_and(|why| !why.trim().is_empty()),
        Need::AppName(app) => consent.app_name.as_deref() == Some(&*app.name),
        Need::MassDelete(count) => consent.mass_delete == Some(*count),
        Need::Prune => consent.prune,
    }
}
