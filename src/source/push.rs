//! Pushing one commit to one branch (deps.md S4), by the git program, because gix cannot push (gitoxide #306).
//!
//! Owns the command line, its cleared environment, and the reading of its answer. Refuses to push over a branch that
//! moved, to run local hooks, and to put a secret into an argument.

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use gix::refs::transaction::PreviousValue;

use super::child::{self, Ended};
use super::remote::Remote;
use super::secret::Identity;
use super::{Inner, SourceError, broken, object_id, place, revision, transport};
use crate::model::{CommitId, Foreign};

/// How long a push may take.
const PUSH_LIMIT: Duration = Duration::from_mins(2);

/// See [`super::Mirror::push`].
pub(super) fn push(inner: &Inner, commit: &CommitId, branch: &str, expected: &CommitId) -> Result<(), SourceError> {
    revision::check(branch)?;
    let (new, old) = (object_id(commit)?, object_id(expected)?);
    if !inner.is_in_place {
        let identity = inner.keyring.at_hand()?;
        let first = by_git(inner, &order(commit, branch, expected), identity.as_ref());
        let is_asked = matches!(first, Err(SourceError::Auth { .. })) && identity.is_none();
        match (first, is_asked) {
            (Err(refused), true) => match inner.keyring.identity()? {
                Some(identity) => by_git(inner, &order(commit, branch, expected), Some(&identity))?,
                None => return Err(refused),
            },
            (done, _) => done?,
        }
        note(inner, branch, new);
        return Ok(());
    }
    let name = format!("refs/heads/{branch}");
    let only_from = PreviousValue::MustExistAndMatch(gix::refs::Target::Object(old));
    let repo = inner.local();
    match repo.reference(name.as_str(), new, only_from, "driftdeck: push") {
        Ok(_) => Ok(()),
        Err(_) if revision::resolve(inner, branch).ok().as_ref() != Some(expected) => {
            Err(SourceError::PushMoved { branch: branch.to_owned() })
        }
        Err(why) => Err(broken(&inner.place(), &why)),
    }
}

/// The mirror's own branch follows, so that it need not be fetched again. The next poll would do it as well.
fn note(inner: &Inner, branch: &str, new: gix::ObjectId) {
    if let Ok(Some(_held)) = place::lock(&inner.dir, Duration::ZERO) {
        let name = format!("refs/heads/{branch}");
        let _ = inner.local().reference(name.as_str(), new, PreviousValue::Any, "pushed");
    }
}

struct Words {
    branch: String,
    lease: String,
    refspec: String,
}

fn order(commit: &CommitId, branch: &str, expected: &CommitId) -> Words {
    Words {
        branch: branch.to_owned(),
        lease: format!("--force-with-lease=refs/heads/{branch}:{expected}"),
        refspec: format!("{commit}:refs/heads/{branch}"),
    }
}

fn by_git(inner: &Inner, words: &Words, identity: Option<&Identity>) -> Result<(), SourceError> {
    let git = child::git_program().ok_or(SourceError::NoGitProgram)?;
    let mut command = Command::new(git);
    command.arg("--git-dir").arg(&inner.dir);
    command.args(["push", "--porcelain", "--atomic", "--no-verify", "--no-recurse-submodules"]);
    command.args(["--no-follow-tags", "--no-signed", &words.lease, "--", &inner.remote.url(), &words.refspec]);
    environment(inner, identity, &mut command);
    match child::run(&mut command, b"", PUSH_LIMIT) {
        Err(why) => Err(broken("the git program", &why)),
        Ok(None) => Err(SourceError::TimedOut { remote: inner.shown(), seconds: PUSH_LIMIT.as_secs() }),
        Ok(Some(ended)) if ended.status.success() => Ok(()),
        Ok(Some(ended)) => Err(read(inner, &words.branch, &ended)),
    }
}

/// Nothing of the caller's environment but what finds programs, the ssh agent and a proxy.
pub(super) fn environment(inner: &Inner, identity: Option<&Identity>, command: &mut Command) {
    let passed =
        ["PATH", "SSH_AUTH_SOCK", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "TMPDIR", "SystemRoot"];
    let ambient: Vec<(OsString, OsString)> =
        std::env::vars_os().filter(|(name, _)| passed.iter().any(|known| name == known)).collect();
    command.env_clear().envs(ambient);
    command.env("HOME", &inner.dir).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "/bin/false");
    command.env("GIT_ALLOW_PROTOCOL", "https:ssh:file");
    command.env("GIT_SSH_COMMAND", transport::ssh_command(&inner.settings));
    if let Some(ca) = &inner.settings.ca_file {
        command.env("GIT_SSL_CAINFO", ca);
    }
    let mut config = vec![
        ("core.hooksPath".to_owned(), "/dev/null".to_owned()),
        ("http.followRedirects".to_owned(), "false".to_owned()),
        ("credential.helper".to_owned(), String::new()),
    ];
    if let Some(proxy) = &inner.settings.proxy {
        config.push(("http.proxy".to_owned(), proxy.clone()));
    }
    if let (Remote::Https { url, .. }, Some(identity)) = (&inner.remote, identity) {
        config.push((format!("http.{url}.extraHeader"), format!("Authorization: {}", identity.basic())));
    }
    command.env("GIT_CONFIG_COUNT", config.len().to_string());
    for (at, (key, value)) in config.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
    }
}

/// Reads git-push(1)'s porcelain: `!<tab><from>:<to><tab><summary> (<reason>)`.
fn read(inner: &Inner, branch: &str, ended: &Ended) -> SourceError {
    let refused = ended.stdout.lines().filter(|line| line.starts_with('!')).find_map(|line| line.split('\t').nth(2));
    let Some(summary) = refused else {
        return match transport::classify(inner, &ended.stderr, last_words(&ended.stderr)) {
            SourceError::Unreachable { remote, why } if why.raw().is_empty() => {
                SourceError::Unreachable { remote, why: "git push failed without a word".into() }
            }
            other => other,
        };
    };
    let moved =
        ["stale info", "fetch first", "non-fast-forward", "cannot lock ref", "incorrect old value", "atomic push"];
    if moved.iter().any(|word| summary.contains(word)) {
        return SourceError::PushMoved { branch: branch.to_owned() };
    }
    SourceError::PushRefused { branch: branch.to_owned(), said: sentence(summary, &ended.stderr) }
}

/// The server's own lines where it sent some, else git's reason.
fn sentence(summary: &str, stderr: &str) -> Foreign {
    let said: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("remote:"))
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let reason = summary.trim_start_matches("[remote rejected]").trim().trim_matches(['(', ')']);
    if said.is_empty() { Foreign::new(reason) } else { Foreign::new(format!("{} ({reason})", said.join(" "))) }
}

fn last_words(stderr: &str) -> String {
    let fatal = stderr.lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    fatal.or_else(|| stderr.lines().last()).unwrap_or_default().to_owned()
}
