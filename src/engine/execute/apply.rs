//! Applying and deleting one object: first without force; over people's writes by force; never over a controller's
//! unless it was said to take it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::{Applied, CallError, CallKind, ConflictOn, Lookup, Served};
use crate::diff::{self, Body, Legs, Owners};
use crate::engine::site::Site;
use crate::engine::{base, judge};
use crate::fields::Set;
use crate::model::{Foreign, Live, Manifest, PlanRow, Verdict};
use crate::typed;

/// What came of one object.
pub(super) enum Attempt {
    /// The server has it.
    Done {
        /// uid of the live object.
        uid: Arc<str>,
        /// What to say beside it.
        note: Option<Foreign>,
    },
    /// It has not.
    Failed(Foreign),
}

/// Applies git's object, but for what rules leave as it is live.
pub(super) async fn apply(site: &Site, manifest: &Manifest, take: bool) -> Attempt {
    let served = match site.wire.served(&manifest.gvk) {
        Lookup::Served(served) => served,
        Lookup::NotServed => return Attempt::Failed(Foreign::from("the server does not serve this kind (yet)")),
        Lookup::GroupDown(why) => return Attempt::Failed(why),
    };
    let live = match newest(site, &served, manifest).await {
        Ok(live) => live,
        Err(error) => return Attempt::Failed(judge::scrubbed(site, manifest, &error)),
    };
    match diff::body(manifest, live.as_ref(), &site.ground()) {
        Body::Send(body) => send(site, &served, &body, take).await,
        Body::Nothing(rule) => Attempt::Failed(Foreign::new(format!("left by rule {rule}: nothing was sent"))),
    }
}

/// The object as it is live this moment, where a rule leaves some of it: what is left must be what is there, not what was.
async fn newest(site: &Site, served: &Served, manifest: &Manifest) -> Result<Option<Live>, CallError> {
    if !site.app.ignore.iter().any(|rule| rule.effect.leaves() && rule.is_about(&manifest.key)) {
        return Ok(None);
    }
    site.wire.cluster.get(served, &manifest.key).await
}

/// Sends a body.
async fn send(site: &Site, served: &Served, manifest: &Manifest, take: bool) -> Attempt {
    let Ok(_slot) = site.wire.slots.acquire().await else {
        return Attempt::Failed(Foreign::from("stopped before it began"));
    };
    match site.wire.cluster.apply(served, manifest, false).await {
        Ok(applied) => done(&applied, None),
        Err(error) => match &error.kind {
            CallKind::Conflict(causes) => match contested(&site.shared.owners, causes, take) {
                Some(left) => over(site, served, manifest, left).await,
                None => Attempt::Failed(judge::scrubbed(site, manifest, &error)),
            },
            _ if error.may_have_written() => read_back(site, served, manifest, &error).await,
            _ => Attempt::Failed(judge::scrubbed(site, manifest, &error)),
        },
    }
}

fn done(applied: &Applied, note: Option<Foreign>) -> Attempt {
    Attempt::Done { uid: applied.uid.clone(), note }
}

/// The conflicts that a sync would fight over, by the rule that judges findings contested: left out of the body, unless
/// they are to be taken. `None` where the server names no holder, or no place that could be left out: then nobody knows
/// what force would overwrite.
fn contested<'c>(owners: &Owners, causes: &'c [ConflictOn], take: bool) -> Option<Vec<&'c ConflictOn>> {
    let fights =
        |cause: &&ConflictOn| cause.manager.raw().is_empty() || owners.fights(cause.manager.raw(), cause.applies);
    let left: Vec<_> = causes.iter().filter(|cause| !take && fights(cause)).collect();
    let placed = left.iter().all(|cause| !cause.path.0.is_empty());
    (!causes.is_empty() && placed).then_some(left)
}

/// Applies by force, without the leaves that others hold.
async fn over(site: &Site, served: &Served, manifest: &Manifest, left: Vec<&ConflictOn>) -> Attempt {
    let mut body = manifest.clone();
    let note = if left.is_empty() {
        None
    } else {
        let mut set = Set::default();
        for cause in &left {
            set.insert(&cause.path);
        }
        let node = site.wire.schemas.of(&manifest.gvk);
        body.body = Arc::new(typed::remove(node.as_ref(), &manifest.body, &set));
        let holders: BTreeSet<&str> = left.iter().map(|cause| cause.manager.raw()).collect();
        let holders = holders.into_iter().collect::<Vec<_>>().join(", ");
        Some(Foreign::new(format!("kept: {} field(s) held by {holders}", left.len())))
    };
    match site.wire.cluster.apply(served, &body, true).await {
        Ok(applied) => done(&applied, note),
        Err(error) if error.may_have_written() => read_back(site, served, &body, &error).await,
        Err(error) => Attempt::Failed(judge::scrubbed(site, manifest, &error)),
    }
}

/// No answer tells what came of a write: that is read from the object, never guessed, and nothing is sent twice.
async fn read_back(site: &Site, served: &Served, sent: &Manifest, error: &CallError) -> Attempt {
    let said = judge::scrubbed(site, sent, error);
    let lost = |then: &str| Foreign::new(format!("{}{then}: {}", error.in_place_of_an_answer(), said.raw()));
    match site.wire.cluster.get(served, &sent.key).await {
        Ok(Some(live)) if has_arrived(site, sent, &live) => {
            Attempt::Done { uid: live.uid, note: Some(lost(", the object has arrived")) }
        }
        Ok(_) => Attempt::Failed(lost(", and the object has not arrived")),
        Err(_) => Attempt::Failed(lost("; whether the object arrived is not known")),
    }
}

/// Whether live is what was sent, but for what no apply of it could change.
fn has_arrived(site: &Site, sent: &Manifest, live: &Live) -> bool {
    let legs = Legs { git: Some(sent), base: diff::BaseLeg::None, live: Some(live), in_inventory: true, seen: &[] };
    let ground = site.ground();
    let judged = diff::compare_local(&legs, &ground);
    let findings = &judged.findings;
    judged.verdict == Verdict::Synced || (!findings.is_empty() && findings.iter().all(|found| found.stays().is_some()))
}

/// Deletes one object under the prune rule: by uid and resourceVersion, and only what the plan named.
pub(super) async fn prune(site: &Site, row: &PlanRow) -> Attempt {
    let (Some(uid), Some(live)) = (&row.uid, site.lives.get(&row.key)) else {
        return Attempt::Failed(Foreign::from("not seen live; nothing was deleted"));
    };
    if live.uid != *uid || base::line_of(site, &row.key).is_none_or(|line| line.uid != *uid) {
        return Attempt::Failed(Foreign::from(
            "the object is not the one we applied (its uid differs); nothing was deleted",
        ));
    }
    let served = match site.wire.served(&live.gvk) {
        Lookup::Served(served) => served,
        Lookup::NotServed | Lookup::GroupDown(_) => {
            return Attempt::Failed(Foreign::from("the server does not serve this kind now"));
        }
    };
    match site.wire.cluster.delete(&served, &row.key, uid, &live.resource_version).await {
        Ok(()) => Attempt::Done { uid: uid.clone(), note: None },
        Err(error) if error.kind == CallKind::NotFound => {
            Attempt::Done { uid: uid.clone(), note: Some(Foreign::from("was gone already")) }
        }
        Err(error) if error.may_have_written() => is_gone(site, &served, (row, uid), &error).await,
        Err(error) => Attempt::Failed(judge::told(site, &row.key, None, &error)),
    }
}

/// No answer tells what came of a delete: that is read, never guessed, and nothing is sent twice.
async fn is_gone(site: &Site, served: &Served, (row, uid): (&PlanRow, &Arc<str>), error: &CallError) -> Attempt {
    let said = judge::told(site, &row.key, None, error);
    let lost = |then: &str| Foreign::new(format!("{}{then}: {}", error.in_place_of_an_answer(), said.raw()));
    match site.wire.cluster.get(served, &row.key).await {
        Ok(Some(live)) if live.uid == *uid && !diff::is_leaving(&live) => {
            Attempt::Failed(lost(", and the object is still there"))
        }
        Ok(_) => Attempt::Done { uid: uid.clone(), note: Some(lost(", the object is deleted")) },
        Err(_) => Attempt::Failed(lost("; whether it was deleted is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::contested;
    use crate::cluster::ConflictOn;
    use crate::diff::Owners;
    use crate::model::Foreign;

    fn on(manager: &str, path: &str) -> ConflictOn {
        ConflictOn { manager: Foreign::from(manager), applies: false, path: path.parse().unwrap_or_default() }
    }

    #[test]
    fn a_conflict_that_names_no_holder_is_never_overcome_by_force() {
        let owners = Owners::default();
        assert!(contested(&owners, &[], false).is_none(), "nobody knows whose fields force would take");
        assert!(contested(&owners, &[], true).is_none(), "there is nothing to take");
    }

    #[test]
    fn a_controllers_field_that_cannot_be_left_out_is_never_overcome_by_force() {
        let owners = Owners::default();
        let causes = [on("kubectl-edit", "spec.replicas"), on("istio-operator", "")];
        assert!(contested(&owners, &causes, false).is_none(), "an unreadable place would be forced with the rest");
        assert_eq!(contested(&owners, &causes, true).map(|left| left.len()), Some(0), "unless told to take it");
    }

    #[test]
    fn an_update_by_a_program_on_no_list_is_overwritten_and_an_apply_is_not() {
        let owners = Owners::default();
        let causes = [on("script", "spec.paused"), ConflictOn { applies: true, ..on("script", "spec.replicas") }];
        let left = contested(&owners, &causes, false).expect("both are named");
        let left: Vec<_> = left.iter().map(|cause| cause.path.to_string()).collect();
        assert_eq!(left, ["spec.replicas"], "what is judged drifted is mended by a sync, what is contested is left");
    }

    #[test]
    fn peoples_fields_are_forced_and_controllers_left_out() {
        let owners = Owners::default();
        let causes = [on("kubectl-edit", "spec.replicas"), on("istio-operator", "spec.paused")];
        let left = contested(&owners, &causes, false).expect("both are named");
        assert_eq!(left.iter().map(|cause| cause.manager.raw()).collect::<Vec<_>>(), ["istio-operator"]);
    }
}
