//! The file on disk, and the trust in a local one.

use std::os::unix::fs::PermissionsExt as _;

use super::trust::{FORBIDDEN, Trust};
use super::*;

fn file(dir: &Path, name: &str, content: &[u8], mode: u32) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
    path
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let dir = dir();
    for mode in [0o620, 0o602, 0o666] {
        let path = file(dir.path(), "c.toml", b"", mode);
        assert_eq!(load(&path), Err(ConfigError::Writable { file: path, mode }));
    }
    let read = load(&file(dir.path(), "c.toml", b"", 0o644)).expect("others may read it");
    assert_eq!(Config { home: None, ..read }, Config::default());
}

#[test]
fn only_regular_files_are_read() {
    let dir = dir();
    assert_eq!(load(dir.path()), Err(ConfigError::NotAFile { file: dir.path().to_owned() }));
    assert_eq!(load(Path::new("/dev/zero")), Err(ConfigError::NotAFile { file: "/dev/zero".into() }));
    let absent = dir.path().join("absent.toml");
    assert_eq!(load(&absent), Err(ConfigError::NotFound { file: absent }));
}

#[test]
fn other_encodings_are_refused_with_their_offset() {
    let dir = dir();
    let path = file(dir.path(), "c.toml", b"# ok\n# caf\xe9\n", 0o600);
    let error = load(&path).expect_err("latin-1");
    assert_eq!(error, ConfigError::NotText { file: path, line: 2, offset: 10 });
    assert!(error.to_string().contains(":2: not UTF-8 at byte 10"));
}

#[test]
fn a_file_beyond_the_budget_is_refused() {
    let dir = dir();
    let path = file(dir.path(), "c.toml", &vec![b'#'; (8 << 20) + 1], 0o600);
    assert!(matches!(load(&path), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn relative_paths_stand_from_the_configs_directory() {
    let dir = dir();
    let path = file(dir.path(), "c.toml", b"[[clusters]]\nname = \"c\"\nkubeconfig = \"k\"\n", 0o600);
    assert_eq!(load(&path).expect("right").clusters[0].kubeconfig, Some(dir.path().join("k")));
}

#[test]
fn a_local_file_counts_only_as_it_was_trusted() {
    let (state, clone) = (dir(), dir());
    let path = file(clone.path(), "driftdeck.toml", b"interval = \"1m\"\n", 0o600);
    let trust = Trust::open(state.path()).expect("no store yet");
    let refused = load_local(&path, &trust).expect_err("nobody trusted it");
    assert_eq!(refused, ConfigError::Untrusted { file: path.clone(), changed: false });

    let mut trust = trust;
    trust.grant(&path, read(&path).expect("text").as_bytes()).expect("kept");
    let trust = Trust::open(state.path()).expect("read back");
    assert_eq!(load_local(&path, &trust).expect("trusted").interval, Duration::from_mins(1));
    let mode = std::fs::metadata(state.path().join("trusted.json")).expect("the store").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the store is the operator's alone");

    file(clone.path(), "driftdeck.toml", b"interval = \"2m\"\n", 0o600);
    let changed = load_local(&path, &trust).expect_err("changed since");
    assert!(changed.to_string().contains("changed since it was trusted"), "{changed}");

    let moved = file(clone.path(), "other.toml", b"interval = \"1m\"\n", 0o600);
    assert!(load_local(&moved, &trust).is_err(), "trust is of a file, not of its content");
}

#[test]
fn a_store_that_cannot_be_understood_trusts_nothing() {
    let state = dir();
    let path = file(state.path(), "driftdeck.toml", b"", 0o600);
    file(state.path(), "trusted.json", b"[]", 0o600);
    assert!(load_local(&path, &Trust::open(state.path()).expect("read")).is_err());
}

#[test]
fn even_trusted_a_local_file_sets_nothing_that_is_forbidden() {
    let text = |line: &str| {
        let (table, key) = line.split_once("[].").expect("a table and a key");
        let key = if key.contains('=') { key.to_owned() } else { format!("{key} = \"/x\"") };
        let key = if key.starts_with("proxy") { "proxy = \"http://p:1\"".to_owned() } else { key };
        let url = if table == "repos" { "url = \"https://h/p\"\n" } else { "" };
        format!("[[{table}]]\nname = \"prod\"\n{url}{key}\n")
    };
    for line in FORBIDDEN {
        let text = text(line);
        read_text(&text).expect("the operator's own file may");
        let error = parse(&text, Path::new("c.toml"), Path::new("/x"), Standing::Local).expect_err(line).to_string();
        assert!(error.contains("a local file may not") && error.contains("set it in your own config"), "{error}");
    }
    let harmless = "[[clusters]]\nname = \"dev\"\nprotected = true\n";
    assert!(parse(harmless, Path::new("c.toml"), Path::new("/x"), Standing::Local).is_ok());
}
