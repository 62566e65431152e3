//! The corpus on one stage: everything that happened before driftdeck is asked. Made once, looked at many times.
//!
//! Owns the order of things: other people's objects, git, a sync, what was done since, git's head. Nothing that looks
//! at it changes it: each look has a journal of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftdeck::engine::Ports;
use driftdeck::model::{AppId, AppRow, Fleet, RepoSpec, Without};
use driftdeck::source::Store;

use super::api::Api;
use super::case::{self, Case, Staged};
use super::look::{Look, Start, app};
use crate::apiserver::User;
use crate::road::Git;
use crate::stage::{Place, Stage};

/// The repository whose branch is rewritten.
const REWRITTEN: &str = "rewritten";

/// Path below the case's directory, text.
type Files = BTreeMap<String, String>;

/// Apps by name, as one look had them.
pub type Seen = BTreeMap<String, Arc<AppRow>>;

/// The corpus on one stage.
pub struct Scene {
    stage: Stage,
    /// The cases that this stage serves.
    pub cases: Vec<Case>,
    /// What went wrong on the way there, each with its case.
    pub told: Vec<String>,
    config: String,
    dir: tempfile::TempDir,
    git: [Git; 2],
}

impl Scene {
    /// Plays everything; `None` where there is no real server to be had.
    pub async fn play(place: Place) -> Option<Self> {
        let stage = Stage::own(place)?;
        let on_sandbox = |case: &Case| case.needs.is_empty();
        let cases: Vec<_> = case::all().into_iter().filter(|case| place == Place::Server || on_sandbox(case)).collect();
        let git = [Git::new(), Git::new()];
        let config = config_text(&cases, &git);
        let dir = tempfile::tempdir().expect("a directory");
        let mut scene = Self { stage, cases, told: Vec::new(), config, dir, git };
        scene.told = scene.happen().await;
        Some(scene)
    }

    /// Everything, in order; what did not go well is told.
    async fn happen(&self) -> Vec<String> {
        let commit = self.commit("what was synced", |case| Some(&case.synced));
        let words = [("@commit@", commit), ("@url@", format!("file://{}", self.git[0].origin().display()))];
        let mut api = Api::of(&self.stage, words);
        for case in &self.cases {
            api.namespace(&case.name).await;
            api.play(case, &case.before).await;
        }
        api.published().await;
        let told = self.sync().await;
        for case in &self.cases {
            api.play(case, &case.mutate).await;
        }
        api.published().await;
        self.commit("what git holds now", |case| case.head.as_ref());
        self.git[1].rewrite();
        told
    }

    /// Commits what `files` says of each case, in the place of what was there; the commit of the first repository.
    fn commit<'s>(&'s self, message: &str, files: impl Fn(&'s Case) -> Option<&'s Files>) -> String {
        for (n, git) in self.git.iter().enumerate() {
            let mut changes: Vec<(String, Option<&str>)> = vec![("README.md".to_owned(), Some(message))];
            for case in self.cases.iter().filter(|case| usize::from(case.base == Staged::Hash) == n) {
                let Some(files) = files(case) else { continue };
                changes.push((format!("{}/README.md", case.name), Some(message)));
                let now = files.iter().map(|(path, text)| (format!("{}/{path}", case.name), Some(text.as_str())));
                let is_new = std::ptr::eq(files, &raw const case.synced);
                let old = case.synced.keys().filter(|path| !is_new && !files.contains_key(*path));
                changes.extend(old.map(|path| (format!("{}/{path}", case.name), None)));
                changes.extend(now);
            }
            let changes: Vec<_> = changes.iter().map(|(path, text)| (path.as_str(), *text)).collect();
            git.commit(message, &changes);
        }
        self.git[0].head().as_str().to_owned()
    }

    /// The first look: syncs what is to be synced, sees what is to be seen.
    async fn sync(&self) -> Vec<String> {
        let of = |wanted: &[Staged]| -> Vec<AppId> {
            self.cases.iter().filter(|case| wanted.contains(&case.base)).map(|case| app(&case.name)).collect()
        };
        let ports = self.ports(User::Admin, false);
        let only = of(&[Staged::Record, Staged::Hash, Staged::Seen]);
        let mut look = self.look(ports, &self.state(), only, Without::NOTHING);
        look.settled().await;
        let told = look.sync(&of(&[Staged::Record, Staged::Hash])).await;
        look.settled().await;
        look.close().await;
        told
    }

    /// How driftdeck sees these cases now, with a rule off.
    pub async fn seen(&self, user: User, cases: &[&Case], without: Without) -> Seen {
        let mut seen = Seen::new();
        for elsewhere in [false, true] {
            let of = cases.iter().filter(|case| case.elsewhere == elsewhere);
            let only: Vec<AppId> = of.map(|case| app(&case.name)).collect();
            if !only.is_empty() {
                let fleet = self.looked_at(user, only, without, elsewhere).await;
                seen.extend(fleet.apps.iter().map(|app| (app.id.name.to_string(), app.clone())));
            }
        }
        seen
    }

    /// One look, in a process of its own, with the journal as it was left, or on another host.
    async fn looked_at(&self, user: User, only: Vec<AppId>, without: Without, elsewhere: bool) -> Arc<Fleet> {
        let copy = tempfile::tempdir().expect("a directory");
        let journal = std::fs::read_dir(self.state()).into_iter().flatten().filter(|_| !elsewhere);
        for entry in journal.map(|entry| entry.expect("an entry")) {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
        }
        let mut look = self.look(self.ports(user, true), copy.path(), only, without);
        let fleet = look.settled().await;
        look.close().await;
        fleet
    }

    fn look(&self, ports: Ports, state: &Path, only: Vec<AppId>, without: Without) -> Look {
        Look::start(Start { config: &self.config, root: self.dir.path(), state, ports, only, without })
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// A mirror made after the rewrite has nothing of what was before.
    fn ports(&self, user: User, is_rewritten: bool) -> Ports {
        let ports = self.stage.ports(user)(self.dir.path().join("cache"));
        let (usual, fresh) = (ports.open.clone(), Store::new(self.dir.path().join("fresh")));
        let open = move |spec: &RepoSpec| {
            if is_rewritten && spec.name.as_str() == REWRITTEN { fresh.open(spec) } else { usual(spec) }
        };
        Ports { open: Arc::new(open), ..ports }
    }
}

/// One app per case.
fn config_text(cases: &[Case], git: &[Git; 2]) -> String {
    let mut text = String::from("[author]\nname = \"Ops\"\nemail = \"ops@example.com\"\n");
    let mut owners = [("people", Vec::new()), ("controllers", Vec::new())];
    let mut apps = String::new();
    for case in cases {
        let (app, rest) = case.config.split_once("[owners]").unwrap_or((&case.config, ""));
        let table: toml::Table = rest.parse().unwrap_or_else(|error| panic!("{}: config: {error}", case.name));
        for (key, list) in &mut owners {
            list.extend(table.get(*key).and_then(toml::Value::as_array).cloned().unwrap_or_default());
        }
        let Case { name, base, .. } = case;
        let repo = if *base == Staged::Hash { REWRITTEN } else { "platform" };
        let _ = writeln!(apps, "[[apps]]\nname = \"{name}\"\nrepo = \"{repo}\"\npath = \"{name}\"\ncluster = \"test\"");
        let _ = writeln!(apps, "namespace = \"{name}\"\n{app}");
    }
    text.push_str("[owners]\n");
    for (key, list) in owners {
        let _ = writeln!(text, "{key} = {}", toml::Value::Array(list));
    }
    text.push_str("[[clusters]]\nname = \"test\"\nprotected = false\n");
    for (name, git) in ["platform", REWRITTEN].iter().zip(git) {
        let _ = writeln!(text, "[[repos]]\nname = \"{name}\"\nurl = \"file://{}\"", git.origin().display());
    }
    text + &apps
}
