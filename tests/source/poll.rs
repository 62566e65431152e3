//! Asking a remote.

use driftdeck::model::{AppId, ClusterName, CommitId, Credentials};
use driftdeck::source::{SourceError, Store};

use super::{ask, head, open, repos};

#[test]
fn a_poll_with_nothing_new_fetches_nothing() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let first = ask(&mirror, &["main", "v1"]).expect("answered");
    assert!(first.fetched, "an empty mirror has everything to fetch");
    let second = ask(&mirror, &["main", "v1"]).expect("answered");
    assert!(!second.fetched, "nothing moved, so no pack is asked for");
    assert_eq!(first.heads["main"], second.heads["main"]);
    let tag = repos.sh(0, "git rev-parse v1^{commit}");
    assert_eq!(second.heads["v1"], Ok(CommitId::new(tag)), "an annotated tag means its commit");
}

#[test]
fn a_moved_branch_is_fetched_and_others_moving_are_not() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let before = head(&mirror, "main");
    repos.sh(1, "git checkout -q -b other; commit other; git push -q origin other");
    assert!(!ask(&mirror, &["main"]).expect("answered").fetched, "nobody asked for the other branch");
    let moved = repos.sh(2, "git checkout -q main; commit more; git push -q origin main; git rev-parse main");
    let polled = ask(&mirror, &["main"]).expect("answered");
    assert!(polled.fetched, "main moved");
    assert_eq!(polled.heads["main"], Ok(CommitId::new(moved.clone())));
    assert_eq!(mirror.ahead(&before, &CommitId::new(moved)), Ok(1));
    assert_eq!(mirror.resolve("main"), polled.heads["main"], "what lies here agrees");
}

#[test]
fn a_deleted_branch_is_named_and_no_longer_resolves_after_a_fetch() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    repos.sh(1, "git push -q origin main:gone");
    head(&mirror, "gone");
    repos.sh(2, "git push -q origin :gone; commit more; git push -q origin main");
    let polled = ask(&mirror, &["gone", "main"]).expect("the remote answers");
    assert_eq!(polled.heads["gone"], Err(SourceError::RevisionNotFound { revision: "gone".into() }));
    assert!(polled.heads["main"].is_ok(), "one missing branch does not hide the others");
    assert!(mirror.resolve("gone").is_err(), "memory does not stand in for the remote");
}

#[test]
fn a_force_push_is_followed_and_kept_commits_stay() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let old = head(&mirror, "main");
    let app = AppId::new("a", ClusterName::new("kind:local/x"));
    mirror.keep(&app, &old).expect("kept");
    let new =
        repos.sh(1, "git reset -q --hard HEAD~2; commit rewritten; git push -q -f origin main; git rev-parse main");
    assert_eq!(head(&mirror, "main").as_str(), new, "the ref is followed wherever it goes");
    let mirrors = std::fs::read_dir(repos.cache().join("mirrors")).expect("there");
    let dir = mirrors.flatten().map(|e| e.path()).find(|path| path.is_dir()).expect("a mirror");
    let gc = format!("git --git-dir '{}' gc -q --prune=now", dir.display());
    repos.sh(2, &gc);
    let again = open(&repos);
    let tree = again.tree(&old).expect("the commit is there still");
    assert!(tree.list("").is_ok(), "kept refs hold its files as well");
}

#[test]
fn only_the_last_twenty_kept_commits_of_an_app_are_held() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    repos.sh(1, "for i in $(seq 25); do commit c$i; done; git push -q origin main");
    let main = head(&mirror, "main");
    let (all, _) = mirror.history(&main, "", 100).expect("history");
    let app = AppId::new("a", ClusterName::new("c"));
    let commits = repos.sh(2, "git rev-list --reverse main");
    assert!(all.len() <= commits.lines().count(), "history lists commits of the branch only");
    for commit in commits.lines() {
        mirror.keep(&app, &CommitId::new(commit)).expect("kept");
    }
    let mirrors = std::fs::read_dir(repos.cache().join("mirrors")).expect("there");
    let dir = mirrors.flatten().map(|e| e.path()).find(|path| path.is_dir()).expect("a mirror");
    let refs = repos.sh(
        3,
        &format!("git --git-dir '{}' for-each-ref --format='%(refname)' refs/driftdeck/keep/a@c", dir.display()),
    );
    assert_eq!(refs.lines().count(), 20, "older ones are let go");
    assert!(refs.contains(main.as_str()), "the newest is among them");
}

#[test]
fn a_commit_that_no_branch_has_is_fetched_by_its_id() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    head(&mirror, "main");
    let id =
        repos.sh(1, "git checkout -q --detach; commit lone; git push -q origin HEAD:refs/lone/one; git rev-parse HEAD");
    let polled = ask(&mirror, &[&id]).expect("answered");
    assert_eq!(polled.heads[&id], Ok(CommitId::new(id.clone())), "an id is enough where the server allows it");
    assert!(!ask(&mirror, &[&id]).expect("answered").fetched, "a commit never moves");
}

#[test]
fn a_repository_that_is_not_there_is_named_so() {
    let repos = repos::build("plain");
    let spec = repos::spec("/nowhere/at/all.git", Credentials::default());
    let mirror = Store::new(repos.cache()).open(&spec).expect("opening asks nobody");
    let why = ask(&mirror, &["main"]).expect_err("there is nothing");
    assert_eq!(why, SourceError::NotFound { remote: "/nowhere/at/all.git".into() });
}

#[test]
fn an_empty_repository_has_no_revision_and_is_no_failure() {
    let repos = repos::build("plain");
    repos.sh(1, "git init -q --bare ../empty.git");
    let url = repos.dir.path().join("empty.git");
    let spec = repos::spec(url.to_str().expect("UTF-8"), Credentials::default());
    let mirror = Store::new(repos.cache()).open(&spec).expect("opens");
    let polled = ask(&mirror, &["main"]).expect("the remote answers");
    assert_eq!(polled.heads["main"], Err(SourceError::RevisionNotFound { revision: "main".into() }));
}

#[test]
fn revisions_that_are_more_than_names_are_refused_one_by_one() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let polled = ask(&mirror, &["main", "main~1", "--upload-pack=x"]).expect("answered");
    assert!(polled.heads["main"].is_ok());
    for bad in ["main~1", "--upload-pack=x"] {
        assert!(matches!(polled.heads[bad], Err(SourceError::BadRevision { .. })), "{bad} is refused by rule");
    }
}

#[test]
fn a_broken_mirror_is_set_aside_and_filled_again() {
    let repos = repos::build("plain");
    let main = head(&open(&repos), "main");
    let mirrors = std::fs::read_dir(repos.cache().join("mirrors")).expect("there");
    let dir = mirrors.flatten().map(|e| e.path()).find(|path| path.is_dir()).expect("a mirror");
    std::fs::remove_file(dir.join("HEAD")).expect("broken");
    let mirror = open(&repos);
    let polled = ask(&mirror, &["main"]).expect("answered");
    assert_eq!((polled.fetched, polled.heads["main"].clone()), (true, Ok(main.clone())), "fetched anew");
    let renewed = Store::new(repos.cache()).renew(&repos.spec()).expect("renewed");
    assert!(renewed.tree(&main).is_err(), "a renewed mirror begins empty");
    assert!(ask(&renewed, &["main"]).expect("answered").fetched);
}

#[test]
fn two_processes_share_one_mirror() {
    let repos = repos::build("plain");
    let (one, two) = (open(&repos), open(&repos));
    let heads = std::thread::scope(|scope| {
        let first = scope.spawn(|| head(&one, "main"));
        let second = scope.spawn(|| head(&two, "main"));
        (first.join().expect("answered"), second.join().expect("answered"))
    });
    assert_eq!(heads.0, heads.1, "whoever comes second uses what the first brought");
}

#[test]
fn a_tag_of_something_else_than_a_commit_and_an_endless_chain_are_refused() {
    let repos = repos::build("plain");
    repos.sh(
        1,
        "tick; git tag blob HEAD:apps/a/app.yaml; git tag c0 HEAD
         for i in $(seq 12); do git tag -a -m chain c$i c$((i - 1)) 2>/dev/null; done
         git push -q origin blob c3 c12",
    );
    let polled = ask(&open(&repos), &["blob", "c3", "c12"]).expect("answered");
    assert!(matches!(polled.heads["blob"], Err(SourceError::BadRevision { .. })), "a blob is no commit");
    assert!(polled.heads["c3"].is_ok(), "a short chain is followed");
    let here = open(&repos).resolve("c12");
    assert!(matches!(here, Err(SourceError::BadRevision { .. })), "a long one is not: {here:?}");
}
