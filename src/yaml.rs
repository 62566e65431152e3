//! The YAML reader (Kubernetes' rules, spans, budgets) and the one writer.
//!
//! Owns how manifests are read: as `sigs.k8s.io/yaml` v1.6.0 reads them (YAML 1.1 scalars, anchors, merge keys), split
//! into documents as kubectl splits them, JSON included. Refuses what would be read in two ways (duplicate keys),
//! whatever is larger than its budget, and to tell any value of a document in an error.

mod compose;
mod fault;
mod float;
mod json;
mod places;
mod scalar;
mod source;
mod split;
mod write;

use serde_json::Value;

use crate::model::Without;

pub use places::{Spot, places};
pub use write::{ordered as in_order, write};

/// How much of a text is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of the text, and bytes of scalars after aliases are followed.
    pub bytes: usize,
    /// Maps and lists inside one another.
    pub depth: usize,
    /// Values of all documents, after aliases are followed.
    pub nodes: usize,
    /// Documents that say something.
    pub documents: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 16 << 20, depth: 100, nodes: 500_000, documents: 10_000 }
    }
}

/// One document.
#[derive(Clone, PartialEq)]
pub struct Doc {
    /// What it says, as JSON; never null.
    pub value: Value,
    /// One-based line of its first node in the whole text.
    pub line: u32,
}

impl std::fmt::Debug for Doc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Doc(line {})", self.line)
    }
}

/// Why a document cannot be read, without any value of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct YamlError {
    /// One-based, in the whole text.
    pub line: u32,
    /// One-based, in characters.
    pub column: u32,
    /// What is wrong.
    pub what: String,
}

impl YamlError {
    fn new(line: u32, column: u32, what: impl Into<String>) -> Self {
        Self { line, column, what: what.into() }
    }
}

/// Reads all documents of a YAML or JSON text, each for itself: a broken one does not hide the others.
///
/// Empty and null documents are left out. Numbers come out as Kubernetes' JSON has them: whole floats are integers.
/// A budget that is spent ends the reading with one last error.
#[must_use]
pub fn read(text: &[u8], budget: &Budget) -> Vec<Result<Doc, YamlError>> {
    read_without(text, budget, Without::NOTHING)
}

/// [`read`] without one of its rules: for tests of the judgement, which must come out otherwise then.
#[must_use]
pub fn read_without(text: &[u8], budget: &Budget, without: Without) -> Vec<Result<Doc, YamlError>> {
    if text.len() > budget.bytes {
        return vec![Err(YamlError::new(1, 1, format!("larger than {} bytes", budget.bytes)))];
    }
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        return vec![Err(YamlError::new(1, 1, "UTF-16; save it as UTF-8"))];
    }
    let mut out = Vec::new();
    let has_mark = text.starts_with(b"\xef\xbb\xbf");
    let mut left = *budget;
    for part in split::parts(text) {
        let objects = if has_mark { None } else { json::read(part.bytes(), part.line, &mut left) };
        match objects {
            Some(Ok(docs)) => {
                for doc in docs {
                    if !put(Ok(doc), budget, &mut out) {
                        return out;
                    }
                }
            }
            Some(Err(error)) => out.push(Err(error)),
            None if read_part(&part, &mut left, (budget, without), &mut out) => {}
            None => break,
        }
    }
    out
}

/// Takes one document; false = there are too many.
fn put(read: Result<Doc, YamlError>, budget: &Budget, out: &mut Vec<Result<Doc, YamlError>>) -> bool {
    match read {
        Ok(doc) if doc.value.is_null() => {}
        Ok(doc) if out.len() >= budget.documents => {
            out.push(Err(YamlError::new(doc.line, 1, format!("more than {} documents", budget.documents))));
            return false;
        }
        other => out.push(other),
    }
    true
}

/// Reads one part; false = the budget is spent.
fn read_part(
    part: &split::Part,
    left: &mut Budget,
    (whole, without): (&Budget, Without),
    out: &mut Vec<Result<Doc, YamlError>>,
) -> bool {
    let (text, line) = match part.check() {
        Ok((text, line)) => (split::ended(text), line),
        Err(error) => {
            out.push(Err(error));
            return true;
        }
    };
    let mut composer = compose::Composer::new((&text, line), left, whole, without);
    while let Some(next) = composer.next_document() {
        if !put(next, whole, out) {
            return false;
        }
    }
    !composer.spent()
}

#[cfg(test)]
mod tests;
