//! Reading commits, history and trees.

use driftdeck::model::{TreeError, TreeKind};

use super::{head, open, repos};

#[test]
fn history_is_what_git_log_says_on_a_repository_with_merges() {
    let repos = repos::build("merges");
    let mirror = open(&repos);
    let main = head(&mirror, "main");
    for path in ["app", "app/one", "app/two", "other", "other/file", "absent", ""] {
        let spelled = if path.is_empty() { "." } else { path };
        let git = repos.sh(0, &format!("git log --format=%H -- {spelled}"));
        let (ours, more) = mirror.history(&main, path, 1000).expect("history");
        let ours: Vec<&str> = ours.iter().map(|commit| commit.id.as_str()).collect();
        assert_eq!(ours, git.lines().collect::<Vec<_>>(), "the history of {path:?} is git's");
        assert!(!more, "nothing is cut off");
    }
    let both = mirror.history_of(&main, &["app/two".into(), "other/side".into()], 1000).expect("history").0;
    let git = repos.sh(0, "git log --format=%H -- app/two other/side");
    assert_eq!(both.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), git.lines().collect::<Vec<_>>());
}

#[test]
fn history_is_cut_at_its_limit_and_says_so() {
    let repos = repos::build("merges");
    let mirror = open(&repos);
    let (rows, more) = mirror.history(&head(&mirror, "main"), "app", 2).expect("history");
    assert_eq!((rows.len(), more), (2, true));
    assert_eq!(rows[0].subject.raw(), "app comes back");
    assert_eq!(rows[0].author.raw(), "Ada <ada@example.com>");
    assert!(rows[0].time.is_some(), "an ordinary date is kept");
}

#[test]
fn links_work_inside_the_tree_and_are_refused_outside() {
    let repos = repos::build("links");
    let mirror = open(&repos);
    let tree = mirror.tree(&head(&mirror, "main")).expect("a tree");
    assert_eq!(&*tree.read("app/inside.yaml").expect("a link inside works"), b"a: 1\n");
    assert_eq!(&*tree.read("app/dir/file.yaml").expect("a link to a directory works"), b"a: 1\n");
    assert_eq!(tree.id("app/dir"), tree.id("shared"), "a followed link has its target's content");
    for path in ["app/out.yaml", "app/absolute.yaml", "app/loop-a"] {
        assert_eq!(tree.read(path), Err(TreeError::BadLink), "{path} leaves the tree or loops");
    }
    assert!(matches!(tree.read("app/git.yaml"), Err(TreeError::Refused(_))), "no link reaches into .git");
    assert!(matches!(tree.read("app/lfs.yaml"), Err(TreeError::Refused(_))), "a pointer is not the file");
    for path in ["../x", "/etc/passwd", "app/../app", ".git/config", "app/.GIT/x"] {
        assert!(matches!(tree.read(path), Err(TreeError::Refused(_))), "{path} is refused by rule");
    }
    let entries = tree.list("app").expect("listed");
    let kind = |name: &str| entries.iter().find(|entry| &*entry.name == name).map(|entry| entry.kind);
    assert_eq!(kind("module"), Some(TreeKind::Submodule));
    assert_eq!(kind("inside.yaml"), Some(TreeKind::Link));
    assert_eq!(tree.read("app/nothing"), Err(TreeError::NotFound));
}

#[test]
fn entries_no_file_system_could_hold_are_refused() {
    let repos = repos::build("plain");
    // Trees made by hand: git itself would not add such names, `hash-object --literally` writes what it is told.
    let blob = repos.sh(1, "git rev-parse HEAD:apps/a/app.yaml");
    let id: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&blob[2 * at..2 * at + 2], 16).expect("hex")).collect();
    for (file, name) in [("dots", ".."), ("dotgit", ".git"), ("slash", "a/b")] {
        let mut tree = format!("100644 {name}\0").into_bytes();
        tree.extend_from_slice(&id);
        std::fs::write(repos.dir.path().join(file), tree).expect("written");
    }
    let commit = repos.sh(
        1,
        "for f in dots dotgit slash; do
           printf '040000 tree %s\t%s\n' $(git hash-object --literally -w -t tree ../$f) $f >> ../list
         done
         tick; c=$(git commit-tree -m hostile $(git mktree < ../list)); git push -q ../origin.git $c:refs/heads/hostile; echo $c",
    );
    let mirror = open(&repos);
    let tree = mirror.tree(&head(&mirror, "hostile")).expect("a tree");
    assert_eq!(head(&mirror, "hostile").as_str(), commit);
    for dir in ["dots", "dotgit", "slash"] {
        assert!(matches!(tree.list(dir), Err(TreeError::Refused(_))), "{dir} holds a name that is refused");
    }
}
