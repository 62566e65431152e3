//! `driftdeck status`: how the apps stand.

use std::fmt::Write as _;
use std::sync::Arc;

use super::args::{StatusArgs, StatusAs};
use super::error::CliError;
use super::filter::Filter;
use super::ground::Ground;
use super::report::{Objects, Report, report};
use super::screen::Colour;
use super::session::Session;
use super::table::{Cell, layout};
use super::{exit, json, settle};
use crate::model::{AppId, AppRow, Counts, Fleet, Foreign, ResourceRow, Verdict};
use crate::yaml;

/// Runs it.
///
/// # Errors
/// Usage, config, or an output that cannot be made.
pub async fn run(args: &StatusArgs, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let filter = args.filter.as_deref().map(Filter::parse).transpose()?;
    let config = ground.config()?;
    let asked = ground.read_selection(&config, &args.apps)?;
    let session = ground.look(config, &asked)?;
    let look = Look { args, asked, filter };
    let done = if args.watch { look.watch(&session, ground).await } else { look.once(&session, ground).await };
    session.close().await;
    done
}

/// What is asked, for every time it is answered.
struct Look<'a> {
    args: &'a StatusArgs,
    asked: Vec<AppId>,
    filter: Option<Filter>,
}

impl Look<'_> {
    async fn once(&self, session: &Session, ground: &mut Ground<'_>) -> Result<u8, CliError> {
        let (fleet, settled) = session.settle(&self.asked, self.args.timeout).await;
        if !settled {
            ground.screen.say("driftdeck: not everything was judged in time; what is there is printed");
        }
        let told = self.told(&fleet);
        let text = self.text(&fleet, &told, ground.screen.colour)?;
        ground.screen.data(&text);
        Ok(exit::of_fleet(&fleet, &told, self.args.strict))
    }

    /// Prints whenever something changed, until the reader goes away; a signal ends it from outside.
    async fn watch(&self, session: &Session, ground: &mut Ground<'_>) -> Result<u8, CliError> {
        let (mut news, mut last) = (session.fleet(), String::new());
        settle::wait(&mut news, self.args.timeout, |fleet| settle::is_settled(fleet, &self.asked)).await;
        loop {
            let fleet = news.borrow_and_update().clone();
            let told = self.told(&fleet);
            let text = self.text(&fleet, &told, ground.screen.colour)?;
            if text != last {
                ground.screen.data(&text);
                last = text;
            }
            if ground.screen.is_closed() || news.changed().await.is_err() {
                return Ok(exit::of_fleet(&fleet, &told, self.args.strict));
            }
        }
    }

    /// The apps asked for that the filter lets through; without a row there is nothing to filter by.
    fn told(&self, fleet: &Fleet) -> Vec<AppId> {
        let fits = |id: &&AppId| match (&self.filter, fleet.app(id)) {
            (Some(filter), Some(app)) => filter.fits(app),
            _ => true,
        };
        self.asked.iter().filter(fits).cloned().collect()
    }

    fn text(&self, fleet: &Fleet, told: &[AppId], colour: Colour) -> Result<String, CliError> {
        let report = || report(fleet, told, Objects::All);
        match self.args.output {
            StatusAs::Table => Ok(table(fleet, told, !self.args.apps.is_empty(), colour)),
            StatusAs::Json if self.args.watch => json::line(&report()),
            StatusAs::Json => json::pretty(&report()),
            StatusAs::Yaml => as_yaml(&report(), self.args.watch),
        }
    }
}

fn as_yaml(report: &Report, watch: bool) -> Result<String, CliError> {
    let value = serde_json::to_value(report);
    let value = value.map_err(|error| CliError::failed(format!("the output cannot be written: {error}")))?;
    let before = if watch { "---\n" } else { "" };
    Ok(format!("{before}{}", yaml::write(&value)))
}

/// One line per app; with `objects`, what differs in them too.
#[must_use]
pub fn table(fleet: &Fleet, told: &[AppId], objects: bool, colour: Colour) -> String {
    let apps: Vec<&Arc<AppRow>> = told.iter().filter_map(|id| fleet.app(id)).collect();
    let rows: Vec<[Cell; 7]> = apps.iter().map(|app| app_line(app, colour)).collect();
    let mut out = layout(["APP", "VERDICT", "HEALTH", "CHANGES", "DESIRED", "DEPLOYED", "NOTE"], &rows);
    if !objects {
        return out;
    }
    for app in apps {
        let rows: Vec<_> = app.resources.iter().filter(|row| row.verdict != Verdict::Synced).collect();
        if !rows.is_empty() {
            let rows: Vec<[Cell; 5]> = rows.iter().map(|row| object_line(row, colour)).collect();
            let _ = writeln!(out, "\n{}", app.id);
            out.push_str(&layout(["OBJECT", "NAMESPACE", "VERDICT", "HEALTH", "NOTE"], &rows));
        }
    }
    out
}

fn app_line(app: &AppRow, colour: Colour) -> [Cell; 7] {
    let word = app.verdict.word();
    [
        Cell::own(app.id.to_string()),
        Cell::own(word).painted(colour.verdict(app.verdict, word)),
        Cell::own(app.health.word()),
        Cell::own(changes(&app.counts)),
        Cell::own(app.desired.as_ref().map_or("-", |desired| desired.id.short())),
        Cell::own(app.deployed.as_ref().map_or("-", |deployed| deployed.commit.short())),
        Cell::foreign(&app_note(app)),
    ]
}

/// `~changed +added -removed`, and how many a rule hides.
fn changes(counts: &Counts) -> String {
    let signs = [('~', counts.changed), ('+', counts.added), ('-', counts.removed)];
    let mut words: Vec<String> = signs.iter().filter(|(_, n)| *n > 0).map(|(sign, n)| format!("{sign}{n}")).collect();
    if counts.hidden > 0 {
        words.push(format!("({} hidden)", counts.hidden));
    }
    if counts.pending > 0 {
        words.push(format!("({} not confirmed)", counts.pending));
    }
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// What holds an app, or keeps it from being judged.
fn app_note(app: &AppRow) -> Foreign {
    let mut notes = Vec::new();
    if let Some(reason) = app.reason.as_ref().or(app.stale.as_ref()) {
        notes.push(reason.message.raw().to_owned());
    } else {
        notes.extend(unjudged(app));
    }
    if let Some(pause) = &app.paused {
        notes.push(format!("paused by {}: {}", pause.by.raw(), pause.reason.raw()));
    }
    if let Some(pin) = &app.pinned {
        notes.push(format!("pinned at {} by {}: {}", pin.commit.short(), pin.by.raw(), pin.reason.raw()));
    }
    Foreign::new(notes.join("; "))
}

/// Of the objects that make an app invalid, unknown or terminating, the first with its cause, and how many more.
fn unjudged(app: &AppRow) -> Option<String> {
    let alike = app.resources.iter().filter(|row| row.verdict == app.verdict && told_by_reason(row.verdict));
    let mut named = alike.filter_map(|row| Some((row, row.reason.as_ref()?)));
    let (row, reason) = named.next()?;
    let more = match named.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("{}: {}{more}", row.key.label().raw(), reason.message.first_line().raw()))
}

/// Verdicts of which the cause says more than what differs.
#[must_use]
pub fn told_by_reason(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Invalid | Verdict::Unknown | Verdict::Terminating)
}

fn object_line(row: &ResourceRow, colour: Colour) -> [Cell; 5] {
    let word = row.verdict.word();
    [
        Cell::foreign(&row.key.label()),
        Cell::foreign(&Foreign::from(&*row.key.namespace)),
        Cell::own(word).painted(colour.verdict(row.verdict, word)),
        Cell::own(row.health.word()),
        Cell::foreign(&object_note(row)),
    ]
}

/// Why an object is not judged; else what differs first, and who did it.
fn object_note(row: &ResourceRow) -> Foreign {
    if let Some(reason) = &row.reason {
        return reason.message.clone();
    }
    let Some(first) = row.findings.first() else { return row.health_note.clone().unwrap_or_else(|| Foreign::from("")) };
    let more = row.findings.len() - 1;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let who =
        first.by.as_ref().filter(|by| by.is_named()).map(|by| format!(" by {}", by.manager.raw())).unwrap_or_default();
    Foreign::new(format!("{}{more}{who}", first.path))
}
