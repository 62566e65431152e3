//! A case of drift as it is written down: `tests/drift/NAME/case.yaml` and what git held before and after.
//!
//! Owns the format and its reading. Refuses keys it does not know, and to judge anything.

use std::collections::BTreeMap;
use std::path::Path;

use driftdeck::model::Rule;
use driftdeck::yaml;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What stands for the case's own namespace in all of its files.
const NAMESPACE: &str = "@ns@";

/// What the sandbox does not serve yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// Custom resource definitions.
    Crd,
    /// Strategic merge patches.
    Strategic,
    /// The kubectl program.
    Kubectl,
    /// A kind in a second version.
    Versions,
    /// Quotas, admission policies, allocations, the finer validation, a namespace that stays on its way out.
    Server,
}

/// Where the third leg comes from, and so how the case is staged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Staged {
    /// driftdeck syncs `synced`.
    #[default]
    Record,
    /// `before` makes what `synced` says; driftdeck looks at it once and never syncs.
    Seen,
    /// driftdeck syncs `synced`, then the branch is rewritten without that commit.
    Hash,
    /// `before` makes everything, the claim of another controller among it; driftdeck never looked before.
    Claimed,
    /// `before` makes everything; driftdeck never looked before.
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    why: String,
    without: String,
    #[serde(default)]
    needs: Vec<Need>,
    #[serde(default)]
    config: String,
    #[serde(default)]
    before: Vec<Call>,
    #[serde(default)]
    base: Staged,
    #[serde(default)]
    elsewhere: bool,
    #[serde(default)]
    mutate: Vec<Call>,
    expect: Expected,
    #[serde(default)]
    readonly: ReadOnly,
}

/// One thing that somebody does to the cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `create`, `patch`, `replace`, `delete`; none with `kubectl`.
    pub call: Option<String>,
    /// Arguments of kubectl.
    pub kubectl: Option<Vec<String>>,
    /// `kind[.group]/[namespace/]name`.
    pub object: Option<String>,
    /// The field manager.
    #[serde(rename = "as")]
    pub manager: Option<String>,
    /// `merge`, `json`, `strategic`, `apply`.
    #[serde(rename = "type")]
    pub patch: Option<String>,
    /// Of an apply.
    #[serde(default)]
    pub force: bool,
    /// `scale`, `status`.
    pub subresource: Option<String>,
    /// Another API version than the preferred one, for calls by `object`.
    pub version: Option<String>,
    /// What is sent; kubectl's stdin.
    pub body: Option<Value>,
    /// `synced`: the call is made for each object that git held.
    pub from: Option<String>,
    /// The HTTP status that must come; any 2xx when not set.
    pub status: Option<u16>,
}

/// What must come out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Of the app.
    pub verdict: String,
    /// Of the app.
    pub reason: Option<String>,
    /// Every row that is not plain synced.
    #[serde(default)]
    pub rows: BTreeMap<String, ExpectedRow>,
}

/// What must come out for one object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRow {
    /// Its verdict.
    pub verdict: String,
    /// `Some(None)` = `null`, `None` = not looked at.
    #[serde(default, deserialize_with = "told")]
    pub moved: Option<Option<String>>,
    /// `server` or `local`.
    pub basis: Option<String>,
    /// Where the third leg comes from.
    pub base: Option<String>,
    /// Part of the refusal.
    pub refused: Option<String>,
    /// Its reason's code.
    pub reason: Option<String>,
    /// All of them.
    #[serde(default)]
    pub findings: Vec<ExpectedFinding>,
    /// All of them, where given.
    pub hidden: Option<Vec<ExpectedHidden>>,
}

/// One finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFinding {
    /// As `FieldPath` prints it.
    pub path: String,
    /// `Some(None)` = `null`.
    #[serde(default, deserialize_with = "told")]
    pub moved: Option<Option<String>>,
    /// `add`, `remove`, `replace`.
    pub op: Option<String>,
    /// Whether a sync would start a fight.
    pub contested: Option<bool>,
    /// The manager; `null` = nobody; or a map of manager, operation, subresource.
    #[serde(default, deserialize_with = "told")]
    pub by: Option<Option<Value>>,
    /// The live value.
    pub live: Option<Value>,
    /// Git's value.
    pub git: Option<Value>,
    /// The base's value.
    pub was: Option<Value>,
}

/// One finding that a rule hides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedHidden {
    /// As `FieldPath` prints it.
    pub path: String,
    /// The rule's place.
    pub rule: String,
}

/// How an account that may only look must see it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ReadOnly {
    /// `same`.
    Word(Same),
    /// A quiet case that only the server can tell from a loud one.
    Otherwise {
        /// What is said instead.
        verdict: String,
        /// Why it cannot be known here.
        why: String,
    },
}

/// The word `same`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Same {
    /// A quiet case is quiet, a loud one loud.
    Same,
}

impl Default for ReadOnly {
    fn default() -> Self {
        Self::Word(Same::Same)
    }
}

/// A key that is there: `null` is a value of its own.
fn told<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// One case. Its namespace, its app and its directory are called like it.
pub struct Case {
    /// Directory, app and namespace.
    pub name: String,
    /// What happened, and why the verdict is this.
    pub why: String,
    /// The rule it stands for; `None` = a control.
    pub without: Option<Rule>,
    /// What the sandbox does not serve.
    pub needs: Vec<Need>,
    /// Lines for the app's table, and an `[owners]` table.
    pub config: String,
    /// Before the first sync.
    pub before: Vec<Call>,
    /// How it is staged.
    pub base: Staged,
    /// driftdeck is asked on another host than the one that synced: there is no journal.
    pub elsewhere: bool,
    /// After the sync.
    pub mutate: Vec<Call>,
    /// What must come out.
    pub expect: Expected,
    /// For an account that may only look.
    pub readonly: ReadOnly,
    /// What git held and was synced: path below the case's directory, text.
    pub synced: BTreeMap<String, String>,
    /// What git holds now; `None` = as synced.
    pub head: Option<BTreeMap<String, String>>,
}

impl Case {
    /// Reads one directory.
    ///
    /// # Panics
    /// When it is no case; the sentence names it.
    pub fn read(dir: &Path) -> Self {
        let name = dir.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = std::fs::read_to_string(dir.join("case.yaml")).expect("case.yaml").replace(NAMESPACE, &name);
        let mut docs = yaml::read(text.as_bytes(), &yaml::Budget::default()).into_iter();
        let doc = docs.next().unwrap_or_else(|| panic!("{name}/case.yaml is empty"));
        let doc = doc.unwrap_or_else(|error| panic!("{name}/case.yaml: {error}"));
        assert!(docs.next().is_none(), "{name}/case.yaml: one document");
        let Written { why, without, needs, config, before, base, elsewhere, mutate, expect, readonly } =
            serde_json::from_value(doc.value).unwrap_or_else(|error| panic!("{name}/case.yaml: {error}"));
        let rule = Rule::ALL.iter().copied().find(|rule| rule.name() == without);
        assert!(rule.is_some() || without == "none", "{name}: without: {without} is no rule");
        let synced = manifests(dir, "synced", &name).unwrap_or_else(|| panic!("{name}: nothing was synced"));
        let head = manifests(dir, "head", &name);
        Self {
            name,
            why,
            without: rule,
            needs,
            config,
            before,
            base,
            elsewhere,
            mutate,
            expect,
            readonly,
            synced,
            head,
        }
    }

    /// Whether the answer must be "nothing to do".
    pub fn is_quiet(&self) -> bool {
        self.expect.verdict == "synced"
    }

    /// The objects that git held at first, as kubectl would send them.
    pub fn objects(&self) -> Vec<Value> {
        let texts = self.synced.values().flat_map(|text| yaml::read(text.as_bytes(), &yaml::Budget::default()));
        texts.map(|doc| doc.unwrap_or_else(|error| panic!("{}: synced: {error}", self.name)).value).collect()
    }
}

/// `NAME.yaml`, or every file below `NAME/`.
fn manifests(dir: &Path, stem: &str, namespace: &str) -> Option<BTreeMap<String, String>> {
    let text = |path: &Path| std::fs::read_to_string(path).expect("UTF-8").replace(NAMESPACE, namespace);
    let file = dir.join(format!("{stem}.yaml"));
    if file.is_file() {
        let text = text(&file);
        let named = |text: String| BTreeMap::from([("manifests.yaml".to_owned(), text)]);
        return Some(if text.trim().is_empty() { BTreeMap::new() } else { named(text) });
    }
    let root = dir.join(stem);
    root.is_dir().then(|| {
        let mut files = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    open.push(entry);
                } else {
                    let within = entry.strip_prefix(&root).expect("below it").to_string_lossy().into_owned();
                    files.insert(within, text(&entry));
                }
            }
        }
        files
    })
}

/// Every case, by name; `DRIFT_CASES=part` selects some.
pub fn all() -> Vec<Case> {
    let wanted = std::env::var("DRIFT_CASES").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift");
    let dirs = std::fs::read_dir(root).expect("tests/drift").map(|entry| entry.expect("an entry").path());
    let mut dirs: Vec<_> = dirs.filter(|dir| dir.join("case.yaml").is_file()).collect();
    dirs.sort();
    let is_wanted = |case: &Case| wanted.split(',').any(|part| case.name.contains(part));
    dirs.iter().map(|dir| Case::read(dir)).filter(is_wanted).collect()
}
