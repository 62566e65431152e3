//! What `source` must hold against real repositories: polling, history, trees, restore, push, directories.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/git_https.rs"]
mod git_https;
#[path = "support/repos.rs"]
mod repos;

#[path = "source/dir.rs"]
mod dir;
#[path = "source/https.rs"]
mod https;
#[path = "source/poll.rs"]
mod poll;
#[path = "source/read.rs"]
mod read;
#[path = "source/write.rs"]
mod write;

use std::collections::{BTreeMap, BTreeSet};

use driftdeck::model::CommitId;
use driftdeck::source::{Mirror, Polled, SourceError, Store};
use repos::Repos;

fn open(repos: &Repos) -> Mirror {
    Store::new(repos.cache()).open(&repos.spec()).expect("the mirror opens")
}

fn ask(mirror: &Mirror, revisions: &[&str]) -> Result<Polled, SourceError> {
    let wanted: BTreeSet<String> = revisions.iter().map(|&rev| rev.to_owned()).collect();
    mirror.poll(&wanted, &BTreeMap::new())
}

fn head(mirror: &Mirror, revision: &str) -> CommitId {
    let said = |why: &SourceError| format!("{revision}: {}", why.sentence().raw());
    let polled = ask(mirror, &[revision]).unwrap_or_else(|why| panic!("{}", said(&why)));
    polled.heads[revision].clone().unwrap_or_else(|why| panic!("{}", said(&why)))
}
