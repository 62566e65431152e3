//! Random structures in random spellings, and texts that are nearly YAML. Owns the strategies.

use proptest::prelude::*;

use crate::corpus::{double, single};

/// What is spelled: scalars are plain texts that may mean anything.
#[derive(Clone, Debug)]
pub enum Node {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A structure and choices for its spelling.
pub fn text() -> impl Strategy<Value = String> {
    (node(), prop::collection::vec(any::<u8>(), 1..64))
        .prop_map(|(node, choices)| Speller::new(choices).document(&node))
}

/// A spelling with a few faults in it.
pub fn broken() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..EDITS, any::<prop::sample::Index>()), 1..4);
    (text(), edits).prop_map(|(text, edits)| {
        edits.into_iter().fold(text, |text, (at, edit, mark)| edited(&text, at, edit, MARKS[mark.index(MARKS.len())]))
    })
}

const EDITS: u8 = 6;

const MARKS: &[&str] = &[
    ":", ": ", "-", "- ", "? ", "#", " #", "&a ", "*a", "*a ", "!", "!!str ", "!x ", "|", ">", "'", "\"", "%", "@",
    "`", "[", "]", "{", "}", ",", ", ", "\n", "\n  ", "\n\n", "  ", " ", "\t", "\r\n", "---\n", "\n---\n", "\\", "~",
    "y", "0", "_", ".", "e9", "<<: ", "=", "\u{feff}", "é", "x",
];

fn edited(text: &str, at: prop::sample::Index, edit: u8, mark: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = *at.get(&places);
    let (before, after) = text.split_at(at);
    let mut rest = after.chars();
    let first = rest.next().map(String::from).unwrap_or_default();
    match edit {
        0 => format!("{before}{}", rest.as_str()),
        1 => format!("{before}{mark}{}", rest.as_str()),
        2 => format!("{before}{first}{first}{}", rest.as_str()),
        3 => before.to_owned(),
        _ => format!("{before}{mark}{after}"),
    }
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = scalar().prop_map(Node::Scalar);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            prop::collection::vec((scalar(), inner), 0..4).prop_map(Node::Map),
        ]
    })
    .prop_filter("a document is a map or a list", |node| !matches!(node, Node::Scalar(_)))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        2 => "[-+]?[0-9_]{1,6}",
        2 => "[-+]?0[xXbBoO]?[0-9a-f_]{0,5}",
        2 => "[-+]?[0-9_]{0,3}\\.[0-9_]{0,3}([eE][-+]?[0-9]{1,3})?",
        1 => "[-+]?\\.(inf|Inf|nan|NaN)",
        2 => "(y|Y|yes|Yes|on|On|off|OFF|no|n|N|true|TRUE|null|Null|~|=|<<)",
        1 => "[0-9]{1,4}[-:][0-9]{1,2}([-:][0-9]{1,2})?",
        1 => "[ -~]{0,10}",
        1 => "[ a\n\t#:é\u{a0}-]{0,8}",
        1 => any::<i128>().prop_map(|n| n.to_string()),
        1 => any::<f64>().prop_map(|f| f.to_string()),
        1 => any::<f64>().prop_map(|f| format!("{f:e}")),
    ]
}

/// Spells by choices that begin anew when they are used up.
struct Speller {
    choices: Vec<u8>,
    next: usize,
    keys: usize,
}

impl Speller {
    fn new(choices: Vec<u8>) -> Self {
        Self { choices, next: 0, keys: 0 }
    }

    fn choose(&mut self, of: u8) -> u8 {
        self.next += 1;
        // The count of rounds keeps a short list of choices from always meeting the same questions.
        self.choices[self.next % self.choices.len()]
            .wrapping_add(u8::try_from(self.next / self.choices.len() % 256).unwrap_or(0))
            % of
    }

    fn document(&mut self, node: &Node) -> String {
        let head = ["", "", "---\n", "# words\n", "\u{feff}", "--- # words\n"][usize::from(self.choose(6))];
        let body = if self.choose(4) == 0 { self.flow(node) + "\n" } else { self.block(node, 0) };
        let text = format!("{head}{}", body.trim_start_matches('\n'));
        if self.choose(8) == 0 { text.replace('\n', "\r\n") } else { text }
    }

    /// A node in block style, from a new line on, so many columns to the right.
    fn block(&mut self, node: &Node, indent: usize) -> String {
        let pad = " ".repeat(indent);
        match node {
            Node::Map(entries) if !entries.is_empty() => {
                let mut out = String::new();
                for (key, value) in entries {
                    let key = self.key(key, false);
                    let words = if self.choose(9) == 0 { " # words" } else { "" };
                    let spelled = match value {
                        Node::Scalar(text) => format!("\n{pad}{key}:{}", self.scalar(text, indent, words)),
                        _ if self.choose(4) == 0 => format!("\n{pad}{key}: {}{words}", self.flow(value)),
                        Node::List(items) if !items.is_empty() && self.choose(2) == 0 => {
                            format!("\n{pad}{key}:{words}{}", self.block(value, indent))
                        }
                        _ => {
                            let further = indent + 1 + usize::from(self.choose(3));
                            format!("\n{pad}{key}:{words}{}", self.block(value, further))
                        }
                    };
                    out.push_str(&spelled);
                }
                out
            }
            Node::List(items) if !items.is_empty() => {
                let mut out = String::new();
                for item in items {
                    let spelled = match item {
                        Node::Scalar(text) => format!("\n{pad}-{}", self.scalar(text, indent, "")),
                        _ if self.choose(3) == 0 => format!("\n{pad}- {}", self.flow(item)),
                        _ if self.choose(2) == 0 => format!("\n{pad}-{}", self.block(item, indent + 2)),
                        _ => {
                            let inner = self.block(item, indent + 2);
                            format!("\n{pad}- {}", inner.trim_start_matches(['\n', ' ']))
                        }
                    };
                    out.push_str(&spelled);
                }
                out
            }
            other => format!("\n{pad}{}", self.flow(other)),
        }
    }

    /// A value after a colon or a dash, with what separates it.
    fn scalar(&mut self, text: &str, indent: usize, words: &str) -> String {
        let pad = " ".repeat(indent + 1 + usize::from(self.choose(3)));
        let fits = !text.is_empty() && !text.starts_with([' ', '\t', '\n']) && !text.contains("\n\t");
        let lines = || text.split('\n').map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n");
        match self.choose(8) {
            0 if fits => format!(" |-{words}\n{}", lines()),
            1 if fits => format!(" >{words}\n{}", lines()),
            2 if fits => format!(" |+{words}\n{}\n", lines()),
            3 => format!(" {}{words}", double_lines(text)),
            4 if !text.contains('\n') => format!(" {}{words}", single(text)),
            5 => format!("\n{pad}{}{words}", self.inline(text, false)),
            6 => format!(" {}{}{words}", self.tag(), self.inline(text, false)),
            _ => format!(" {}{words}", self.inline(text, false)),
        }
    }

    fn tag(&mut self) -> &'static str {
        ["!!str ", "!!str ", "!x ", "! ", "!!int ", "!!float ", "!!bool ", "!!null "][usize::from(self.choose(8))]
    }

    fn key(&mut self, text: &str, flow: bool) -> String {
        // Keys that are the same are a class of their own, in the corpus.
        self.keys += 1;
        let text = if self.choose(2) == 0 { format!("{text}{}", self.keys) } else { format!("k{}{text}", self.keys) };
        self.inline(&text, flow)
    }

    fn inline(&mut self, text: &str, flow: bool) -> String {
        let choice = self.choose(4);
        if choice > 1 && is_plain(text, flow) {
            text.to_owned()
        } else if choice.is_multiple_of(2) && !text.contains('\n') {
            single(text)
        } else {
            double_lines(text)
        }
    }

    fn flow(&mut self, node: &Node) -> String {
        let space = ["", " ", "\n   ", " "][usize::from(self.choose(4))];
        match node {
            Node::Scalar(text) => self.inline(text, true),
            Node::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(&format!(",{space}")))
            }
            Node::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.key(key, true), self.flow(value)))
                    .collect();
                format!("{{{}}}", entries.join(&format!(", {space}")))
            }
        }
    }
}

fn double_lines(text: &str) -> String {
    double(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn is_plain(text: &str, flow: bool) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "+-._/=~<>@$é ".contains(c) || (!flow && c == '?');
    let first = text.chars().next();
    first.is_some_and(|c| {
        c.is_ascii_alphanumeric() || "+._~=<".contains(c) || (c == '-' && text.len() > 1 && !text.starts_with("- "))
    }) && text.chars().all(inner)
        && !text.ends_with(' ')
        && !text.starts_with("---")
        && !text.starts_with("...")
}
