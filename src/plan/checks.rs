//! The checks of a plan: what was asked and how it came out. A tick says only what is known now.

use super::{Facts, rows};
use crate::model::{Basis, Check, Foreign, PlanRow, ReasonCode, ResourceRow, Verdict};

/// Which rows a check is about.
type What = fn(&ResourceRow) -> bool;

/// All of them, in the order they are shown.
pub(super) fn checks(facts: &Facts, rows: &[PlanRow]) -> Vec<Check> {
    let complete = facts.is_complete();
    let mut checks = vec![check(complete, if complete { "render complete" } else { "render partial" })];
    checks.extend(facts.stale.map(|why| check(false, format!("{}; nothing is written on stale data", why.raw()))));
    let open = unanswered(facts);
    let answered = open.is_empty() && facts.stale.is_none();
    if answered {
        checks.push(check(true, "server answered for every difference"));
    }
    checks.extend(open);
    match named(facts, is_refused) {
        Some(refused) => checks.push(check(false, refused.then("refused by the server or invalid in git"))),
        None if answered => checks.push(check(true, "no refusals")),
        // Who was not asked has not agreed.
        None => {}
    }
    checks.extend(overwritten(facts, rows));
    checks.extend(restarted(facts, rows));
    let outside = named(facts, |row| !row.in_bounds);
    checks.extend(outside.map(|outside| check(false, outside.then("outside the app's bounds, not written"))));
    checks
}

/// What the server has not said, or not yet.
fn unanswered(facts: &Facts) -> Vec<Check> {
    let kinds: [(What, &str); 3] = [
        (|row| row.verdict == Verdict::Unknown && !is_refused(row), "not judged"),
        (|row| row.pending, "not confirmed by the server yet"),
        (is_own_word, "compared here only, the server was not asked or would not say"),
    ];
    kinds.into_iter().filter_map(|(what, words)| Some(check(false, named(facts, what)?.then(words)))).collect()
}

/// A difference that our own comparison alone tells.
fn is_own_word(row: &ResourceRow) -> bool {
    let differs = matches!(
        row.verdict,
        Verdict::Missing | Verdict::Contested | Verdict::Diverged | Verdict::Drifted | Verdict::Behind
    );
    differs && row.basis == Basis::Local && !row.pending && row.refused.is_none()
}

/// The server would not take it, or nobody could.
fn is_refused(row: &ResourceRow) -> bool {
    let leaving = row.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::NamespaceTerminating);
    row.refused.is_some() || row.verdict == Verdict::Invalid || (row.verdict == Verdict::Unknown && leaving)
}

/// Fields, not objects: what hands did is done field by field.
fn overwritten(facts: &Facts, rows: &[PlanRow]) -> Option<Check> {
    let by_hand: Vec<usize> = rows
        .iter()
        .filter(|row| row.chosen && row.overwrites)
        .map(|row| row.findings.iter().filter(|finding| rows::by_hand(finding)).count())
        .collect();
    match (by_hand.iter().sum::<usize>(), by_hand.len()) {
        (0, _) if facts.stale.is_some() => None,
        (0, _) => Some(check(true, "no manual edits overwritten")),
        (1, _) => Some(check(false, "1 field edited by hand is overwritten")),
        (fields, 1) => Some(check(false, format!("{fields} fields edited by hand are overwritten"))),
        (fields, objects) => {
            Some(check(false, format!("{fields} fields edited by hand are overwritten, in {objects} objects")))
        }
    }
}

fn restarted(facts: &Facts, rows: &[PlanRow]) -> Option<Check> {
    let mut restarts =
        rows.iter().filter(|row| row.chosen).filter_map(|row| Some((row, rows::restart(&row.key, row.act, facts)?)));
    let (first, words) = restarts.next()?;
    let more = more(restarts.count());
    Some(check(false, format!("{}: {}{more}", words.raw(), first.key.label().raw())))
}

/// Objects of a kind: how many, and the first of them by name.
struct Named {
    count: usize,
    first: Foreign,
}

impl Named {
    fn then(&self, words: &str) -> String {
        format!("{} {words}: {}{}", self.count, self.first.raw(), more(self.count - 1))
    }
}

fn named(facts: &Facts, what: What) -> Option<Named> {
    let mut rows = facts.rows.iter().filter(|row| what(row));
    let first = rows.next()?.key.label();
    Some(Named { count: rows.count() + 1, first })
}

fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {count} more") }
}

fn check(ok: bool, text: impl Into<String>) -> Check {
    Check { ok, text: Foreign::new(text.into()) }
}
