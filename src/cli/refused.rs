//! Flags that the product names and this version does not have yet: each says so in one sentence, exit 2.

use super::args::{Cli, Command, DiffAs, RevertArgs, RevertHow};
use super::error::CliError;

/// The first of them that was used.
#[must_use]
pub fn first(cli: &Cli) -> Option<CliError> {
    if cli.global.plain {
        return Some(not_yet("--plain", "driftdeck status prints the same as text"));
    }
    match cli.command.as_ref()? {
        Command::Diff(args) if args.output == DiffAs::Markdown => {
            Some(not_yet("-o markdown", "use -o unified within a fenced block"))
        }
        Command::Diff(args) => pull_request(args.rev.as_deref()),
        Command::Sync(args) => pull_request(args.rev.as_deref()),
        Command::Revert(args) => revert(args),
        Command::Pin(args) => pull_request(args.to.as_deref()),
        Command::Agent(args) if args.manifests => {
            Some(not_yet("agent --manifests", "docs/security.md has the RBAC that the agent needs"))
        }
        Command::Demo(args) if args.serve.is_some() => {
            Some(not_yet("demo --serve", "driftdeck demo opens the cockpit on it"))
        }
        _ => None,
    }
}

fn revert(args: &RevertArgs) -> Option<CliError> {
    if args.mode == RevertHow::Undo {
        return Some(not_yet("--mode undo", "--mode restore puts the app's inputs back as they were at a commit"));
    }
    if args.branch.is_some() {
        return Some(not_yet("--branch", "a revert is pushed to the branch that the app follows"));
    }
    if args.pr.is_some() {
        return Some(not_yet("--pr", "a revert is pushed to the branch that the app follows"));
    }
    pull_request(Some(&args.to))
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
