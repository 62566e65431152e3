//! Names, keys and values of metadata, and the sentences said of bad ones. Refuses to know where they stand.

/// DNS subdomain (RFC 1123).
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
    and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/// DNS label (RFC 1123).
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
    start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
    an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
    validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn is_label(part: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(part.chars().next())
        && edge(part.chars().last())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What is wrong with a DNS subdomain.
pub(in super::super) fn subdomain(name: &str) -> Option<&'static str> {
    match name.len() {
        254.. => Some("must be no more than 253 characters"),
        _ => (!name.split('.').all(is_label)).then_some(SUBDOMAIN),
    }
}

/// What is wrong with a DNS label.
pub(in super::super) fn label(name: &str) -> Option<&'static str> {
    match name.len() {
        64.. => Some("must be no more than 63 characters"),
        _ => (!is_label(name)).then_some(LABEL),
    }
}

fn is_plain(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// What is wrong with a key of labels or annotations.
pub(in super::super) fn key(key: &str) -> Option<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        ["", _] => return Some("prefix part must be non-empty".to_owned()),
        [prefix, name] => match subdomain(prefix) {
            Some(why) => return Some(format!("prefix part {why}")),
            None => name,
        },
        _ => {
            let why = QUALIFIED.replacen("name part", "a qualified name", 1);
            return Some(format!("{why} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"));
        }
    };
    match name.len() {
        0 => Some("name part must be non-empty".to_owned()),
        1..=63 if is_plain(name) => None,
        1..=63 => Some(QUALIFIED.to_owned()),
        _ => Some("name part must be no more than 63 bytes".to_owned()),
    }
}

/// What is wrong with a label's value.
pub(in super::super) fn value(value: &str) -> Option<&'static str> {
    match value.len() {
        0 => None,
        1..=63 => (!is_plain(value)).then_some(VALUE),
        _ => Some("must be no more than 63 bytes"),
    }
}
