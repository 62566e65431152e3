//! Writing one rule back to the file that a config was read from: the operator's layout and comments stay.
//!
//! Owns where in the text a rule goes, and that nothing else of the config changes by it. Refuses a file that is not as it was
//! read, that may not be written, or that would not read back as meant.

use std::fs::Permissions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};

use super::load;
use super::mistake::ConfigError;
use super::trust::{self, Trust};
use super::{Config, Standing, parse};
use crate::model::{AppId, AppSpec, Digest, Effect, IgnoreRule};

/// The file of a config, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    file: PathBuf,
    digest: Digest,
    /// Where a local file's trust is kept; `None` = the operator's own file.
    trust: Option<PathBuf>,
}

impl Home {
    pub(super) fn own(file: &Path, text: &str) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        Self { file, digest: trust::hash(text.as_bytes()), trust: None }
    }

    pub(super) fn local(file: &Path, text: &str, trust: &Trust) -> Self {
        Self { trust: Some(trust.dir().to_owned()), ..Self::own(file, text) }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// Why a rule was not written. Nothing was, unless it says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// It cannot be read any more.
    #[error("{0}; nothing was written")]
    Config(#[from] ConfigError),
    /// Somebody edited it meanwhile.
    #[error("{}: changed on disk since driftdeck read it; restart driftdeck, then try again; nothing was written", .0.display())]
    Changed(PathBuf),
    /// The system's refusal.
    #[error("{}: cannot be written ({kind}); nothing was written", file.display())]
    NotWritable {
        /// Which.
        file: PathBuf,
        /// In the system's words.
        kind: std::io::ErrorKind,
    },
    /// The app's table was not found, or the rule does not read back.
    #[error("{}: no place for a rule of {app} was found; write it by hand; nothing was written", file.display())]
    NoPlace {
        /// Which.
        file: PathBuf,
        /// Whose rule.
        app: AppId,
    },
    /// The file is written, its trust is not.
    #[error("{}: written, but it could not be trusted anew: run `driftdeck config trust` on it", .0.display())]
    Untrusted(PathBuf),
}

/// Adds a rule to an app's table. The file is replaced as a whole, with the permissions it had; a local one stays trusted,
/// as it is then. Returns the file as it now is, and what it now says.
///
/// # Errors
/// [`KeepError`].
pub fn add_rule(home: &Home, app: &AppId, rule: &IgnoreRule) -> Result<Config, KeepError> {
    let text = load::read(&home.file)?;
    if trust::hash(text.as_bytes()) != home.digest {
        return Err(KeepError::Changed(home.file.clone()));
    }
    let standing = if home.trust.is_some() { Standing::Local } else { Standing::Own };
    let base = load::base(&home.file)?;
    let read = |text: &str| parse(text, &home.file, &base, standing);
    let before = read(&text)?;
    let no_place = || KeepError::NoPlace { file: home.file.clone(), app: app.clone() };
    let document: DocumentMut = text.parse().map_err(|_| no_place())?;
    let tried = (0..count(&document)).filter_map(|at| {
        let text = with_rule(&document, at, app, rule)?;
        let after = read(&text).ok().filter(|after| is_only_that(&before, after, app, rule))?;
        Some((text, after))
    });
    let (text, after) = { tried }.next().ok_or_else(no_place)?;
    write(&home.file, &text).map_err(|error| KeepError::NotWritable { file: home.file.clone(), kind: error.kind() })?;
    if let Some(state) = &home.trust {
        let granted = Trust::open(state).and_then(|mut trust| trust.grant(&home.file, text.as_bytes()));
        granted.map_err(|_| KeepError::Untrusted(home.file.clone()))?;
    }
    let home = Home { digest: trust::hash(text.as_bytes()), ..home.clone() };
    Ok(Config { home: Some(home), ..after })
}

/// How many apps are written.
fn count(document: &DocumentMut) -> usize {
    match document.get("apps") {
        Some(Item::ArrayOfTables(tables)) => tables.len(),
        Some(Item::Value(Value::Array(tables))) => tables.len(),
        _ => 0,
    }
}

/// The text with the rule in the app that stands there, if that is its name.
fn with_rule(document: &DocumentMut, at: usize, app: &AppId, rule: &IgnoreRule) -> Option<String> {
    let mut document = document.clone();
    let table: &mut dyn TableLike = match document.get_mut("apps")? {
        Item::ArrayOfTables(tables) => tables.get_mut(at)?,
        Item::Value(Value::Array(tables)) => tables.get_mut(at)?.as_inline_table_mut()?,
        _ => return None,
    };
    if table.get("name").and_then(Item::as_str) != Some(&*app.name) {
        return None;
    }
    match table.get_mut("ignore") {
        None => _ = table.insert("ignore", Item::Value(Value::Array(new_list(inline(rule))))),
        Some(Item::Value(Value::Array(rules))) => push(rules, inline(rule)),
        Some(Item::ArrayOfTables(rules)) => rules.push(inline(rule).into_table()),
        Some(_) => return None,
    }
    Some(document.to_string())
}

/// A list of one rule, on a line of its own.
fn new_list(rule: InlineTable) -> Array {
    let mut rules = Array::new();
    rules.push_formatted(Value::InlineTable(rule).decorated("\n  ", ""));
    rules.set_trailing_comma(true);
    rules.set_trailing("\n");
    rules
}

/// Puts a rule at the end of a list, laid out as the one before it.
fn push(rules: &mut Array, rule: InlineTable) {
    let before = rules.iter().last().and_then(|last| last.decor().prefix()?.as_str().map(str::to_owned));
    match before.filter(|prefix| prefix.contains('\n')) {
        Some(prefix) => {
            let indent = prefix.rsplit('\n').next().unwrap_or_default();
            let prefix = format!("\n{indent}");
            rules.push_formatted(Value::InlineTable(rule).decorated(prefix, ""));
        }
        None => rules.push(Value::InlineTable(rule)),
    }
}

fn inline(rule: &IgnoreRule) -> InlineTable {
    let mut table = InlineTable::new();
    let path = rule.path.as_ref().map(ToString::to_string);
    let effect = (rule.effect != Effect::Hide).then(|| rule.effect.word().to_owned());
    let keys = [
        ("kind", &rule.kind),
        ("name", &rule.name),
        ("namespace", &rule.namespace),
        ("path", &path),
        ("manager", &rule.manager),
        ("effect", &effect),
        ("reason", &rule.reason),
    ];
    for (key, value) in keys {
        if let Some(value) = value {
            table.insert(key, value.as_str().into());
        }
    }
    table
}

/// Whether the app has that rule more, and nothing else differs but the rules of other destinations of the same table.
fn is_only_that(before: &Config, after: &Config, app: &AppId, rule: &IgnoreRule) -> bool {
    let bare = |app: &AppSpec| AppSpec { ignore: Vec::new(), ..app.clone() };
    let apps = |config: &Config| config.apps.iter().map(bare).collect::<Vec<_>>();
    let rest = |config: &Config| Config { apps: apps(config), ..config.clone() };
    let rules = |config: &Config| config.apps.iter().find(|found| found.id == *app).map(|found| found.ignore.clone());
    let (Some(old), Some(new)) = (rules(before), rules(after)) else { return false };
    let same = |found: &&IgnoreRule| IgnoreRule { place: rule.place.clone(), ..(*found).clone() } == *rule;
    let count = |rules: &[IgnoreRule]| rules.iter().filter(same).count();
    rest(before) == rest(after) && new.len() == old.len() + 1 && count(&new) == count(&old) + 1
}

/// Replaces a file at once; behind a link, the file it leads to.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let file = std::fs::canonicalize(file)?;
    let permissions: Permissions = std::fs::metadata(&file)?.permissions();
    if permissions.readonly() {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    // Whoever may not write the file may still be allowed to replace it: that is not asked for.
    drop(std::fs::OpenOptions::new().write(true).open(&file)?);
    let mut new = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new("/")))?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(permissions)?;
    new.as_file().sync_all()?;
    new.persist(&file).map_err(|error| error.error)?;
    Ok(())
}
