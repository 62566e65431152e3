//! Running kustomize and helm: on an export, without environment, network or plugins, bounded in time and output.

use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::export::Export;
use super::{BYTES, Job, RenderError, input_paths, parse};
use crate::model::{Foreign, Rendered};

const LIMIT: Duration = Duration::from_secs(30);
/// Nobody listens on the discard port of the loopback: whoever asks for the network is refused at once.
const NOWHERE: &str = "http://127.0.0.1:9";
const STDERR: usize = 16 << 10;

/// `kustomize build`, else `kubectl kustomize`.
pub(super) fn kustomize(job: &Job) -> Result<Rendered, RenderError> {
    let (program, verb, file) = match (&job.programs.kustomize, &job.programs.kubectl) {
        (Some(file), _) => ("kustomize", "build", file),
        (None, Some(file)) => ("kubectl kustomize", "kustomize", file),
        (None, None) => return Err(RenderError::NeedsProgram { program: "kustomize" }),
    };
    let export = Export::make(job.tree, &input_paths(job.tree, job.path)?, job.scratch)?;
    let mut command = Command::new(file);
    command.arg(verb).arg(export.root().join(job.path)).args(["--load-restrictor", "LoadRestrictionsRootOnly"]);
    finish(job, ("kustomize", program), command, &export)
}

/// `helm template NAME PATH -n NAMESPACE`, with the chart's own values and its CRDs.
pub(super) fn helm(job: &Job) -> Result<Rendered, RenderError> {
    let Some(file) = &job.programs.helm else { return Err(RenderError::NeedsProgram { program: "helm" }) };
    let export = Export::make(job.tree, &input_paths(job.tree, job.path)?, job.scratch)?;
    let mut command = Command::new(file);
    command.args(["template", job.app_name]).arg(export.root().join(job.path));
    command.args(["--include-crds", "-n", job.namespace]);
    finish(job, ("helm", "helm template"), command, &export)
}

fn finish(
    job: &Job,
    (renderer, program): (&'static str, &'static str),
    mut command: Command,
    export: &Export,
) -> Result<Rendered, RenderError> {
    enclose(&mut command, &export.home(), &export.root());
    let text = run(program, &mut command, &export.root(), LIMIT)?;
    let mut out = Rendered { renderer, ..Rendered::default() };
    parse::read(renderer, &text, parse::How { is_made: true, without: job.without }, &mut out);
    Ok(out)
}

/// Only what a renderer needs: a home of its own, and proxies that lead nowhere.
fn enclose(command: &mut Command, home: &Path, root: &Path) {
    command.env_clear().current_dir(root).process_group(0);
    for name in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env(name, home);
    }
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS"] {
        command.env(name, home);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"] {
        command.env(name, NOWHERE);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// Runs to the end or the limit; then the whole process group is killed.
fn run(program: &'static str, command: &mut Command, root: &Path, limit: Duration) -> Result<Vec<u8>, RenderError> {
    let until = Instant::now() + limit;
    let mut child = command.spawn()?;
    let out = listen(child.stdout.take(), BYTES);
    let err = listen(child.stderr.take(), STDERR);
    let read =
        |from: &mpsc::Receiver<io::Result<Vec<u8>>>| from.recv_timeout(until.saturating_duration_since(Instant::now()));
    let (Ok(text), Ok(words)) = (read(&out), read(&err)) else {
        kill(&mut child);
        return Err(RenderError::TimedOut { program, seconds: limit.as_secs() });
    };
    let text = text?;
    if text.len() > BYTES {
        kill(&mut child);
        return Err(RenderError::TooLarge { what: "too many bytes rendered", limit: BYTES });
    }
    if child.wait()?.success() {
        return Ok(text);
    }
    let message = sentence(&String::from_utf8_lossy(&words?), root);
    Err(RenderError::Failed { program, message })
}

/// Reads a pipe on a thread of its own, up to one byte above the limit; then the pipe is closed.
fn listen(pipe: Option<impl Read + Send + 'static>, limit: usize) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (said, heard) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(limit as u64 + 1).read_to_end(&mut bytes));
        let _ = said.send(read.map(|_| bytes));
    });
    heard
}

fn kill(child: &mut Child) {
    // The standard library signals one process only; `kill` signals the group that was made for it.
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    let _ = child.kill();
    let _ = child.wait();
}

/// The first line that says something, without our directory and without what stands in quotes or brackets: it may be
/// a value.
fn sentence(words: &str, root: &Path) -> Foreign {
    let first = words.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no words");
    let first = first.replace(&format!("{}/", root.display()), "").replace(&root.display().to_string(), ".");
    let mut out = String::new();
    let mut quote = None;
    for c in first.chars().take(500) {
        match quote {
            Some(close) if c == close => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`' | '[') => {
                quote = Some(if c == '[' { ']' } else { c });
                out.push('…');
            }
            None => out.push(c),
        }
    }
    Foreign::new(out)
}
