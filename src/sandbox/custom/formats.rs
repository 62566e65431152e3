//! The formats that a schema may ask of a text or number, as kube-openapi's registry checks them.
//!
//! Refuses those that no definition uses: `isbn`, `creditcard`, `ssn` and `rgbcolor` are taken as they come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a text is of a format; a format that nobody knows takes everything.
pub(super) fn takes(format: &str, text: &str) -> bool {
    match format {
        "bsonobjectid" => text.len() == 24 && is_hex(text),
        "byte" => is_base64(text),
        "cidr" => is_cidr(text),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok(),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hexcolor" => matches!(text.trim_start_matches('#').len(), 3 | 6) && is_hex(text.trim_start_matches('#')),
        "hostname" => text.len() <= 255 && text.split('.').all(is_label),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "k8s-long-name" => text.len() <= 253 && text.split('.').all(is_name),
        "k8s-short-name" => is_name(text),
        "mac" => is_mac(text),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        _ => true,
    }
}

/// Whether a number fits into its format.
pub(super) fn fits(format: &str, number: &serde_json::Number) -> bool {
    match format {
        "int32" => number.as_i64().is_none_or(|own| i32::try_from(own).is_ok()),
        "float" => number.as_f64().is_none_or(|own| own.abs() <= f64::from(f32::MAX)),
        _ => true,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    !text.is_empty() && base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// A DNS label as Kubernetes names things.
fn is_name(text: &str) -> bool {
    is_label(text) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_email(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && text.rsplit_once('@').is_some_and(|(who, place)| !who.is_empty() && !who.contains('@') && !place.is_empty())
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    matches!(parts.len(), 6 | 8 | 20) && parts.iter().all(|part| part.len() == 2 && is_hex(part))
}

/// An absolute path, or something behind a scheme.
fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    });
    (scheme || text.starts_with('/')) && !text.chars().any(|c| c == ' ' || c.is_control())
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let bare: String = text.chars().filter(|c| *c != '-').collect();
    let dashes = text.match_indices('-').all(|(at, _)| matches!(at, 8 | 13 | 18 | 23) || text.len() < 36);
    bare.len() == 32
        && is_hex(&bare)
        && dashes
        && version.is_none_or(|version| bare.chars().nth(12) == Some(version))
        && (version.is_none_or(|version| version == '3') || bare.chars().nth(16).is_some_and(|c| "89abAB".contains(c)))
}

/// `1h30m`, `3 w`, `2 days`: amounts with units, never a bare number.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 28] = [
        "d",
        "day",
        "days",
        "h",
        "hour",
        "hours",
        "hr",
        "m",
        "micros",
        "microsecond",
        "microseconds",
        "millis",
        "millisecond",
        "milliseconds",
        "min",
        "mins",
        "minute",
        "minutes",
        "ms",
        "nanosecond",
        "nanoseconds",
        "ns",
        "s",
        "sec",
        "second",
        "seconds",
        "us",
        "w",
    ];
    let mut rest = text.trim().trim_start_matches(['+', '-']);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let behind = rest[digits..].trim_start();
        let letters = behind.len() - behind.trim_start_matches(char::is_alphabetic).len();
        let unit = behind[..letters].to_lowercase();
        let known =
            UNITS.contains(&unit.as_str()) || matches!(unit.as_str(), "µs" | "week" | "weeks" | "wk" | "hrs" | "secs");
        if digits == 0 || !known {
            return false;
        }
        rest = behind[letters..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What kube-apiserver 1.36.3 said of each.
    #[test]
    fn each_format_takes_what_the_real_server_takes() {
        let table = [
            ("date", "2020-12-01", true),
            ("date", "2020-13-01", false),
            ("email", "x", false),
            ("email", "a@b", true),
            ("ipv4", "::1", false),
            ("ipv6", "1.2.3.4", false),
            ("ipv6", "::1", true),
            ("cidr", "10.0.0.0/8", true),
            ("cidr", "10.0.0.0", false),
            ("uri", "", false),
            ("uri", "a", false),
            ("uri", "x y", false),
            ("uri", "http://x", true),
            ("hostname", "a_b", false),
            ("hostname", "-x", false),
            ("hostname", "", false),
            ("hostname", "a.example", true),
            ("uuid", "A987FBC9-4BED-3078-CF07-9141BA07C9F3", true),
            ("uuid", "x", false),
            ("uuid4", "A987FBC9-4BED-3078-CF07-9141BA07C9F3", false),
            ("byte", "", false),
            ("byte", "YQ", false),
            ("byte", "YQ==", true),
            ("mac", "x", false),
            ("mac", "00:00:5e:00:53:01", true),
            ("duration", "3 w", true),
            ("duration", "1h30m", true),
            ("duration", "5", false),
            ("duration", "x", false),
            ("hexcolor", "x", false),
            ("k8s-short-name", "X_", false),
            ("k8s-long-name", "a.b-c", true),
            ("password", "x", true),
            ("nobody-knows-it", "x", true),
        ];
        for (format, text, good) in table {
            assert_eq!(takes(format, text), good, "{format} of {text:?}");
        }
    }
}
