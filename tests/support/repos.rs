//! Small repositories, built by the scripts of `tests/fixtures/repos` in a directory of their own.

#![allow(dead_code, reason = "each suite uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use driftdeck::model::{Credentials, RepoName, RepoSpec};

/// A built fixture; gone when dropped.
pub struct Repos {
    pub dir: tempfile::TempDir,
}

/// Runs `tests/fixtures/repos/<name>.sh` in a fresh directory.
pub fn build(name: &str) -> Repos {
    let dir = tempfile::tempdir().expect("a directory for the fixture");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/repos");
    let mut command = Command::new("sh");
    command.arg(fixtures.join(format!("{name}.sh"))).current_dir(dir.path());
    command.env("HOME", dir.path()).env("FIXTURES", &fixtures);
    let out = command.output().expect("sh runs");
    assert!(out.status.success(), "fixture {name}: {}", String::from_utf8_lossy(&out.stderr));
    Repos { dir }
}

impl Repos {
    /// The bare repository that is served.
    pub fn origin(&self) -> PathBuf {
        self.dir.path().join("origin.git")
    }

    /// Where the mirrors go.
    pub fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// The origin by its path.
    pub fn spec(&self) -> RepoSpec {
        spec(self.origin().to_str().expect("UTF-8"), Credentials::default())
    }

    /// A script in `work`, with the fixtures' dates going on from `turn`.
    pub fn sh(&self, turn: u32, script: &str) -> String {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/repos");
        let script = format!(". \"$FIXTURES/prelude.sh\"\nturn={}\n{script}", 1_700_100_000 + turn * 3600);
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).current_dir(self.dir.path().join("work"));
        command.env("HOME", self.dir.path()).env("FIXTURES", &fixtures);
        let out = command.output().expect("sh runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("UTF-8").trim().to_owned()
    }
}

/// A repository named `platform`.
pub fn spec(url: &str, credentials: Credentials) -> RepoSpec {
    RepoSpec { name: RepoName::new("platform"), url: url.to_owned(), credentials, interval: Duration::from_secs(30) }
}
