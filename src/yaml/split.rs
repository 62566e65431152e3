//! A stream into documents, as kubectl does it: before parsing, at lines that start with `---`.
//!
//! Owns the cut, the line numbers and the check of the bytes. Refuses what libyaml calls unreadable: other encodings
//! and control characters.

use std::borrow::Cow;

use super::YamlError;

/// A run of lines that is parsed by itself.
pub(super) struct Part<'t> {
    bytes: &'t [u8],
    /// One-based line of its first line in the whole text.
    pub line: u32,
    /// Whether its separator only separates: kubectl hands one over to its parser where nothing stands before it.
    separates: bool,
}

/// The parts of a text, in order; empty ones are left out. The separator line stays with the part it opens, because
/// a document may begin on it (`--- {a: 1}`).
pub(super) fn parts(text: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut line, mut waits) = (1, false);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (bytes, lines) = first_part(rest);
        let separates = waits && bytes.starts_with(b"---");
        waits = !separates || lines > 1;
        let part = Part { bytes, line, separates };
        rest = &rest[bytes.len()..];
        line += lines;
        Some(part)
    })
    .filter(|part| !part.is_blank())
}

/// The bytes up to the next separator line, and how many lines they are. Directives stay with their `---`.
fn first_part(text: &[u8]) -> (&[u8], u32) {
    let (mut end, mut lines) = (0, 0);
    let mut only_directives = true;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let separator = line.starts_with(b"---");
        if separator && end > 0 && !(only_directives && has_directive(&text[..end])) {
            break;
        }
        only_directives &= !separator && matches!(line.trim_ascii().first(), None | Some(b'#' | b'%'));
        end += line.len();
        lines += 1;
    }
    (&text[..end], lines)
}

fn has_directive(lines: &[u8]) -> bool {
    lines.split(|b| *b == b'\n').any(|line| line.starts_with(b"%"))
}

impl<'t> Part<'t> {
    /// Its bytes, with the separator line.
    pub(super) fn bytes(&self) -> &'t [u8] {
        self.bytes
    }

    fn is_blank(&self) -> bool {
        let separator = self.bytes.strip_prefix(b"---");
        let body = separator.unwrap_or(self.bytes);
        // A line may end in other ways too, and a tab may not indent: whoever reads the text says so.
        let plain = |line: &[u8]| {
            let tab = line.iter().take_while(|b| b.is_ascii_whitespace()).any(|b| *b == b'\t');
            !tab && matches!(line.trim_ascii().first(), None | Some(b'#'))
        };
        body.split(|b| *b == b'\n').all(plain)
            && lone_return(body).is_none()
            && (separator.is_none() || self.separates || body.first().is_none_or(u8::is_ascii_whitespace))
            && ![&b"\xc2\x85"[..], b"\xe2\x80\xa8", b"\xe2\x80\xa9"].iter().any(|b| contains(body, b))
    }

    /// The part as text that a parser may see, and the one-based line it begins at. A separator that says nothing more
    /// is left out, as kubectl leaves it out.
    pub(super) fn check(&self) -> Result<(&'t str, u32), YamlError> {
        let text = match std::str::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(error) => return Err(self.at(error.valid_up_to(), "not UTF-8")),
        };
        if let Some(at) = text.find(|c: char| !is_readable(c)) {
            let what =
                if self.bytes[at] == 0 { "a NUL byte" } else { "a control character; write it as \\x in quotes" };
            return Err(self.at(at, what));
        }
        if let Some(at) = text.find(['\u{85}', '\u{2028}', '\u{2029}']) {
            return Err(
                self.at(at, "a Unicode line break, which ends a line in YAML 1.1; write it as an escape in quotes")
            );
        }
        if let Some(at) = lone_return(self.bytes) {
            return Err(self.at(at, "a carriage return without a line feed"));
        }
        let (text, line) = self.behind_separator(text)?;
        if text.starts_with('\u{feff}') {
            return Err(YamlError::new(line, 1, "a BOM must not appear inside a document"));
        }
        Ok((text, line))
    }

    fn behind_separator(&self, text: &'t str) -> Result<(&'t str, u32), YamlError> {
        let Some(after) = text.strip_prefix("---") else { return Ok((text, self.line)) };
        let comment = self.separates && after.starts_with('#');
        if !comment && !matches!(after.bytes().next(), None | Some(b' ' | b'\t' | b'\r' | b'\n')) {
            return Err(self.at(3, "text right after the separator ---"));
        }
        let (line, below) = after.split_once('\n').unwrap_or((after, ""));
        if self.separates && matches!(line.trim_ascii().bytes().next(), None | Some(b'#')) {
            return Ok((below.strip_prefix('\u{feff}').unwrap_or(below), add(self.line, 1)));
        }
        Ok((text, self.line))
    }

    fn at(&self, byte: usize, what: &str) -> YamlError {
        let before = &self.bytes[..byte];
        let line = before.split(|b| *b == b'\n').count() - 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        YamlError::new(add(self.line, line), add(0, column), what)
    }
}

/// Where a carriage return stands alone: a line break to YAML, but not to who splits documents.
fn lone_return(text: &[u8]) -> Option<usize> {
    (0..text.len()).find(|&at| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'))
}

/// The text with its last line ended, where that is nothing but spaces: libyaml counts it as a line of `|+`.
pub(super) fn ended(text: &str) -> Cow<'_, str> {
    let last = text.rsplit('\n').next().unwrap_or_default();
    if last.is_empty() || last.bytes().any(|b| b != b' ') { text.into() } else { format!("{text}\n").into() }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|at| at == part)
}

/// What libyaml's reader lets through (YAML 1.1, `c-printable`).
fn is_readable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{85}' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// Line arithmetic that cannot wrap: texts are bounded far below.
pub(super) fn add(line: u32, more: usize) -> u32 {
    line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
}
