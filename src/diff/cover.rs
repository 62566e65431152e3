//! What is to be hidden in an object: the walk over it, the patterns of rules, and Secrets inside other things.

use serde_json::{Map, Value};

use super::mask;
use crate::model::{FieldPath, Step};

/// What is done with a hidden value, beside the other side's.
pub(super) type Hit<'h> = &'h mut dyn FnMut(&mut Value, Option<&Value>);

/// One walk over an object.
pub(super) struct Cover<'c> {
    /// The object is a Secret.
    pub secret: bool,
    /// Values that are hidden wherever they stand.
    pub held: &'c [String],
    /// Called for every hidden leaf; lists are one.
    pub hit: Hit<'c>,
}

impl Cover<'_> {
    /// Walks on at `path`; `rules` are the rests of the patterns that have led here, an empty one hides all below.
    pub fn below(&mut self, value: &mut Value, other: Option<&Value>, rules: &[&[Step]], path: &mut FieldPath) {
        let inside = rules.iter().any(|rule| rule.is_empty());
        let hidden = inside || (self.secret && mask::is_hidden(path));
        match value {
            Value::Object(map) => {
                let nested = is_nested(map);
                for (key, child) in map.iter_mut() {
                    path.0.push(Step::Key(key.as_str().into()));
                    let mut next = onward(rules, |want| fits(want, &Step::Key(key.as_str().into())));
                    if inside || nested && is_data(key) {
                        next.push(&[]);
                    }
                    self.below(child, other.and_then(|other| other.get(key)), &next, path);
                    path.0.pop();
                }
            }
            Value::Array(items) if !hidden => {
                let list = Value::Array(items.clone());
                for (n, item) in items.iter_mut().enumerate() {
                    let own = list.get(n).unwrap_or(&Value::Null);
                    let next = onward(rules, |want| fits_item(want, &list, own));
                    path.0.push(Step::Index(n));
                    let twin = other.and_then(|other| twin(other, n, item));
                    self.below(item, twin, &next, path);
                    path.0.pop();
                }
            }
            leaf => {
                if hidden || (self.secret && quotes(leaf, self.held)) || holds_secret(leaf) {
                    (self.hit)(leaf, other);
                }
            }
        }
    }
}

/// The rests of the patterns whose first step fits.
fn onward<'r>(rules: &[&'r [Step]], fits: impl Fn(&Step) -> bool) -> Vec<&'r [Step]> {
    rules.iter().filter_map(|rule| rule.split_first()).filter(|(want, _)| fits(want)).map(|(_, rest)| rest).collect()
}

/// The item of the other list that is the same: by name, else by place.
fn twin<'o>(other: &'o Value, n: usize, item: &Value) -> Option<&'o Value> {
    let name = item.get("name");
    let named = |other: &&Value| name.is_some() && other.get("name") == name;
    other.as_array()?.iter().find(named).or_else(|| other.get(n))
}

/// Whether a pattern's step fits a step of a path.
pub(super) fn fits(want: &Step, step: &Step) -> bool {
    match (want, step) {
        (Step::Key(want), Step::Key(key)) => wild(want, key),
        (Step::Key(want), _) => &**want == "*",
        (Step::Item(want), Step::Item(keys)) => {
            let has = |(key, want): &(_, Value)| keys.iter().any(|(name, value)| name == key && is_value(want, value));
            want.iter().all(has)
        }
        (Step::Member(want), Step::Member(member)) => is_value(want, member),
        _ => want == step,
    }
}

/// Whether a pattern's step fits an item of a list.
pub(super) fn fits_item(want: &Step, list: &Value, item: &Value) -> bool {
    match want {
        Step::Key(want) => &**want == "*" && list.is_array(),
        Step::Index(n) => list.get(n) == Some(item),
        Step::Item(keys) => keys.iter().all(|(key, want)| item.get(&**key).is_some_and(|has| is_value(want, has))),
        Step::Member(want) => is_value(want, item),
    }
}

/// As in ignore rules: a text may hold `*`.
fn is_value(want: &Value, value: &Value) -> bool {
    want == value || want.as_str().zip(value.as_str()).is_some_and(|(want, text)| wild(want, text))
}

/// Whether a pattern ends somewhere in a value.
pub(super) fn reaches(rule: &[Step], value: &Value) -> bool {
    let Some((want, rest)) = rule.split_first() else { return true };
    match value {
        Value::Object(map) => {
            map.iter().any(|(key, child)| fits(want, &Step::Key(key.as_str().into())) && reaches(rest, child))
        }
        Value::Array(items) => items.iter().any(|item| fits_item(want, value, item) && reaches(rest, item)),
        _ => false,
    }
}

/// `*` stands for any text, also in the middle of a word; `?` for one character.
pub(super) fn wild(pattern: &str, text: &str) -> bool {
    // To compile a glob costs more than to judge a small object.
    if pattern == "*" || pattern == text || !pattern.contains(['*', '?', '[', '{', '\\']) {
        return pattern == "*" || pattern == text;
    }
    globset::Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(text))
}

/// The fields of a Secret that hold its values.
pub(super) fn is_data(key: &str) -> bool {
    matches!(key, "data" | "stringData")
}

/// Whether a map is a Secret that another object carries (`items` of a List, a template, a policy that generates one).
pub(super) fn is_nested(map: &Map<String, Value>) -> bool {
    map.get("kind").and_then(Value::as_str).is_some_and(mask::is_secret) && map.keys().any(|key| is_data(key))
}

/// Whether a value holds a Secret: as an object in it, or written out in a text.
pub(super) fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Object(map) => is_nested(map) || map.values().any(holds_secret),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::String(text) => writes_secret(text),
        _ => false,
    }
}

/// Whether a text has a manifest of a Secret in it, as JSON (once or twice quoted) or YAML: a `kind` that is one, and
/// somewhere its data.
fn writes_secret(text: &str) -> bool {
    if !text.contains("kind") || !(text.contains("data") || text.contains("stringData")) {
        return false;
    }
    text.match_indices("kind").any(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['"', '\'', '\\', ' ', '\t']);
        let Some(rest) = rest.strip_prefix(':') else { return false };
        let kind = rest.trim_start_matches(['"', '\'', '\\', ' ', '\t']);
        let end = kind.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(kind.len());
        mask::is_secret(&kind[..end])
    })
}

/// Whether a value quotes one of these.
pub(super) fn quotes(value: &Value, held: &[String]) -> bool {
    match value {
        Value::Object(map) => map.values().any(|value| quotes(value, held)),
        Value::Array(items) => items.iter().any(|item| quotes(item, held)),
        Value::String(text) => held.iter().any(|value| text.contains(value.as_str())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_in_the_value_of_an_items_key_stands_for_any_text() {
        let rule = "spec.containers[name=app-*].token".parse::<FieldPath>().expect("a path").0;
        let step = "a[name=app-1]".parse::<FieldPath>().expect("a path").0;
        assert!(fits(&rule[2], &step[1]), "as in ignore rules: else a value that a rule names would be told");
        let object = json!({"spec": {"containers": [{"name": "app-1", "token": "x"}]}});
        assert!(reaches(&rule, &object), "in a list that no schema knows, too");
        let other = json!({"spec": {"containers": [{"name": "db", "token": "x"}]}});
        assert!(!reaches(&rule, &other));
    }
}
