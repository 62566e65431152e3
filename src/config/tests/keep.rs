//! A rule written back: the operator's layout stays, and nothing is overwritten that was not read.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::trust::Trust;
use super::*;
use crate::model::{AppId, Effect, IgnoreRule};

const HEAD: &str = "# My fleet.\n[[clusters]]\nname = \"dev\" # here\n\n[[repos]]\nname = \"r\"\n\
                    url = \"https://git.example.com/r.git\"\n\n";

/// A config with one app, and what is written of its rules.
fn text(rules: &str) -> String {
    format!(
        "{HEAD}[[apps]]\nname = \"web\"\nrepo = \"r\"   # as ever\ncluster = \"dev\"\nnamespace = \"web\"\n{rules}# the end\n"
    )
}

fn web() -> AppId {
    AppId::new("web", ClusterName::new("dev"))
}

fn rule() -> IgnoreRule {
    IgnoreRule {
        place: "".into(),
        kind: Some("Deployment".to_owned()),
        name: Some("api".to_owned()),
        namespace: None,
        path: Some("metadata.annotations[\"a/b\"]".parse().expect("a path")),
        manager: Some("kubectl-edit".to_owned()),
        effect: Effect::Both,
        reason: Some("it's \"theirs\"".to_owned()),
    }
}

fn written(dir: &Path, text: &str) -> (PathBuf, Config) {
    let path = dir.join("c.toml");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("mode");
    let config = load(&path).expect("a right config");
    (path, config)
}

#[test]
fn a_rule_is_added_wherever_rules_are_written_and_all_else_stays_as_it_is() {
    for (before, after) in [
        ("", "ignore = [\n  RULE,\n]\n"),
        ("ignore = []\n", "ignore = [RULE]\n"),
        ("ignore = [{ kind = \"A\" }]\n", "ignore = [{ kind = \"A\" }, RULE]\n"),
        (
            "ignore = [\n    { kind = \"A\" }, # why\n    { kind = \"B\" },\n]\n",
            "ignore = [\n    { kind = \"A\" }, # why\n    { kind = \"B\" },\n    RULE,\n]\n",
        ),
        ("sync = { auto = true }\n", "sync = { auto = true }\nignore = [\n  RULE,\n]\n"),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, config) = written(dir.path(), &text(before));
        let after_config = add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
        let said = "{ kind = \"Deployment\", name = \"api\", path = 'metadata.annotations[\"a/b\"]', manager = \
                    \"kubectl-edit\", effect = \"both\", reason = 'it''s' }";
        let read = std::fs::read_to_string(&path).expect("there");
        let line = read.lines().find(|line| line.contains("kubectl-edit")).expect("the rule");
        let from = line.find("{ kind = \"Deployment\"").unwrap_or_else(|| panic!("{line} not as {said}"));
        let to = line.rfind('}').expect("its end") + 1;
        assert_eq!(read.replace(&line[from..to], "RULE"), text(after), "{before:?}");
        let new = after_config.apps[0].ignore.last().expect("the rule");
        assert_eq!(IgnoreRule { place: "".into(), ..new.clone() }, rule());
        assert_eq!(load(&path).expect("a right config"), after_config, "as it would be read again");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o640, "its permissions stay");
    }
}

#[test]
fn tables_of_rules_and_inline_apps_take_one_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let tables = format!("{}[[apps.ignore]]\nkind = \"A\" # why\n", text(""));
    let (path, config) = written(dir.path(), &tables);
    let after = add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
    assert_eq!(after.apps[0].ignore.len(), 2);
    let read = std::fs::read_to_string(&path).expect("there");
    assert!(read.starts_with(&tables), "appended: {read}");
    let inline =
        format!("apps = [{{ name = \"web\", repo = \"r\", cluster = \"dev\", namespace = \"web\" }}] # x\n{HEAD}");
    let (path, config) = written(dir.path(), &inline);
    add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
    assert!(std::fs::read_to_string(&path).expect("there").contains("] # x\n# My fleet."));
}

#[test]
fn the_rule_goes_to_the_table_of_that_destination() {
    let dir = tempfile::tempdir().expect("a directory");
    let app = |cluster: &str| {
        format!("[[apps]]\nname = \"web\"\nrepo = \"r\"\ncluster = \"{cluster}\"\nnamespace = \"web\"\n")
    };
    let (_, config) = written(dir.path(), &format!("{HEAD}[[clusters]]\nname = \"two\"\n{}{}", app("dev"), app("two")));
    let two = AppId::new("web", ClusterName::new("two"));
    let after = add_rule(&config.home.expect("a file"), &two, &rule()).expect("written");
    let counts: Vec<_> = after.apps.iter().map(|app| app.ignore.len()).collect();
    assert_eq!(counts, [0, 1]);
}

#[test]
fn several_rules_can_be_written_one_after_the_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let (_, config) = written(dir.path(), &text(""));
    let once = add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
    let twice = add_rule(&once.home.expect("a file"), &web(), &rule()).expect("written again");
    assert_eq!(twice.apps[0].ignore.len(), 2);
}

#[test]
fn a_file_that_somebody_edited_meanwhile_is_not_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, config) = written(dir.path(), &text(""));
    let edited = text("# edited\n");
    std::fs::write(&path, &edited).expect("written");
    let error = add_rule(&config.home.expect("a file"), &web(), &rule()).expect_err("changed");
    assert_eq!(error, KeepError::Changed(path.clone()));
    assert!(error.to_string().contains("changed on disk since driftdeck read it"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), edited);
}

#[test]
fn a_file_that_may_not_be_written_is_not_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, config) = written(dir.path(), &text(""));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).expect("mode");
    let error = add_rule(&config.home.expect("a file"), &web(), &rule()).expect_err("not writable");
    assert!(matches!(error, KeepError::NotWritable { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), text(""));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left beside it");
}

#[test]
fn an_app_that_is_not_in_the_file_gets_no_rule() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, config) = written(dir.path(), &text(""));
    let other = AppId::new("shop", ClusterName::new("dev"));
    let error = add_rule(&config.home.expect("a file"), &other, &rule()).expect_err("no such app");
    assert_eq!(error, KeepError::NoPlace { file: path.clone(), app: other });
    assert_eq!(std::fs::read_to_string(&path).expect("there"), text(""));
}

#[test]
fn behind_a_link_the_file_itself_is_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, _) = written(dir.path(), &text(""));
    let link = dir.path().join("link.toml");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    let inode = std::fs::metadata(&path).expect("there").ino();
    let config = load(&link).expect("a right config");
    add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
    assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink(), "the link stays one");
    assert_ne!(std::fs::metadata(&path).expect("there").ino(), inode, "replaced at once");
    assert_eq!(load(&path).expect("right").apps[0].ignore.len(), 1);
}

#[test]
fn a_trusted_local_file_is_trusted_as_it_is_then() {
    let (dir, state) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (path, _) = written(dir.path(), &text(""));
    let mut trust = Trust::open(state.path()).expect("a store");
    trust.grant(&path, text("").as_bytes()).expect("trusted");
    let config = load_local(&path, &trust).expect("a trusted config");
    add_rule(&config.home.expect("a file"), &web(), &rule()).expect("written");
    let trust = Trust::open(state.path()).expect("a store");
    assert_eq!(load_local(&path, &trust).expect("still trusted").apps[0].ignore.len(), 1);
}
