//! Keeping a mirror small: packs pile up, one a fetch.
//!
//! Owns the repack. Kept commits survive it because refs hold them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::child;

/// How many packs may lie in a mirror.
const PACKS: usize = 50;

/// Repacks when there are too many packs and a git program is here. Call with the lock held.
pub(super) fn tidy(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir.join("objects").join("pack")) else { return };
    let packs = entries.flatten().filter(|entry| entry.path().extension().is_some_and(|ext| ext == "pack")).count();
    if packs <= PACKS {
        return;
    }
    let Some(git) = child::git_program() else { return };
    let mut command = Command::new(git);
    command.arg("--git-dir").arg(dir).args(["repack", "-adq"]);
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", dir);
    // A repack that fails leaves the packs as they were; the next fetch tries again.
    let _ = child::run(&mut command, b"", Duration::from_mins(5));
}
