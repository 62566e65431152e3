//! Percentages of a rolling update.

use serde_json::Value;

/// `maxSurge` or `maxUnavailable` of `total`: a number, or a percentage rounded up or down.
pub(super) fn share(value: &Value, total: usize, up: bool) -> usize {
    match value {
        Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
        Value::String(text) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or_default();
            if up { (percent * total).div_ceil(100) } else { percent * total / 100 }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down() {
        assert_eq!(share(&"25%".into(), 3, true), 1);
        assert_eq!(share(&"25%".into(), 3, false), 0);
        assert_eq!(share(&2.into(), 3, false), 2);
    }
}
