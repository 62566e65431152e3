//! A private https remote: its own authority, a token, refusals by name.

use std::sync::atomic::Ordering;

use driftdeck::model::{Credentials, RepoSpec};
use driftdeck::source::{Author, Mirror, Restore, SourceError, Store};

use super::repos::{self, Repos};
use super::{ask, git_https, head};

const TOKEN: &str = "t0ken-canary";

fn spec(repos: &Repos, server: &git_https::Server, token: &str, path: &str) -> RepoSpec {
    let file = repos.dir.path().join("token");
    std::fs::write(&file, format!("{token}\n")).expect("written");
    let credentials =
        Credentials { token_file: Some(file), ca_file: Some(server.ca.clone()), ..Credentials::default() };
    repos::spec(&format!("https://127.0.0.1:{}/{path}", server.port), credentials)
}

fn open(repos: &Repos, spec: &RepoSpec) -> Mirror {
    Store::new(repos.cache()).open(spec).expect("opening asks nobody")
}

#[test]
fn a_private_repository_is_fetched_and_pushed_with_its_token_and_authority() {
    let repos = repos::build("plain");
    let server = git_https::serve(repos.dir.path(), TOKEN, None);
    let mirror = open(&repos, &spec(&repos, &server, TOKEN, "origin.git"));
    let main = head(&mirror, "main");
    assert_eq!(main.as_str(), repos.sh(0, "git rev-parse main"));
    assert!(!ask(&mirror, &["main"]).expect("answered").fetched, "nothing new, nothing fetched");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let order = Restore {
        head: main.clone(),
        paths: vec!["apps/a".into()],
        to: driftdeck::model::CommitId::new(first),
        message: "Revert a".into(),
        author: Author { name: "Ops".into(), email: "o@example.com".into(), time: jiff::Timestamp::UNIX_EPOCH },
    };
    let commit = mirror.build_restore(&order).expect("built").commit.expect("a commit");
    mirror.push(&commit, "main", &main).expect("pushed");
    assert_eq!(repos.sh(1, "git -C ../origin.git rev-parse main"), commit.as_str());
    let why = mirror.push(&main, "main", &main).expect_err("main is elsewhere by now");
    assert_eq!(why, SourceError::PushMoved { branch: "main".into() });
}

#[test]
fn a_refused_token_is_named_by_its_setting_and_never_by_its_value() {
    let repos = repos::build("plain");
    let server = git_https::serve(repos.dir.path(), TOKEN, None);
    let spec = spec(&repos, &server, "wrong-canary", "origin.git");
    let mirror = open(&repos, &spec);
    let why = ask(&mirror, &["main"]).expect_err("the server refuses");
    let expected = SourceError::Auth { remote: spec.url, status: "401 Unauthorized", whose: "token_file".into() };
    assert_eq!(why, expected);
    let all = format!("{why:?} {why} {}", why.sentence().raw());
    assert!(!all.contains("canary"), "no secret in an error");
    let push = mirror.push(
        &driftdeck::model::CommitId::new("1".repeat(40)),
        "main",
        &driftdeck::model::CommitId::new("2".repeat(40)),
    );
    assert!(push.is_err(), "nothing can be pushed with it either");
}

#[test]
fn an_unknown_authority_is_a_tls_error_and_a_missing_repository_is_not_found() {
    let repos = repos::build("plain");
    let server = git_https::serve(repos.dir.path(), TOKEN, None);
    let absent = open(&repos, &spec(&repos, &server, TOKEN, "absent.git"));
    assert!(matches!(ask(&absent, &["main"]), Err(SourceError::NotFound { .. })), "404 means not found");
    let mut stranger = spec(&repos, &server, TOKEN, "origin.git");
    stranger.credentials.ca_file = None;
    let why = ask(&open(&repos, &stranger), &["main"]).expect_err("nobody vouches for the server");
    assert!(matches!(why, SourceError::Tls { .. }), "{why:?} {}", why.sentence().raw());
    assert_eq!(server.signed.load(Ordering::SeqCst), 1, "the token went out once, to the trusted server alone");
}

#[test]
fn a_redirect_to_another_authority_gets_no_credentials() {
    let repos = repos::build("plain");
    let other = git_https::serve(repos.dir.path(), TOKEN, None);
    let server = git_https::serve(repos.dir.path(), TOKEN, Some(format!("https://127.0.0.1:{}", other.port)));
    let why = ask(&open(&repos, &spec(&repos, &server, TOKEN, "origin.git")), &["main"]);
    assert!(why.is_err(), "redirects are not followed");
    assert_eq!(other.signed.load(Ordering::SeqCst), 0, "the second listener sees no Authorization header");
}

#[test]
fn a_mute_server_is_given_up() {
    let repos = repos::build("plain");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let server = git_https::serve(repos.dir.path(), TOKEN, None);
    let mut spec = spec(&repos, &server, TOKEN, "origin.git");
    spec.url = format!("https://127.0.0.1:{port}/origin.git");
    let why = ask(&open(&repos, &spec), &["main"]).expect_err("nobody ever speaks");
    assert_eq!(why, SourceError::TimedOut { remote: spec.url, seconds: 20 });
}
