//! The text of a diff: live as it is, against live as a sync would leave it; Secrets by marks and lengths.
//!
//! The right side is made from the findings, so text and verdict cannot disagree: what is no finding is no line. What a
//! sync cannot take away is on both sides, and marked.

use serde_json::Value;
use similar::{ChangeTag, DiffOp, TextDiff};

use super::lines::{self, Place};
use super::{Ground, effect, mask, noise, who};
use crate::fields::{self, Entry, Set};
use crate::model::{
    Attribution, Comparison, DiffLine, DiffMark, DiffObject, FieldPath, Finding, Foreign, Kind, Live, Manifest, Op,
    ResourceKey, Step, Verdict,
};
use crate::schema::Node;
use crate::typed;
use crate::yaml;

/// Equal lines around a change.
const CONTEXT: usize = 3;

/// The diff of one object, live → git.
#[must_use]
pub fn text_diff(git: Option<&Manifest>, live: Option<&Live>, comparison: &Comparison, ground: &Ground) -> DiffObject {
    let sides = Sides::new(git, live, comparison, ground);
    let lines = sides.lines(comparison);
    let count = |mark| lines.iter().filter(|line| line.mark == mark).count();
    DiffObject {
        key: sides.key.clone(),
        verdict: comparison.verdict,
        stat: (count(DiffMark::Git), count(DiffMark::Live)),
        lines,
        effect: effect::becomes_of_pods(&sides.key.kind, &sides.before, &comparison.findings),
    }
}

/// Both sides, masked, ready to be written.
struct Sides {
    key: ResourceKey,
    before: Value,
    after: Value,
    entries: Vec<Entry>,
}

impl Sides {
    fn new(git: Option<&Manifest>, live: Option<&Live>, comparison: &Comparison, ground: &Ground) -> Self {
        let key = git.map(|git| git.key.clone()).or(live.map(|live| live.key.clone()));
        let key = key.unwrap_or_else(|| nobody(ground));
        let gvk = git.map(|git| &git.gvk).or(live.map(|live| &live.gvk));
        let node = gvk.and_then(|gvk| ground.schemas.of(gvk));
        let object: Option<Value> = live.and_then(|live| serde_json::from_str(&live.json).ok());
        let entries = object.as_ref().map(fields::managed).unwrap_or_default();
        let have =
            object.zip(gvk).map(|(object, gvk)| noise::without_server_fields(object, (gvk, node.as_ref()), true));
        let wanted = git.map(|git| noise::without_tracking((*git.body).clone()));
        let after = match (&have, &wanted, comparison.verdict) {
            // A side that could not be read is not known to be empty: nothing is to be told of what differs.
            (have, None, Verdict::Unknown) => have.clone().unwrap_or_default(),
            (None, Some(_), Verdict::Unknown) | (Some(_), None, _) | (_, _, Verdict::Extra) => Value::Null,
            (Some(have), Some(wanted), _) => after(have, wanted, &told(comparison), node.as_ref()),
            (None, wanted, _) => wanted.clone().unwrap_or_default(),
        };
        let (mut before, mut after) = (have.unwrap_or_default(), after);
        hide((git, live), &key, (&mut before, &mut after), ground);
        Self { key, before, after, entries }
    }

    fn lines(&self, comparison: &Comparison) -> Vec<DiffLine> {
        let (left, right) = (write(&self.before), write(&self.after));
        let diff = TextDiff::from_lines(&left, &right);
        let at = (lines::places(&self.before), lines::places(&self.after));
        let staying = self.staying(&comparison.findings);
        let ops = diff.ops().iter();
        folded(ops.flat_map(|op| self.op_lines(&diff, op, (&at.0, &at.1), (comparison, &staying))).collect())
    }

    /// The places of what a sync leaves as it is, with the numbers of the findings.
    fn staying(&self, findings: &[Finding]) -> Vec<(usize, Vec<Place>)> {
        let stays = findings.iter().enumerate().filter(|(_, finding)| stays(finding));
        stays.filter_map(|(n, finding)| Some((n, lines::locate(&finding.path, &self.before)?))).collect()
    }

    fn op_lines(
        &self,
        diff: &TextDiff<'_, '_, str>,
        op: &DiffOp,
        at: (&[Vec<Place>], &[Vec<Place>]),
        (comparison, staying): (&Comparison, &[(usize, Vec<Place>)]),
    ) -> Vec<DiffLine> {
        let line = |change: similar::InlineChange<'_, str>| {
            let old = || change.old_index().and_then(|n| at.0.get(n));
            let (mark, place) = match change.tag() {
                ChangeTag::Equal => return same_line(&change, old(), staying, |n| self.who(&comparison.findings[n])),
                ChangeTag::Delete => (DiffMark::Live, old()),
                ChangeTag::Insert => (DiffMark::Git, change.new_index().and_then(|n| at.1.get(n))),
            };
            let (text, words) = words(&change);
            let finding = place.and_then(|place| self.finding_at(place, mark, &comparison.findings));
            let aside = || comparison.hidden.iter().map(|hidden| &*hidden.finding);
            let hidden = place.filter(|_| finding.is_none()).and_then(|at| self.finding_at(at, mark, aside()));
            let about = finding.and_then(|n| comparison.findings.get(n)).or(hidden.and_then(|n| aside().nth(n)));
            let declared = about.filter(|_| mark == DiffMark::Git).and_then(|finding| finding.declared.clone());
            let who = about.filter(|_| mark == DiffMark::Live).and_then(|finding| self.who(finding));
            let mark = if hidden.is_some() { DiffMark::Ignored } else { mark };
            DiffLine { mark, text: Foreign::new(text), words, who, declared, finding: finding.or(hidden) }
        };
        diff.iter_inline_changes(op).map(line).collect()
    }

    /// The finding a changed line belongs to.
    fn finding_at<'f>(
        &self,
        place: &[Place],
        mark: DiffMark,
        findings: impl IntoIterator<Item = &'f Finding>,
    ) -> Option<usize> {
        let side = if mark == DiffMark::Live { &self.before } else { &self.after };
        findings.into_iter().position(|finding| {
            lines::locate(&finding.path, side).is_some_and(|at| place.starts_with(&at) || at.starts_with(place))
        })
    }

    fn who(&self, finding: &Finding) -> Option<Attribution> {
        finding
            .by
            .clone()
            .or_else(|| fields::owner(&self.entries, &finding.path, fields::MANAGER).map(who::attribution))
    }
}

/// A line's text, and the byte ranges of it that changed.
fn words(change: &similar::InlineChange<'_, str>) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut words) = (String::new(), Vec::new());
    for (changed, part) in change.iter_strings_lossy() {
        let part = part.trim_end_matches('\n');
        if changed && !part.is_empty() {
            words.push((text.len(), text.len() + part.len()));
        }
        text.push_str(part);
    }
    (text, words)
}

fn nobody(ground: &Ground) -> ResourceKey {
    ResourceKey {
        cluster: ground.app.id.cluster.clone(),
        kind: Kind::new("", ""),
        namespace: "".into(),
        name: "".into(),
    }
}

/// As YAML; a stand-in loses the quotes that its marks would need in a file.
fn write(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let written = yaml::write(value);
    if !written.contains(mask::MARKS) {
        return written;
    }
    let line = |line: &str| match line.split_once(&format!("\"{}", mask::MARKS)) {
        Some((key, rest)) => format!("{key}{}{}\n", mask::MARKS, rest.trim_end_matches('"')),
        None => format!("{line}\n"),
    };
    written.lines().map(line).collect()
}

/// A line that is on both sides: there is nothing to say of it, or that somebody put it there and it stays.
fn same_line(
    change: &similar::InlineChange<'_, str>,
    place: Option<&Vec<Place>>,
    staying: &[(usize, Vec<Place>)],
    who: impl Fn(usize) -> Option<Attribution>,
) -> DiffLine {
    let within = |(_, at): &&(usize, Vec<Place>)| place.is_some_and(|place| place.starts_with(at));
    let finding = staying.iter().find(within).map(|(n, _)| *n);
    let mark = if finding.is_some() { DiffMark::Stays } else { DiffMark::Context };
    let text = Foreign::new(words(change).0);
    DiffLine { mark, text, words: Vec::new(), who: finding.and_then(who), declared: None, finding }
}

/// Whether a difference is there after a sync as before: server-side apply takes away only what it owns alone.
fn stays(finding: &Finding) -> bool {
    finding.op == Op::Add && finding.stays().is_some() && !finding.path.is_root()
}

/// Only what there is something to say of, with a few equal lines around it; none when there is nothing.
fn folded(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    let told = |line: &DiffLine| line.mark != DiffMark::Context;
    let mut near = vec![false; lines.len()];
    for at in lines.iter().enumerate().filter(|(_, line)| told(line)).map(|(at, _)| at) {
        let end = lines.len().min(at + CONTEXT + 1);
        near[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    if !near.contains(&true) {
        return Vec::new();
    }
    let (mut out, mut skipped) = (Vec::new(), 0);
    for (line, near) in lines.into_iter().zip(near) {
        if near {
            fold(&mut out, std::mem::take(&mut skipped));
            out.push(line);
        } else {
            skipped += 1;
        }
    }
    fold(&mut out, skipped);
    out
}

fn fold(out: &mut Vec<DiffLine>, count: usize) {
    if count > 0 {
        let text = Foreign::from("");
        let (words, mark) = (Vec::new(), DiffMark::Fold(count));
        out.push(DiffLine { mark, text, words, who: None, declared: None, finding: None });
    }
}

/// Everything that differs and does not stay, hidden or not: what rules hide gets its lines, too.
fn told(comparison: &Comparison) -> Vec<&Finding> {
    let shown = comparison.findings.iter().filter(|finding| !stays(finding));
    shown.chain(comparison.hidden.iter().map(|hidden| &*hidden.finding)).collect()
}

/// Live with exactly these findings undone.
fn after(have: &Value, wanted: &Value, findings: &[&Finding], node: Option<&Node>) -> Value {
    let mut gone = Set::default();
    for finding in findings.iter().filter(|finding| finding.op == Op::Add) {
        gone.insert(&finding.path);
    }
    let mut after = typed::remove(node, have, &gone);
    for finding in findings.iter().filter(|finding| finding.op != Op::Add) {
        if let Some(value) = typed::at(wanted, &finding.path) {
            put(&mut after, &finding.path.0, value);
        }
    }
    after
}

/// Puts a value where a path leads, making what is missing on the way.
fn put(at: &mut Value, path: &[Step], value: &Value) {
    let Some((step, rest)) = path.split_first() else {
        *at = value.clone();
        return;
    };
    let next = match step {
        Step::Key(key) => {
            if !at.is_object() {
                *at = Value::Object(serde_json::Map::new());
            }
            at.as_object_mut().map(|map| map.entry(&**key).or_insert(Value::Null))
        }
        Step::Index(_) | Step::Item(_) | Step::Member(_) => item(at, step),
    };
    if let Some(next) = next {
        put(next, rest, value);
    }
}

/// The list item a step means; a new one where there is none.
fn item<'v>(at: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    let found = lines::locate(&FieldPath(vec![step.clone()]), at).and_then(|places| match places.first() {
        Some(Place::At(n)) => Some(*n),
        _ => None,
    });
    let items = at.as_array_mut()?;
    let n = found.unwrap_or_else(|| {
        items.push(match step {
            Step::Item(keys) => keys.iter().map(|(key, value)| (key.to_string(), value.clone())).collect(),
            Step::Member(value) => value.clone(),
            Step::Key(_) | Step::Index(_) => Value::Null,
        });
        items.len() - 1
    });
    items.get_mut(n)
}

/// Replaces every masked value of both sides by what may be told of it.
pub(super) fn hide(
    (git, live): (Option<&Manifest>, Option<&Live>),
    key: &ResourceKey,
    (before, after): (&mut Value, &mut Value),
    ground: &Ground,
) {
    let kinds: Vec<_> = git.map(|git| &git.gvk).into_iter().chain(live.map(|live| &live.gvk)).collect();
    let (plain_before, plain_after) = (before.clone(), after.clone());
    mask::Masks::new(key, &kinds, [&plain_after, &plain_before], ground).hide(before, after);
}
