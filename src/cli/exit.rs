//! The exit codes: product.md's one list, as functions of what was found or done.

use crate::model::{AppId, Fleet, Outcome, Verdict};

/// Nothing differs; done, or nothing to do.
pub const OK: u8 = 0;
/// Something differs; a dry run would change something.
pub const DIFFERS: u8 = 1;
/// The command line, the config, or no terminal.
pub const USAGE: u8 = 2;
/// Not judged; failed, refused, partly done, timed out.
pub const FAILED: u8 = 3;

/// How one verdict counts. `strict`: touched differs too.
#[must_use]
pub fn of_verdict(verdict: Verdict, strict: bool) -> u8 {
    match verdict {
        Verdict::Invalid | Verdict::Unknown => FAILED,
        Verdict::Touched if strict => DIFFERS,
        Verdict::Synced | Verdict::Touched => OK,
        Verdict::Terminating
        | Verdict::Missing
        | Verdict::Contested
        | Verdict::Diverged
        | Verdict::Drifted
        | Verdict::Behind
        | Verdict::Extra => DIFFERS,
    }
}

/// `status` and `diff`: the worst of the apps asked for; one that is not there was not judged.
#[must_use]
pub fn of_fleet(fleet: &Fleet, asked: &[AppId], strict: bool) -> u8 {
    let of_app = |id| fleet.app(id).map_or(FAILED, |app| of_verdict(app.verdict, strict));
    asked.iter().map(of_app).max().unwrap_or(OK)
}

/// A writing command.
#[must_use]
pub fn of_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done | Outcome::Nothing => OK,
        Outcome::Partly | Outcome::Failed | Outcome::Aborted | Outcome::Refused => FAILED,
    }
}

/// `--dry-run`.
#[must_use]
pub fn of_dry_run(blocked: bool, changes: usize) -> u8 {
    match (blocked, changes) {
        (true, _) => FAILED,
        (false, 0) => OK,
        (false, _) => DIFFERS,
    }
}
