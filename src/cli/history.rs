//! `driftdeck history`: the commits that touch an app's inputs, and what each changed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::args::{HistoryArgs, HistoryAs};
use super::error::CliError;
use super::ground::Ground;
use super::session::Session;
use super::table::{Cell, layout};
use super::{exit, json};
use crate::model::{AppId, CommitId, EffectHere, Foreign, HistoryRow, HistoryView, Marker, Query, ViewBody};

/// Runs it.
///
/// # Errors
/// Usage, config, or an app without a history.
pub async fn run(args: &HistoryArgs, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let config = ground.config()?;
    let asked = ground.read_selection(&config, std::slice::from_ref(&args.app))?;
    let mut session = ground.look(config, &asked)?;
    session.settle(&asked, args.timeout).await;
    let done = print(args, ground, &mut session, &asked).await;
    session.close().await;
    done
}

async fn print(
    args: &HistoryArgs,
    ground: &mut Ground<'_>,
    session: &mut Session,
    asked: &[AppId],
) -> Result<u8, CliError> {
    let mut views = Vec::new();
    for app in asked {
        let query = Query::HistoryOf { app: app.clone(), limit: args.limit };
        if let ViewBody::History(view) = session.ask(query, args.timeout).await? {
            views.push(view);
        }
    }
    match args.output {
        HistoryAs::Json => ground.screen.data(&json::pretty(&document(&views))?),
        HistoryAs::Table => {
            for view in &views {
                ground.screen.data(&table(view, views.len() > 1));
                if view.more {
                    ground.screen.say(&format!("driftdeck: {} has older commits: --limit shows more", view.app));
                }
            }
        }
    }
    Ok(exit::OK)
}

fn table(view: &HistoryView, named: bool) -> String {
    let rows: Vec<[Cell; 6]> = view.rows.iter().map(line).collect();
    let head = if named { format!("{}\n", view.app) } else { String::new() };
    head + &layout(["COMMIT", "WHEN", "HERE", "MARKS", "AUTHOR", "SUBJECT"], &rows)
}

fn line(row: &HistoryRow) -> [Cell; 6] {
    let mut marks: Vec<String> = row.markers.iter().map(|marker| word(*marker).to_owned()).collect();
    if let Some((when, by)) = &row.deployed {
        marks.push(format!("synced {when:.0} by {}", by.raw()));
    }
    [
        Cell::own(row.commit.id.short()),
        Cell::own(row.commit.time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"))),
        Cell::own(row.effect.map_or_else(|| "?".to_owned(), effect)),
        Cell::foreign(&Foreign::new(marks.join(", "))),
        Cell::foreign(&row.commit.author),
        Cell::foreign(&row.commit.subject),
    ]
}

fn effect(effect: EffectHere) -> String {
    let EffectHere { changed, added, removed } = effect;
    if changed + added + removed == 0 { "-".to_owned() } else { format!("~{changed} +{added} -{removed}") }
}

fn word(marker: Marker) -> &'static str {
    match marker {
        Marker::Deployed => "deployed",
        Marker::Head => "head",
        Marker::Pinned => "pinned",
        Marker::Failed => "failed",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    apps: Vec<AppOut<'a>>,
}

#[derive(Serialize)]
struct AppOut<'a> {
    name: &'a str,
    cluster: &'a str,
    more: bool,
    commits: Vec<CommitOut<'a>>,
}

#[derive(Serialize)]
struct CommitOut<'a> {
    commit: &'a CommitId,
    subject: &'a Foreign,
    author: &'a Foreign,
    time: Option<Timestamp>,
    marks: Vec<&'static str>,
    effect: Option<EffectOut>,
    synced: Option<SyncedOut<'a>>,
}

#[derive(Serialize)]
struct EffectOut {
    changed: usize,
    added: usize,
    removed: usize,
}

#[derive(Serialize)]
struct SyncedOut<'a> {
    time: Timestamp,
    by: &'a Foreign,
}

fn document(views: &[Arc<HistoryView>]) -> Document<'_> {
    let apps = views.iter().map(|view| AppOut {
        name: &view.app.name,
        cluster: view.app.cluster.as_str(),
        more: view.more,
        commits: view.rows.iter().map(commit).collect(),
    });
    Document { schema: "driftdeck/history/v1", apps: apps.collect() }
}

fn commit(row: &HistoryRow) -> CommitOut<'_> {
    CommitOut {
        commit: &row.commit.id,
        subject: &row.commit.subject,
        author: &row.commit.author,
        time: row.commit.time,
        marks: row.markers.iter().map(|marker| word(*marker)).collect(),
        effect: row.effect.map(|EffectHere { changed, added, removed }| EffectOut { changed, added, removed }),
        synced: row.deployed.as_ref().map(|(time, by)| SyncedOut { time: *time, by }),
    }
}
