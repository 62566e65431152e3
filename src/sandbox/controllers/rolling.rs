//! Surge and unavailability of a rolling update: numbers, or percentages of the whole.

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

/// How many pods a rollout may have more and less than asked for; where rounding leaves neither, one may be missing.
pub(super) fn bounds(rule: &Value, total: usize) -> (usize, usize) {
    let (more, less) = (share(&rule["maxSurge"], total, true), share(&rule["maxUnavailable"], total, false));
    if more == 0 && less == 0 { (0, 1) } else { (more, less) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down() {
        assert_eq!(share(&"25%".into(), 3, true), 1);
        assert_eq!(share(&"25%".into(), 3, false), 0);
        assert_eq!(share(&2.into(), 3, false), 2);
    }

    #[test]
    fn one_may_be_missing_where_rounding_leaves_nothing() {
        assert_eq!(bounds(&json!({"maxSurge": 0, "maxUnavailable": "1%"}), 2), (0, 1));
        assert_eq!(bounds(&json!({"maxSurge": "25%", "maxUnavailable": "25%"}), 2), (1, 0));
    }
}
