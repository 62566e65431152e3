//! What YAML 1.2, which the parser reads, takes and YAML 1.1, which Kubernetes reads, does not, or takes for something
//! else. Such text is refused rather than read in one of two ways.
//!
//! Owns the look at the source of an event. Refuses nothing else.

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};

/// The source, and what was read of it.
pub(super) struct Source<'t> {
    text: &'t str,
    /// Where the last event ended.
    at: usize,
    /// Whether a key may begin there.
    key_may_begin: bool,
    /// Whether a plain scalar ended there: blank lines below it are still its own.
    in_plain: bool,
    /// Of the open collections: the column of a block's first token, `None` = in brackets.
    open: Vec<Option<usize>>,
}

impl<'t> Source<'t> {
    /// Nothing read yet.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, key_may_begin: true, in_plain: false, open: Vec::new() }
    }

    /// What is wrong with an event, or with what stands before it.
    pub(super) fn fault(&mut self, event: &Event<'_>, span: &Span) -> Option<&'static str> {
        if let Event::Anchor(_, name) = event {
            let end = span.end.byte_offset().unwrap_or(self.text.len());
            let next = self.text.get(end..).and_then(|rest| rest.chars().next());
            let runs_on = next.is_some_and(|c| !c.is_ascii_whitespace() && !"?:,]}%@`".contains(c));
            let bad = runs_on || bad_name(name);
            return bad.then_some("an anchor's name holds more than letters, digits, _ and -");
        }
        let range = span.byte_range()?;
        let flow = matches!(self.open.last(), Some(None));
        let before = self.text.get(self.at..range.start).unwrap_or_default();
        let tab = !flow && self.tab_as_indentation(before);
        let fault = if tab {
            Some("a tab used as indentation; use spaces")
        } else if before.contains('\u{feff}') {
            Some("a BOM must not appear inside a document")
        } else {
            self.own(event, span, flow)
        };
        self.go_on(event, span, range);
        fault
    }

    fn own(&self, event: &Event<'_>, span: &Span, flow: bool) -> Option<&'static str> {
        let after = |at: Option<usize>| at.and_then(|at| self.text.get(at..)).unwrap_or_default();
        if let Some(tag) = span.tag_span() {
            if after(tag.end.byte_offset()).starts_with(|c: char| !c.is_ascii_whitespace()) {
                return Some("a tag that runs into what follows; put a space between");
            }
            if tag.slice(self.text).is_some_and(|tag| tag.contains('#')) {
                return Some("a tag with a `#`");
            }
        }
        let Event::Scalar(_, style, ..) = event else { return None };
        let slice = span.slice(self.text).unwrap_or_default();
        if flow && self.is_long_key(span) {
            return Some("a key and its colon on two lines");
        }
        match style {
            ScalarStyle::Plain if flow => {
                let rest = after(span.end.byte_offset());
                let colon = rest.starts_with(":,") || rest.starts_with(":]") || rest.starts_with(":}");
                let odd = slice.contains('?') || slice.starts_with(':') || colon && !slice.is_empty();
                odd.then_some("a plain `?` or `:` inside [] or {}; quote the text")
            }
            ScalarStyle::DoubleQuoted => json_escape(slice).then_some("an escape that YAML 1.1 does not have"),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let rest = after(span.start.byte_offset());
                leading_tab(self.text, rest).then_some("a tab used as indentation; use spaces")
            }
            _ => None,
        }
    }

    /// Whether a scalar in brackets is a key that libyaml does not find, because it ends on another line.
    fn is_long_key(&self, span: &Span) -> bool {
        let start = span.tag_start().and_then(|tag| tag.byte_offset()).or(span.start.byte_offset()).unwrap_or_default();
        let end = span.end.byte_offset().unwrap_or_default();
        let Some((key, rest)) =
            self.text.get(start..).and_then(|text| text.split_at_checked(end.saturating_sub(start)))
        else {
            return false;
        };
        let colon = rest.trim_start();
        let explicit = self.text.get(self.at..start).is_some_and(|before| before.contains('?'));
        let gap = &rest[..rest.len() - colon.len()];
        colon.starts_with(':') && !explicit && (key.contains('\n') || gap.contains('\n'))
    }

    fn go_on(&mut self, event: &Event<'_>, span: &Span, range: std::ops::Range<usize>) {
        self.at = self.at.max(range.end);
        (self.key_may_begin, self.in_plain) = (false, false);
        match event {
            Event::SequenceStart(StructureStyle::Flow, ..) | Event::MappingStart(StructureStyle::Flow, ..) => {
                self.open.push(None);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.open.push(if matches!(self.open.last(), Some(None)) { None } else { Some(span.start.col()) });
                self.key_may_begin = true;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.key_may_begin = matches!(self.open.pop(), Some(Some(_)));
            }
            Event::Scalar(_, style, ..) => {
                self.in_plain = *style == ScalarStyle::Plain && !range.is_empty();
                self.key_may_begin = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
            }
            Event::StreamStart | Event::DocumentStart(..) => self.key_may_begin = true,
            _ => {}
        }
    }

    /// libyaml skips tabs only where no key may begin.
    fn tab_as_indentation(&self, between: &str) -> bool {
        let rest = between.trim_start_matches([' ', '\t', '\r', '\n']);
        let blank = &between[..between.len() - rest.len()];
        if self.in_plain && blank.contains('\n') {
            let indent = self.open.last().copied().flatten().map_or(0, |column| column + 1);
            let early = |line: &str| {
                line.bytes().take_while(|b| *b == b' ').count() < indent && {
                    line.trim_start_matches(' ').starts_with('\t')
                }
            };
            return blank.split('\n').skip(1).any(early) || tab_before_key(rest, true);
        }
        tab_before_key(between, self.key_may_begin)
    }
}

/// Whether a tab stands where a key may begin: at the start of a line, and after `-`, `?` and the `:` of a long key.
fn tab_before_key(between: &str, mut key_may_begin: bool) -> bool {
    let mut skip_line = false;
    for c in between.chars() {
        match c {
            '\n' | '\r' => (key_may_begin, skip_line) = (true, false),
            _ if skip_line => {}
            '\t' if key_may_begin => return true,
            ' ' | '\t' => {}
            '-' | '?' | ':' if key_may_begin => {}
            '#' => skip_line = true,
            _ => key_may_begin = false,
        }
    }
    false
}

/// libyaml's anchors (YAML 1.1 has more, libyaml has not).
fn bad_name(name: &str) -> bool {
    !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// `\/` and surrogate pairs: JSON has them, YAML 1.1 has not.
fn json_escape(quoted: &str) -> bool {
    let mut bytes = quoted.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            continue;
        }
        match bytes.next() {
            Some(b'/') => return true,
            Some(b'u')
                if matches!(
                    (bytes.next(), bytes.next()),
                    (Some(b'd' | b'D'), Some(b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F'))
                ) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Whether a block scalar that finds its indentation by itself finds a tab. `body` = from its first character on.
fn leading_tab(text: &str, body: &str) -> bool {
    let before = &text[..text.len() - body.len()];
    let header_at = before.rfind(['|', '>']).map_or(before.len(), |at| at + 1);
    let Some((header, lines)) = text[header_at..].split_once('\n') else { return false };
    let finds_it = !header.trim_start().starts_with(|c: char| c == '-' || c == '+' || c.is_ascii_digit())
        || !header.trim().bytes().take(2).any(|b| b.is_ascii_digit());
    let first = lines.lines().map(|line| line.trim_start_matches(' ')).find(|line| !line.is_empty());
    finds_it && first.is_some_and(|line| line.starts_with('\t'))
}
