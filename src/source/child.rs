//! Programs that git work needs (`git`, its credential helpers): found on PATH, run with a time limit.
//!
//! Owns the limits and the pipes. Refuses terminals: a child never inherits one, so it cannot prompt.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{JoinHandle, park_timeout};
use std::time::{Duration, Instant};

/// How much of a stream is kept.
const KEPT: u64 = 256 * 1024;

/// The end of a program.
pub(super) struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The `git` program on PATH.
#[must_use]
pub fn git_program() -> Option<PathBuf> {
    find_on_path("git")
}

/// The first executable file of that name on PATH; relative entries of PATH are passed over.
pub(super) fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join(name)).find(|at| is_program(at))
}

fn is_program(at: &std::path::Path) -> bool {
    let Ok(meta) = std::fs::metadata(at) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        meta.is_file() && meta.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    meta.is_file()
}

/// Runs a program to its end; `None` when it had to be killed at the limit.
pub(super) fn run(command: &mut Command, input: &[u8], limit: Duration) -> std::io::Result<Option<Ended>> {
    own_group(command);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input is no failure of ours.
        let _ = stdin.write_all(input);
    }
    let stdout = child.stdout.take().map(drain);
    let stderr = child.stderr.take().map(drain);
    let Some(status) = wait(&mut child, limit)? else { return Ok(None) };
    Ok(Some(Ended { status, stdout: text(stdout), stderr: text(stderr) }))
}

/// Keeps the terminal's signals away from the child.
fn own_group(command: &mut Command) {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    #[cfg(not(unix))]
    let _ = command;
}

fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        park_timeout(Duration::from_millis(10));
    }
}

fn drain<R: Read + Send + 'static>(mut from: R) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        // What cannot be read is as good as silence; the status decides.
        let _ = from.by_ref().take(KEPT).read_to_end(&mut kept);
        let _ = std::io::copy(&mut from, &mut std::io::sink());
        kept
    })
}

fn text(from: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = from.and_then(|thread| thread.join().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_killed_at_the_limit() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let ended = run(&mut command, b"", Duration::from_millis(50)).expect("sleep starts");
        assert!(ended.is_none(), "the limit holds whatever the program does");
    }

    #[test]
    fn output_and_status_come_back() {
        let mut command = Command::new("sh");
        command.args(["-c", "cat; echo oops >&2; exit 3"]);
        let ended = run(&mut command, b"in", Duration::from_mins(1)).expect("sh starts").expect("it ends by itself");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str(), ended.status.code()), ("in", "oops\n", Some(3)));
    }
}
