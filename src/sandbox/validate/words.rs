//! What labels and containers may be called (apimachinery `validation.IsQualifiedName`, `IsValidLabelValue`).

use serde_json::Value;

use super::super::failure::Cause;

const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                     must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                     regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                     and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation \
                     is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const TOO_LONG: &str = "must be no more than 63 bytes";

fn is_word(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    inner && edge(text.chars().next()) && edge(text.chars().last())
}

/// Keys and values of `metadata.labels`.
pub(super) fn labels(body: &Value, causes: &mut Vec<Cause>) {
    for (key, value) in body["metadata"]["labels"].as_object().into_iter().flatten() {
        let name = key.rsplit('/').next().unwrap_or(key);
        if !is_word(name) {
            causes.push(Cause::invalid("metadata.labels", &key.as_str().into(), NAME));
        }
        let text = value.as_str().unwrap_or_default();
        if text.len() > 63 {
            causes.push(Cause::invalid("metadata.labels", value, TOO_LONG));
        } else if !text.is_empty() && !is_word(text) {
            causes.push(Cause::invalid("metadata.labels", value, VALUE));
        }
    }
}

/// A container's name.
pub(super) fn container(name: &str, at: &str, causes: &mut Vec<Cause>) {
    let inner = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let edges = !name.starts_with('-') && !name.ends_with('-');
    let fits = inner && edges;
    if !name.is_empty() && !fits {
        causes.push(Cause::invalid(&format!("{at}.name"), &name.into(), LABEL));
    }
}
