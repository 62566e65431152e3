//! The JSON paths of printer columns: keys, places in lists, and one filter on equality. Refuses the rest of that language.

use serde_json::Value;

/// The first value that a path such as `.status.conditions[?(@.type=="Ready")].status` finds.
pub(super) fn first<'v>(path: &str, object: &'v Value) -> Option<&'v Value> {
    let path = path.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
    walk(path, object)
}

fn walk<'v>(path: &str, at: &'v Value) -> Option<&'v Value> {
    let path = path.trim_start_matches('.');
    if path.is_empty() {
        return Some(at);
    }
    if let Some(rest) = path.strip_prefix('[') {
        let (inner, rest) = rest.split_once(']').filter(|(inner, _)| !inner.contains("?(")).or_else(|| {
            let (inner, rest) = rest.split_once(")]")?;
            Some((inner, rest))
        })?;
        return items(inner, rest, at);
    }
    let end = key_end(path);
    let key = path[..end].replace("\\.", ".");
    walk(&path[end..], at.get(&key)?)
}

/// Where a key ends: at a dot that is not escaped, or at a bracket.
fn key_end(path: &str) -> usize {
    let mut escaped = false;
    for (n, c) in path.char_indices() {
        match c {
            '\\' => escaped = true,
            '.' if !escaped => return n,
            '[' => return n,
            _ => escaped = false,
        }
    }
    path.len()
}

fn items<'v>(inner: &str, rest: &str, at: &'v Value) -> Option<&'v Value> {
    if let Some(filter) = inner.strip_prefix("?(") {
        let filter = filter.trim_end_matches(')');
        let (left, right) = filter.split_once("==")?;
        let left = left.trim().trim_start_matches('@');
        let wanted = right.trim().trim_matches(|c| c == '"' || c == '\'');
        let fits = |item: &&Value| walk(left, item).and_then(Value::as_str) == Some(wanted);
        return at.as_array()?.iter().filter(fits).find_map(|item| walk(rest, item));
    }
    let key = inner.trim_matches(|c| c == '"' || c == '\'');
    if key != inner {
        return walk(rest, at.get(key)?);
    }
    if inner == "*" {
        return at.as_array()?.iter().find_map(|item| walk(rest, item));
    }
    walk(rest, at.get(inner.parse::<usize>().ok()?)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_find_keys_places_and_filtered_items() {
        let object = json!({
            "a": {"b.c": 1, "list": [1, 2]}, "conditions": [{"type": "X"}, {"type": "Ready", "status": "True"}],
        });
        for (path, found) in [
            (".a.list[1]", json!(2)),
            (".a.b\\.c", json!(1)),
            (".a['b.c']", json!(1)),
            (".conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".conditions[*].type", json!("X")),
            ("{.a.list[0]}", json!(1)),
        ] {
            assert_eq!(first(path, &object), Some(&found), "{path}");
        }
        assert_eq!(first(".a.none", &object), None);
    }
}
