//! Which revisions and paths may be followed: one branch, tag or commit, and one directory below the root.
//!
//! Refuses git's expressions (`HEAD~2`, `a..b`, `@{1}`, `:/words`): what they mean moves, or depends on who asks.

use std::path::{Component, Path, PathBuf};

use super::mistake::{Wrong, quoted};

const REVISION: &str = "write one branch, tag or commit id";
const PATH: &str = "write a directory of the repository, such as apps/payments";
const LONGEST: usize = 1_024;

/// Checks a revision (the rules of `git check-ref-format`, and no expressions).
pub(super) fn revision(text: &str) -> Result<(), Wrong> {
    let what = if text.is_empty() || text.len() > 255 {
        "empty, or longer than 255 characters"
    } else if text.starts_with('-') {
        "starts with a dash, which git takes for an option"
    } else if text.contains("..") {
        "a range of revisions"
    } else if text.contains("@{") || text == "@" {
        "an @{…} expression"
    } else if text.contains(['^', '~', ':']) {
        "an expression with ^, ~ or :"
    } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "holds a space or a control character"
    } else if text.contains(['?', '*', '[', '\\']) {
        "holds ?, *, [ or a backslash"
    } else if text.starts_with('/') || text.ends_with(['/', '.']) || text.contains("//") || has_odd_part(text) {
        "not a name git allows"
    } else {
        return Ok(());
    };
    Err(Wrong::new(what, REVISION))
}

fn has_odd_part(text: &str) -> bool {
    text.split('/').any(|part| part.starts_with('.') || Path::new(part).extension().is_some_and(|e| e == "lock"))
}

/// Checks a path in a repository and spells it in one way: no `.`, no doubled or trailing slashes; the root is empty.
pub(super) fn path(text: &str) -> Result<String, Wrong> {
    let refuse = |what: &str| Err(Wrong::new(what, PATH));
    if text.len() > LONGEST {
        return refuse("longer than 1024 characters");
    }
    if text.contains('\\') {
        return refuse("holds a backslash");
    }
    if text.starts_with('/') || text.starts_with('~') || has_drive(text) {
        return refuse("an absolute path");
    }
    if text.chars().any(char::is_control) {
        return refuse("holds a control character");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return refuse("`..` leaves the repository");
    }
    if parts.iter().any(|part| is_git_dir(part)) {
        return refuse("`.git` is not content");
    }
    Ok(parts.join("/"))
}

fn has_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// `.git` as any file system may spell it.
fn is_git_dir(part: &str) -> bool {
    let bare = part.trim_end_matches(['.', ' ']);
    bare.eq_ignore_ascii_case(".git") || bare.eq_ignore_ascii_case("git~1")
}

/// A path of this machine, made absolute from `base` without asking the disk.
pub(super) fn local(text: &str, base: &Path) -> Result<PathBuf, Wrong> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Wrong::new("empty, or holds a control character", "write a path of this machine"));
    }
    if text.starts_with('~') || text.contains('$') {
        let what = format!("{} is taken literally: ~ and $ are not expanded", quoted(text));
        return Err(Wrong::new(what, "write the whole path"));
    }
    let mut path = PathBuf::new();
    for part in base.join(text).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    Ok(path)
}
