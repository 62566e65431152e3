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
        ("status", _) => Word::Status(glob(value)?),
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

impl Word {
    fn fits(&self, app: &AppRow) -> bool {
        match self {
            Self::Status(glob) => glob.is_match(app.verdict.word()),
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
