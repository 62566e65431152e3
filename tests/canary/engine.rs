//! The engine on the sandbox: every answer it gives, every screen that shows them, every file it leaves.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::app::{App, Effect, Key, Msg, Setup};
use driftdeck::engine::{Clock, Role};
use driftdeck::model::{
    AppId, ClusterName, Command, Consent, Fleet, Now, Query, ResourceRow, RevertMode, RunState, SyncOrder, View,
    ViewBody,
};
use driftdeck::tui::{Depth, Look, ThemeName, ViewState, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use crate::apiserver::User;
use crate::hunt::Hunt;
use crate::road::{Deck, Git, Start};
use crate::shapes::{self, APPS, Act, SHAPES, Shape};
use crate::stage::{Place, Stage};

const SIZE: (u16, u16) = (160, 60);

fn id(app: &str) -> AppId {
    AppId::new(app, ClusterName::new("test"))
}

pub fn files(head: bool) -> Vec<(String, Option<String>)> {
    let mut files: Vec<_> = SHAPES
        .iter()
        .filter_map(|shape| {
            let name = if shape.app == "kust" { "kustomization" } else { shape.name };
            let file = shapes::file(shape, head);
            let was = shapes::file(shape, false);
            let gone = head && file.is_none() && was.is_some();
            (file.is_some() || gone).then(|| (format!("{}/{name}.yaml", shape.app), file))
        })
        .collect();
    files.extend(APPS.iter().map(|app| (format!("{app}/README"), Some("shapes\n".to_owned()))));
    files
}

pub fn commit(git: &Git, message: &str, head: bool) {
    let files = files(head);
    let lent: Vec<(&str, Option<&str>)> = files.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
    git.commit(message, &lent);
}

/// `secret/x`, as the doors of a stage want it.
pub fn object(shape: &Shape) -> String {
    let text = shapes::file(shape, false).or_else(|| shapes::file(shape, true)).expect("one of both");
    let kind = ["ConfigMap", "Deployment"].iter().find(|kind| text.contains(&format!("\nkind: {kind}\n")));
    format!("{}/{}", kind.unwrap_or(&"secret").to_lowercase(), shape.name)
}

pub fn play(stage: &Stage, namespace: &str) {
    for shape in SHAPES {
        match shape.act {
            Act::None => {}
            Act::Delete => stage.delete(namespace, &object(shape)),
            Act::Patch(by, patch) => {
                let patch: Value = serde_json::from_str(&shapes::filled(shape, patch)).expect("JSON");
                stage.patch_as(namespace, &object(shape), (by, &patch));
            }
            Act::Apply(by, body) => {
                let body: Value = serde_json::from_str(&shapes::filled(shape, body)).expect("JSON");
                stage.apply_as(namespace, by, &body);
            }
        }
    }
}

/// Judged, as far as it can be: what cannot be read may have no rows at all.
fn is_quiet(fleet: &Fleet, app: &str) -> bool {
    fleet.app(&id(app)).is_some_and(|row| {
        row.counts.pending == 0 && row.running.is_none() && !row.settling && !row.resources.is_empty()
    })
}

fn settled(fleet: &Fleet) -> bool {
    is_quiet(fleet, "shop") && fleet.app(&id("shop")).is_some_and(|row| row.observed_at.is_some())
}

/// Plans and applies what an app's plan has, deletes too.
async fn sync(deck: &mut Deck, app: &str) -> Option<String> {
    let ViewBody::Plan(view) = deck.ask(Query::PlanFor { app: id(app), rev: None }).await else { return None };
    let plan = &view.plan;
    let act = |row: &&driftdeck::model::PlanRow| {
        use driftdeck::model::Act as What;
        matches!(row.act, What::Create | What::Update | What::Adopt | What::Prune)
    };
    let chosen: Vec<_> = plan.rows.iter().filter(act).collect();
    let deletes = chosen.iter().filter(|row| row.act == driftdeck::model::Act::Prune).count();
    let order = SyncOrder {
        app: id(app),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen: chosen.iter().map(|row| row.key.clone()).collect(),
        take: Vec::new(),
        take_over: false,
        full: true,
    };
    let consent = Consent { yes: true, deletes: Some(deletes), prune: true, ..Consent::default() };
    let (outcome, note) = deck.order(Command::Sync(order), consent).await;
    Some(format!("{app} {outcome:?} {note}"))
}

/// Everything the engine answers about every app, as programs get it and as screens do.
async fn answers(deck: &mut Deck) -> (String, usize) {
    let (mut told, mut count) = (format!("{:?}", deck.fleet()), 1);
    for app in APPS.iter().map(|app| id(app)) {
        let keys: Vec<_> = deck.fleet().app(&app).map(|row| row.resources.clone()).unwrap_or_default();
        let head = deck.fleet().app(&app).and_then(|row| row.source.head.clone());
        let mut queries = vec![
            Query::DiffOf { app: app.clone(), key: None, rev: None },
            Query::PlanFor { app: app.clone(), rev: None },
            Query::HistoryOf { app: app.clone(), limit: 50 },
        ];
        queries.extend(keys.iter().map(|row| Query::DiffOf {
            app: app.clone(),
            key: Some(row.key.clone()),
            rev: None,
        }));
        if let Some(to) = head {
            for mode in [RevertMode::Restore, RevertMode::Pin] {
                queries.push(Query::PreviewRevert { app: app.clone(), to: to.clone(), mode, reason: "".into() });
            }
        }
        for query in queries {
            let answer = deck.ask(query).await;
            let _ = write!(told, "{answer:?}");
            if let ViewBody::Diff(diff) = &answer {
                diff.objects.iter().flat_map(|object| &object.lines).for_each(|line| {
                    let _ = writeln!(told, "{}", line.text.raw());
                });
            }
            count += 1;
        }
        for row in &keys {
            let _ = write!(told, "{}", serde_json::to_string(&row.findings).expect("JSON"));
            let words = [row.reason.as_ref().map(|reason| &reason.message), row.refused.as_ref()];
            words.into_iter().flatten().for_each(|words| told.push_str(words.raw()));
            count += 1;
        }
        if let Some(row) = deck.fleet().app(&app) {
            row.warnings.iter().for_each(|words| told.push_str(words.raw()));
            row.reason.iter().for_each(|reason| told.push_str(reason.message.raw()));
        }
    }
    for run in &deck.fleet().runs {
        run.note.iter().chain(run.steps.iter().filter_map(|step| step.note.as_ref())).for_each(|note| {
            told.push_str(note.raw());
            count += 1;
        });
    }
    deck.fleet().errors.iter().for_each(|row| told.push_str(row.reason.message.raw()));
    (told, count)
}

/// The cockpit's screens over this engine, by keys.
struct Screens {
    app: App,
    now: Now,
}

impl Screens {
    fn new(fleet: Arc<Fleet>) -> Self {
        let mut screens = Self {
            app: App::new(Setup::default()),
            now: Now { since_start: Duration::from_hours(1), ..Clock::real().now() },
        };
        for msg in [Msg::Tick(screens.now), Msg::Resize(SIZE.0, SIZE.1), Msg::Fleet(fleet)] {
            let _ = screens.app.update(msg);
        }
        screens
    }

    async fn key(&mut self, deck: &mut Deck, key: Key) -> String {
        let mut effects = self.app.update(Msg::Key(key));
        while let Some(effect) = effects.pop() {
            if let Effect::Ask(ticket, query) = effect {
                let body = deck.ask(query.clone()).await;
                effects.extend(self.app.update(Msg::View(View { ticket, query, body })));
            }
        }
        self.now.since_start += Duration::from_secs(3);
        let _ = self.app.update(Msg::Tick(self.now));
        self.frame()
    }

    fn frame(&self) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        draw(&self.app, &mut ViewState::default(), &Look::new(ThemeName::System, Depth::None, true), &mut buffer);
        let line = |y| (0..SIZE.0).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
        (0..SIZE.1).map(|y| line(y).trim_end().to_owned() + "\n").collect()
    }
}

/// Walks through the screens of every app; all frames.
async fn walk(deck: &mut Deck) -> Vec<String> {
    let mut frames = Vec::new();
    for app in APPS {
        let mut screens = Screens::new(deck.fleet());
        let typed = format!("/{app}");
        let mut keys: Vec<Key> = typed.chars().map(Key::char).collect();
        keys.extend(["Enter", "Enter"].map(|name| name.parse::<Key>().expect("a key")));
        keys.extend("jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjd".chars().map(Key::char));
        keys.extend("b]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]nnnnw".chars().map(Key::char));
        for (leave, more) in [
            ("Esc", "s"),
            ("Esc", "tjj"),
            ("Esc", "R"),
            ("Esc", "p"),
            ("Esc", "5"),
            ("Esc", "6"),
            ("Esc", "7"),
            ("Esc", "?Cnry"),
        ] {
            keys.push(leave.parse().expect("a key"));
            keys.extend(more.chars().map(Key::char));
        }
        for key in keys {
            frames.push(screens.key(deck, key).await);
        }
    }
    frames
}

/// What must be told of each shape is told, key by key, and nothing else.
pub fn missed(rows: &dyn Fn(&str) -> Option<Vec<String>>) -> Vec<String> {
    let looked_at = SHAPES.iter().filter(|shape| !shape.told.is_empty());
    let wrong = |shape: &Shape| {
        let paths = rows(shape.name);
        let wanted: Vec<String> = shape.told.iter().map(|&path| path.to_owned()).collect();
        (paths.as_ref() != Some(&wanted)).then(|| format!("{}: {paths:?} instead of {wanted:?}", shape.name))
    };
    looked_at.filter_map(wrong).collect()
}

fn paths(row: &ResourceRow) -> Vec<String> {
    row.findings.iter().map(|finding| finding.path.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_leaves_the_engine_on_the_sandbox_and_every_change_is_told_by_key() {
    let stage = Stage::open(Place::Sandbox).expect("always there");
    let namespace = stage.namespace("canary");
    let git = Git::new();
    commit(&git, "feat: all shapes", false);
    let dirs = Arc::new(tempfile::tempdir().expect("a directory"));
    let text = shapes::config(&git.origin().display().to_string(), &namespace, "");
    let start = Start { role: Role::Cockpit, ..Start::default() };
    let mut deck = Deck::start(&text, stage.ports(User::Admin), &dirs, start);
    deck.until_fleet("settled", settled).await;
    let first = sync(&mut deck, "shop").await.expect("a plan");
    assert!(first.contains("Done"), "{first}\n{}", deck.told());
    play(&stage, &namespace);
    commit(&git, "feat: new values", true);
    let head = git.head();
    deck.until_fleet("the head judged", |fleet| {
        let at_head = fleet.app(&id("shop")).is_some_and(|row| row.source.head.as_ref() == Some(&head));
        let seen = |shape: &&Shape| {
            shape.told.is_empty() || found(fleet, shape.name).is_some_and(|row| !row.findings.is_empty())
        };
        at_head
            && settled(fleet)
            && is_quiet(fleet, "bad")
            && SHAPES.iter().filter(|shape| shape.app == "shop").all(|shape| seen(&shape))
    })
    .await;
    let fleet = deck.fleet();
    let wrong = missed(&|name| found(&fleet, name).map(|row| paths(&row)));
    let hunt = Hunt::of(SHAPES.iter().flat_map(shapes::values));
    let (told, mut count) = answers(&mut deck).await;
    let mut frames = walk(&mut deck).await;
    let mut runs = String::new();
    for app in APPS {
        runs += &sync(&mut deck, app).await.unwrap_or_default();
    }
    deck.until_fleet("settled", settled).await;
    let (after, more) = answers(&mut deck).await;
    frames.extend(walk(&mut deck).await);
    count += more + frames.len();
    let ended = deck.fleet().runs.iter().filter(|run| matches!(run.state, RunState::Ended(_))).count();
    let steps = deck.told();
    deck.close().await;
    let frames_found: Vec<_> = frames.iter().flat_map(|frame| hunt.found(frame.as_bytes())).collect();
    let leaks = [
        ("answers", hunt.found(told.as_bytes())),
        ("answers after a sync", hunt.found(after.as_bytes())),
        ("words of runs", hunt.found(format!("{runs}{steps}").as_bytes())),
        ("screens", frames_found),
        ("files", hunt.found_below(dirs.path(), &[&dirs.path().join("cache/mirrors")])),
    ];
    let leaks: Vec<_> = leaks.iter().filter(|(_, found)| !found.is_empty()).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(wrong.is_empty(), "told otherwise:\n{}", wrong.join("\n"));
    assert!(ended >= 3 && count > 400, "{ended} runs, {count} surfaces");
    assert!(
        frames.iter().any(|frame| frame.contains("••••") || frame.contains("bytes)")),
        "masked values are shown as such"
    );
    let exports = std::fs::read_dir(dirs.path().join("scratch")).map_or(0, |entries| entries.flatten().count());
    assert_eq!(exports, 0, "exports of renders are gone");
    eprintln!("{} shapes, {count} answers and frames searched", SHAPES.len());
}

fn found(fleet: &Fleet, name: &str) -> Option<Arc<ResourceRow>> {
    fleet.app(&id("shop"))?.resources.iter().find(|row| &*row.key.name == name).cloned()
}
