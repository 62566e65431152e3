//! `status --filter`: the cockpit's filter words, those of them that an app's row can answer.

use globset::GlobMatcher;

use super::error::CliError;
use super::select::glob;
use crate::model::{AppRow, Health, Verdict};

/// The words; an app fits when all of them do.
#[derive(Debug)]
pub struct Filter {
    words: Vec<(bool, Word)>,
}

#[derive(Debug)]
enum Word {
    Status(GlobMatcher),
    Problem,
    Cluster(GlobMatcher),
    App(GlobMatcher),
    Namespace(GlobMatcher),
    Kind(GlobMatcher),
    Is(Trait),
    Text(String),
}

#[derive(Clone, Copy, Debug)]
enum Trait {
    Protected,
    Paused,
    Pinned,
    Stale,
}

impl Filter {
    /// Reads words such as `status:drifted -cluster:dev* is:paused pay`.
    ///
    /// # Errors
    /// A usage error for a word that there is not.
    pub fn parse(text: &str) -> Result<Self, CliError> {
        let words = text.split_whitespace().map(|word| {
            let (holds, word) = word.strip_prefix('-').map_or((true, word), |rest| (false, rest));
            Ok((holds, parse_word(word)?))
        });
        Ok(Self { words: words.collect::<Result<_, CliError>>()? })
    }

    /// Whether an app's row fits.
    #[must_use]
    pub fn fits(&self, app: &AppRow) -> bool {
        self.words.iter().all(|(holds, word)| word.fits(app) == *holds)
    }
}

fn parse_word(word: &str) -> Result<Word, CliError> {
    let Some((key, value)) = word.split_once(':') else { return Ok(Word::Text(word.to_lowercase())) };
    Ok(match (key, value) {
        ("status", "problem") => Word::Problem,
        ("status", _) => Word::Status(status(value)?),
        ("cluster", _) => Word::Cluster(glob(value)?),
        ("app", _) => Word::App(glob(value)?),
        ("ns", _) => Word::Namespace(glob(value)?),
        ("kind", _) => Word::Kind(glob(&value.to_lowercase())?),
        ("is", "protected") => Word::Is(Trait::Protected),
        ("is", "paused") => Word::Is(Trait::Paused),
        ("is", "pinned") => Word::Is(Trait::Pinned),
        ("is", "stale") => Word::Is(Trait::Stale),
        _ => {
            return Err(CliError::usage(format!("--filter has no word {word}")).hint(
                "there are status: cluster: app: ns: kind: is:protected|paused|pinned|stale, -WORD, and bare words",
            ));
        }
    })
}

/// The words beside the verdicts; the first that holds stands on screen, and `status:` finds each.
const HELD: [&str; 4] = ["error", "running", "paused", "pinned"];

/// A word that no app can ever have would find nothing, and that reads as if nothing were wrong.
fn status(value: &str) -> Result<GlobMatcher, CliError> {
    let found = glob(value)?;
    let words: Vec<&str> = HELD.into_iter().chain(Verdict::ALL.iter().map(|verdict| verdict.word())).collect();
    if words.iter().any(|word| found.is_match(word)) {
        return Ok(found);
    }
    let hint = format!("there are problem, {}; * stands for any letters", words.join(", "));
    Err(CliError::usage(format!("--filter knows no status {value}")).hint(hint))
}

fn holds(word: &str, app: &AppRow) -> bool {
    match word {
        "error" => app.reason.as_ref().is_some_and(|reason| reason.code.is_error()),
        "running" => app.running.is_some(),
        "paused" => app.paused.is_some(),
        _ => app.pinned.is_some(),
    }
}

impl Word {
    fn fits(&self, app: &AppRow) -> bool {
        match self {
            Self::Status(glob) => {
                let held = HELD.into_iter().filter(|word| glob.is_match(word)).any(|word| holds(word, app));
                held || glob.is_match(app.verdict.word())
            }
            Self::Problem => {
                !matches!(app.verdict, Verdict::Synced | Verdict::Touched)
                    || matches!(app.health, Health::Degraded | Health::Missing)
            }
            Self::Cluster(glob) => glob.is_match(app.id.cluster.as_str()),
            Self::App(glob) => glob.is_match(&*app.id.name),
            Self::Namespace(glob) => glob.is_match(app.namespace.raw()),
            Self::Kind(glob) => app.resources.iter().any(|row| glob.is_match(row.key.kind.kind.to_lowercase())),
            Self::Is(Trait::Protected) => app.protected,
            Self::Is(Trait::Paused) => app.paused.is_some(),
            Self::Is(Trait::Pinned) => app.pinned.is_some(),
            Self::Is(Trait::Stale) => app.stale.is_some(),
            Self::Text(text) => app.id.to_string().to_lowercase().contains(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::fleets::{app, id, reason};
    use crate::model::ReasonCode;

    fn fits(text: &str, app: &AppRow) -> bool {
        Filter::parse(text).expect("it reads").fits(app)
    }

    #[test]
    fn a_status_is_a_verdict_or_a_word_that_stands_in_its_place() {
        let mut row = app(id("a", "prod-eu"), Verdict::Unknown);
        (row.reason, row.paused) = (Some(reason(ReasonCode::RenderFailed)), None);
        assert!(fits("status:error", &row) && fits("status:unknown", &row) && fits("status:err*", &row));
        assert!(!fits("status:paused", &row) && !fits("status:drifted", &row));
    }

    #[test]
    fn a_status_that_no_app_can_have_is_no_empty_answer() {
        for wrong in ["status:bogus", "status:dri", "status:"] {
            let error = Filter::parse(wrong).expect_err(wrong);
            assert!(error.to_string().contains("knows no status"), "{wrong}: {error}");
        }
        Filter::parse("status:dri* status:problem").expect("both are there");
    }
}
