//! Parser events into JSON values: keys, anchors, merges, budgets.
//!
//! Owns the tree under construction. Refuses duplicate keys, keys that are no scalars, aliases into themselves, and
//! whatever spends the budget; an alias costs what it stands for.

use std::collections::{BTreeSet, HashMap};

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Value};

use super::scalar::{self, Scalar, Tag};
use super::source::Source;
use super::{Budget, Doc, YamlError, fault, split};
use crate::model::{Rule, Without};

/// Composes the documents of one part.
pub(super) struct Composer<'t, 'b> {
    parser: Parser<'t, StrInput<'t>>,
    source: Source<'t>,
    without: Without,
    first_line: u32,
    left: &'b mut Budget,
    whole: &'b Budget,
    anchors: HashMap<usize, Node>,
    stack: Vec<Frame>,
    root: Option<(Value, u32)>,
    ended: bool,
    spent: bool,
}

/// A finished value and what it costs when an alias repeats it.
#[derive(Clone)]
struct Node {
    value: Value,
    /// Before JSON: what it would be as a key.
    scalar: Option<Scalar>,
    height: usize,
    nodes: usize,
    bytes: usize,
}

/// A map or list that is not closed yet.
struct Frame {
    body: Body,
    anchor: usize,
    height: usize,
    nodes_left: usize,
    bytes_left: usize,
}

enum Body {
    List(Vec<Value>),
    Map { entries: Map<String, Value>, merged: BTreeSet<String>, pending: Option<Pending> },
}

/// The key that waits for its value.
enum Pending {
    Key(String),
    Merge,
}

type Step<T = ()> = Result<T, YamlError>;

impl<'t, 'b> Composer<'t, 'b> {
    /// A composer over checked text whose first line is `first_line` of the whole.
    pub(super) fn new(text: (&'t str, u32), left: &'b mut Budget, whole: &'b Budget, without: Without) -> Self {
        let (text, first_line) = text;
        let options = granit_parser::options! {
            emit_comments: false,
            emit_anchor_events: true,
            flow_nesting_limit: whole.depth.saturating_add(1),
            block_nesting_limit: whole.depth.saturating_add(1),
        };
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            source: Source::new(text),
            without,
            first_line,
            left,
            whole,
            anchors: HashMap::new(),
            stack: Vec::new(),
            root: None,
            ended: false,
            spent: false,
        }
    }

    /// Whether the budget is spent: nothing more of the text is to be read.
    pub(super) fn spent(&self) -> bool {
        self.spent
    }

    /// The next document; after an error there is none.
    pub(super) fn next_document(&mut self) -> Option<Result<Doc, YamlError>> {
        while !self.ended {
            let step = match self.parser.next() {
                None => return None,
                Some(Err(error)) => Err(self.syntax(&error)),
                Some(Ok((event, span))) => match self.source.fault(&event, &span) {
                    Some(what) => Err(self.error(span.start, what)),
                    None => self.take(event, span.start),
                },
            };
            match step {
                Ok(None) => {}
                Ok(Some(doc)) => return Some(Ok(doc)),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    fn take(&mut self, event: Event<'t>, at: Marker) -> Step<Option<Doc>> {
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::DocumentEnd => return Ok(self.root.take().map(|(value, line)| Doc { value, line })),
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map(tag_name);
                self.scalar(&text, style, tag.as_deref(), (anchor, at))?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(Body::List(Vec::new()), anchor, at)?,
            Event::MappingStart(_, anchor, _) => {
                let body = Body::Map { entries: Map::new(), merged: BTreeSet::new(), pending: None };
                self.open(body, anchor, at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at)?,
            Event::Alias(id) => self.alias(id, at)?,
            _ => {}
        }
        Ok(None)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&str>, (anchor, at): (usize, Marker)) -> Step {
        self.spend(1, text.len(), at)?;
        let resolves = style == ScalarStyle::Plain && tag.is_none();
        let bare = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag == "!");
        let is_merge = text == "<<" && (tag == Some("tag:yaml.org,2002:merge") || bare);
        if is_merge
            && self.without.has(Rule::MergeKeys)
            && let Some(pending) = self.key_slot()
        {
            *pending = Some(Pending::Merge);
            return Ok(());
        }
        let tag = if tag.is_none() && !resolves { Tag::Str } else { known(tag) };
        let scalar = match tag {
            Tag::None if !self.without.has(Rule::Yaml11) => scalar::core(text),
            tag => scalar::resolve(text, tag).map_err(|what| self.error(at, what))?,
        };
        if self.key_slot().is_some() {
            self.remember(anchor, || Node::of_scalar(scalar.clone(), Value::Null, text.len()));
            return self.key(scalar, at);
        }
        let value = scalar::to_json(scalar.clone()).map_err(|what| self.error(at, what))?;
        self.remember(anchor, || Node::of_scalar(scalar, value.clone(), text.len()));
        self.place(value, 0, at)
    }

    fn open(&mut self, body: Body, anchor: usize, at: Marker) -> Step {
        if self.key_slot().is_some() {
            return Err(self.error(at, "a map or list as a key (template text?)"));
        }
        if self.stack.len() >= self.whole.depth {
            return Err(self.too_deep(at));
        }
        let (nodes_left, bytes_left) = (self.left.nodes, self.left.bytes);
        self.spend(1, 0, at)?;
        self.stack.push(Frame { body, anchor, height: 0, nodes_left, bytes_left });
        if self.stack.len() == 1 {
            self.root = Some((Value::Null, self.line(at)));
        }
        Ok(())
    }

    fn close(&mut self, at: Marker) -> Step {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.body {
            Body::List(items) => Value::Array(items),
            Body::Map { entries, .. } => Value::Object(entries),
        };
        let height = frame.height + 1;
        if frame.anchor != 0 {
            let nodes = frame.nodes_left - self.left.nodes;
            let bytes = frame.bytes_left - self.left.bytes;
            let node = Node { value: value.clone(), scalar: None, height, nodes, bytes };
            self.spend(nodes, bytes, at)?;
            self.anchors.insert(frame.anchor, node);
        }
        self.place(value, height, at)
    }

    fn alias(&mut self, id: usize, at: Marker) -> Step {
        let Some(node) = self.anchors.get(&id) else {
            return Err(self.error(at, "an alias inside what it stands for"));
        };
        let (nodes, bytes, height, scalar) = (node.nodes, node.bytes, node.height, node.scalar.clone());
        self.spend(nodes, bytes, at)?;
        if self.stack.len() + height > self.whole.depth {
            return Err(self.too_deep(at));
        }
        if self.key_slot().is_some() {
            let scalar = scalar.ok_or_else(|| self.error(at, "a map or list as a key"))?;
            return self.key(scalar, at);
        }
        if let Some(Body::Map { pending: Some(Pending::Merge), .. }) = self.stack.last().map(|frame| &frame.body)
            && self.anchors.get(&id).is_some_and(|node| node.value.is_array())
        {
            return Err(self.error(at, "<< takes a list of maps only where it is written out"));
        }
        let value = match scalar {
            Some(scalar) => scalar::to_json(scalar).map_err(|what| self.error(at, what))?,
            None => self.anchors.get(&id).map(|node| node.value.clone()).unwrap_or_default(),
        };
        self.place(value, height, at)
    }

    /// Keeps what an anchor names; the copy is paid for like any other.
    fn remember(&mut self, anchor: usize, node: impl FnOnce() -> Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, node());
        }
    }

    /// The place of the next key, where a key is what comes next.
    fn key_slot(&mut self) -> Option<&mut Option<Pending>> {
        match self.stack.last_mut().map(|frame| &mut frame.body) {
            Some(Body::Map { pending, .. }) if pending.is_none() => Some(pending),
            _ => None,
        }
    }

    fn key(&mut self, scalar: Scalar, at: Marker) -> Step {
        let key = scalar::to_key(scalar).map_err(|what| self.error(at, what))?;
        let last_wins = !self.without.has(Rule::DuplicateKeys);
        let Some(Body::Map { entries, merged, pending }) = self.stack.last_mut().map(|frame| &mut frame.body) else {
            return Ok(());
        };
        let twice = entries.contains_key(&key) && !merged.remove(&key);
        *pending = Some(Pending::Key(key));
        if twice && !last_wins { Err(self.error(at, "a duplicate key")) } else { Ok(()) }
    }

    fn place(&mut self, value: Value, height: usize, at: Marker) -> Step {
        let line = self.line(at);
        let Some(frame) = self.stack.last_mut() else {
            let line = self.root.take().map_or(line, |(_, opened)| opened);
            self.root = Some((value, line));
            return Ok(());
        };
        frame.height = frame.height.max(height);
        let fits = match &mut frame.body {
            Body::List(items) => {
                items.push(value);
                true
            }
            Body::Map { entries, merged, pending } => match pending.take() {
                Some(Pending::Merge) => merge(entries, merged, value),
                Some(Pending::Key(key)) => {
                    entries.insert(key, value);
                    true
                }
                None => false,
            },
        };
        if fits { Ok(()) } else { Err(self.error(at, "<< takes a map or a list of maps")) }
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: Marker) -> Step {
        let (Some(nodes), Some(bytes)) = (self.left.nodes.checked_sub(nodes), self.left.bytes.checked_sub(bytes))
        else {
            self.spent = true;
            let Budget { nodes, bytes, .. } = *self.whole;
            return Err(self.error(at, &format!("more than {nodes} values or {bytes} bytes, aliases followed")));
        };
        (self.left.nodes, self.left.bytes) = (nodes, bytes);
        Ok(())
    }

    fn too_deep(&self, at: Marker) -> YamlError {
        self.error(at, &format!("nested deeper than {}", self.whole.depth))
    }

    fn line(&self, at: Marker) -> u32 {
        split::add(self.first_line, at.line().saturating_sub(1))
    }

    fn error(&self, at: Marker, what: &str) -> YamlError {
        YamlError::new(self.line(at), split::add(1, at.col()), what)
    }

    fn syntax(&self, error: &granit_parser::ScanError) -> YamlError {
        let what = fault::words(error.kind(), self.whole.depth);
        self.error(*error.marker(), &what)
    }
}

impl Node {
    fn of_scalar(scalar: Scalar, value: Value, bytes: usize) -> Self {
        Self { value, scalar: Some(scalar), height: 0, nodes: 1, bytes }
    }
}

/// Go writes a merge over what stands before it, and lets what follows write over the merge; in a list the earlier
/// map wins. False = not maps.
fn merge(entries: &mut Map<String, Value>, merged: &mut BTreeSet<String>, value: Value) -> bool {
    let maps = match value {
        Value::Object(map) => vec![map],
        Value::Array(items) => {
            let maps: Option<Vec<_>> =
                items.into_iter().map(|item| if let Value::Object(map) = item { Some(map) } else { None }).collect();
            let Some(maps) = maps else { return false };
            maps
        }
        _ => return false,
    };
    for (key, value) in maps.into_iter().rev().flatten() {
        if entries.insert(key.clone(), value).is_none() {
            merged.insert(key);
        }
    }
    true
}

fn tag_name(tag: &granit_parser::Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

fn known(tag: Option<&str>) -> Tag {
    let Some(tag) = tag else { return Tag::None };
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("binary") => Tag::Binary,
        Some("timestamp") => Tag::Timestamp,
        None if tag == "!" => Tag::Str,
        _ => Tag::Other,
    }
}
