//! Ages as kubectl prints them (apimachinery `duration.HumanDuration`).

use jiff::Timestamp;
use serde_json::Value;

/// Since an object was made; `<unknown>` where it does not say.
pub(super) fn of(object: &Value, now: Timestamp) -> String {
    since(object.pointer("/metadata/creationTimestamp").and_then(Value::as_str).unwrap_or_default(), now)
}

/// Since a moment in RFC 3339.
pub(super) fn since(at: &str, now: Timestamp) -> String {
    at.parse::<Timestamp>().map_or_else(|_| "<unknown>".to_owned(), |at| human(now.as_second() - at.as_second()))
}

/// Seconds in at most two units, coarser with length.
pub(super) fn human(seconds: i64) -> String {
    let two = |big: i64, sign: &str, small: i64, unit: &str| {
        if small == 0 { format!("{big}{sign}") } else { format!("{big}{sign}{small}{unit}") }
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_printed_as_kubectl_prints_them() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (12_000, "3h20m"),
            (86_400, "24h"),
            (180_000, "2d2h"),
            (864_000, "10d"),
            (66_000_000, "2y33d"),
            (315_360_000, "10y"),
        ] {
            assert_eq!(human(seconds), text, "{seconds} s");
        }
    }
}
