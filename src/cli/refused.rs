//! Flags that the product names and this version does not have yet: each says so in one sentence, exit 2.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::{Cli, Command, DiffAs, RevertHow};
use super::error::CliError;

/// A flag that clap does not know because it is one of them: so neither help nor completions offer it.
#[must_use]
pub fn flag(error: &clap::Error) -> Option<CliError> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let instead = match flag.as_str() {
        "--plain" => "driftdeck status prints the same as text",
        "--branch" | "--pr" => "a revert is pushed to the branch that the app follows",
        "--manifests" => "docs/security.md has the RBAC that the agent needs",
        _ => return None,
    };
    (error.kind() == ErrorKind::UnknownArgument).then(|| not_yet(flag, instead))
}

/// The first value of them that was used.
#[must_use]
pub fn first(cli: &Cli) -> Option<CliError> {
    match cli.command.as_ref()? {
        Command::Diff(args) if args.output == DiffAs::Markdown => {
            Some(not_yet("-o markdown", "use -o unified within a fenced block"))
        }
        Command::Diff(args) => pull_request(args.rev.as_deref()),
        Command::Sync(args) => pull_request(args.rev.as_deref()),
        Command::Pin(args) => pull_request(args.to.as_deref()),
        Command::Revert(args) if args.mode == RevertHow::Undo => {
            Some(not_yet("--mode undo", "--mode restore puts the app's inputs back as they were at a commit"))
        }
        Command::Revert(args) => pull_request(Some(&args.to)),
        _ => None,
    }
}

/// Pull requests as the forges spell them: `#12`, `!12`, `pr/12`, `pull/12`, `refs/pull/12/head`.
fn pull_request(rev: Option<&str>) -> Option<CliError> {
    let rev = rev?.trim_start_matches("refs/");
    let prefixes = ["#", "!", "pr/", "pr:", "pr#", "pull/", "merge-requests/"];
    let number = prefixes.iter().find_map(|prefix| rev.strip_prefix(prefix))?;
    let digits = number.split('/').next().unwrap_or_default();
    let is_one = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| not_yet("a pull request as a revision", "name its branch or its commit"))
}

fn not_yet(what: &str, instead: &str) -> CliError {
    CliError::usage(format!("{what} is not there yet: {instead}"))
}
