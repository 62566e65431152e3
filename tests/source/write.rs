//! Building a revert and pushing it.

use driftdeck::model::CommitId;
use driftdeck::source::{Author, FileAct, Mirror, Restore, Restored, SourceError, open_in_place};

use super::{head, open, repos};

fn restore(mirror: &Mirror, to: &str, paths: &[&str]) -> Result<Restored, SourceError> {
    mirror.build_restore(&Restore {
        head: mirror.resolve("main")?,
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        to: CommitId::new(to),
        message: "Revert a\n\nIt broke.".into(),
        author: Author { name: "Ops <x>".into(), email: "ops@example.com".into(), time: jiff::Timestamp::UNIX_EPOCH },
    })
}

#[test]
fn a_restore_makes_the_paths_tree_equal_and_touches_nothing_else() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let restored = restore(&mirror, &first, &["apps/a"]).expect("built");
    let commit = restored.commit.expect("something changes");
    let (then, now, new) = (
        mirror.tree(&CommitId::new(first)).expect("a tree"),
        mirror.tree(&main).expect("a tree"),
        mirror.tree(&commit).expect("a tree"),
    );
    assert_eq!(new.id("apps/a"), then.id("apps/a"), "the path is as it was");
    assert_eq!(new.id("apps/b"), now.id("apps/b"), "its neighbour is as it is");
    let files: Vec<(&str, FileAct)> = restored.files.iter().map(|(path, act)| (path.raw(), *act)).collect();
    assert_eq!(files, [("apps/a/app.yaml", FileAct::Changed), ("apps/a/extra.yaml", FileAct::Removed)]);
    assert_eq!(mirror.info(&commit).expect("info").author.raw(), "Ops x <ops@example.com>");
    assert_eq!(mirror.resolve("main"), Ok(main), "no branch moved");
}

#[test]
fn a_restore_that_changes_nothing_says_so_and_a_path_in_neither_is_an_error() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    let nothing = restore(&mirror, main.as_str(), &["apps/a", "apps/b"]).expect("built");
    assert!(nothing.commit.is_none() && nothing.files.is_empty(), "there is nothing to commit");
    let why = restore(&mirror, main.as_str(), &["apps/zzz"]).expect_err("it never was");
    assert!(matches!(why, SourceError::PathNotFound { .. }));
}

#[test]
fn a_push_moves_the_branch_and_the_next_poll_agrees() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let commit = restore(&mirror, &first, &["apps/a"]).expect("built").commit.expect("a commit");
    mirror.push(&commit, "main", &main).expect("pushed");
    assert_eq!(repos.sh(1, "git -C ../origin.git rev-parse main"), commit.as_str());
    assert_eq!(head(&mirror, "main"), commit);
}

#[test]
fn a_push_to_a_branch_that_moved_is_refused_and_nothing_is_lost() {
    let repos = repos::build("plain");
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let commit = restore(&mirror, &first, &["apps/a"]).expect("built").commit.expect("a commit");
    let theirs = repos.sh(1, "commit theirs; git push -q origin main; git rev-parse main");
    let why = mirror.push(&commit, "main", &main).expect_err("someone was faster");
    assert_eq!(why, SourceError::PushMoved { branch: "main".into() });
    assert_eq!(repos.sh(2, "git -C ../origin.git rev-parse main"), theirs, "their commit stands");
}

#[test]
fn a_push_that_a_hook_declines_says_the_servers_sentence() {
    let repos = repos::build("plain");
    let hook = "printf '#!/bin/sh\\necho main is protected, ask the platform team >&2\\nexit 1\\n' > ../origin.git/hooks/pre-receive; chmod +x ../origin.git/hooks/pre-receive";
    repos.sh(0, hook);
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let commit = restore(&mirror, &first, &["apps/a"]).expect("built").commit.expect("a commit");
    let why = mirror.push(&commit, "main", &main).expect_err("the hook says no");
    assert!(matches!(why, SourceError::PushRefused { .. }), "{why:?}");
    assert!(why.sentence().raw().contains("main is protected, ask the platform team"), "{}", why.sentence().raw());
    assert_eq!(head(&mirror, "main"), main, "the branch did not move");
}

#[test]
fn in_place_a_push_is_compare_and_set() {
    let repos = repos::build("plain");
    let mirror = open_in_place(&repos.origin()).expect("opens");
    let main = mirror.resolve("main").expect("there");
    let first = repos.sh(0, "git rev-parse v1^{commit}");
    let commit = restore(&mirror, &first, &["apps/a"]).expect("built").commit.expect("a commit");
    mirror.push(&commit, "main", &main).expect("pushed");
    assert_eq!(mirror.resolve("main"), Ok(commit.clone()));
    let why = mirror.push(&main, "main", &main).expect_err("main is elsewhere by now");
    assert_eq!(why, SourceError::PushMoved { branch: "main".into() });
    assert_eq!(head(&mirror, "main"), commit, "a poll reads the refs");
}
