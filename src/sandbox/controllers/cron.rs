//! The five fields of a schedule, in UTC: when a time comes next. Refuses `@every`, seconds and time zones.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far ahead is looked, in days: a leap day comes within eight years.
const HORIZON: usize = 8 * 366;

/// Minutes, hours, days, months, days of the week, each as a set of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Neither days nor weekdays are left open: either of them will do, as in cron.
    either: bool,
}

impl Schedule {
    /// Reads `0 5 * * 1` or `@daily`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = parts.as_slice() else { return None };
        let open = |part: &str| part.starts_with(['*', '?']);
        let week = field(weekdays, (0, 7), &["sun", "mon", "tue", "wed", "thu", "fri", "sat"])?;
        Some(Self {
            minutes: field(minutes, (0, 59), &[])?,
            hours: field(hours, (0, 23), &[])?,
            days: field(days, (1, 31), &[])?,
            months: field(months, (1, 12), &MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: (week | week >> 7) & 0x7f,
            either: !open(days) && !open(weekdays),
        })
    }

    /// The first moment after `from` that it names.
    pub(super) fn after(&self, from: Timestamp) -> Option<Timestamp> {
        let start = from.checked_add(SignedDuration::from_mins(1)).ok()?;
        let start = TimeZone::UTC.to_datetime(start).with().second(0).subsec_nanosecond(0).build().ok()?;
        let mut day = start.date();
        for n in 0..HORIZON {
            if self.takes(day)
                && let Some(at) = self.within(day.at(0, 0, 0, 0), if n == 0 { start } else { day.at(0, 0, 0, 0) })
            {
                return TimeZone::UTC.to_timestamp(at).ok();
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// `first` and the moments after it, up to `end`.
    pub(super) fn times(&self, first: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(Some(first), |at| self.after(*at)).take_while(move |at| *at <= end)
    }

    fn takes(&self, day: jiff::civil::Date) -> bool {
        let has = |set: u64, at: i8| set >> at & 1 == 1;
        let (by_day, by_week) = (has(self.days, day.day()), has(self.weekdays, day.weekday().to_sunday_zero_offset()));
        has(self.months, day.month()) && if self.either { by_day || by_week } else { by_day && by_week }
    }

    fn within(&self, midnight: DateTime, from: DateTime) -> Option<DateTime> {
        let hours = (from.hour()..24).filter(|hour| self.hours >> hour & 1 == 1);
        let mut found = hours.filter_map(|hour| {
            let first = if hour == from.hour() { from.minute() } else { 0 };
            let minute = (first..60).find(|minute| self.minutes >> minute & 1 == 1)?;
            Some(midnight.date().at(hour, minute, 0, 0))
        });
        found.next()
    }
}

const MONTHS: [&str; 13] = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// `*`, `*/5`, `1-5`, `1-10/2`, `mon,fri`.
fn field(text: &str, (low, high): (u32, u32), names: &[&str]) -> Option<u64> {
    let number = |word: &str| {
        let by_name = names.iter().position(|name| name.eq_ignore_ascii_case(word) && !word.is_empty());
        let read = by_name.and_then(|at| u32::try_from(at).ok()).or_else(|| word.parse().ok())?;
        (low..=high).contains(&read).then_some(read)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step: usize = step.map_or(Some(1), |step| step.parse().ok()).filter(|step| *step > 0)?;
        let (first, last) = match range {
            "*" | "?" => (low, high),
            one => match one.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None if part.contains('/') => (number(one)?, high),
                None => (number(one)?, number(one)?),
            },
        };
        set |= (first..=last).step_by(step).fold(0_u64, |set, at| set | 1 << at);
    }
    (set != 0).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_is_the_first_that_all_fields_name() {
        let table = [
            ("*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"),
            ("0 5 * * 1", "2026-01-01T00:00:00Z", "2026-01-05T05:00:00Z"),
            ("30 2 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T02:30:00Z"),
            ("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("@daily", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("15,45 9-17/4 * jan-mar MON-FRI", "2026-01-02T17:45:00Z", "2026-01-05T09:15:00Z"),
            ("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
        ];
        for (text, from, next) in table {
            let schedule = Schedule::parse(text).unwrap_or_else(|| panic!("{text}"));
            let found = schedule.after(from.parse().expect("a time")).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(next), "{text} after {from}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        for text in ["", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "@every 5m", "x * * * *", "5-1 * * * *"] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
        let never = Schedule::parse("0 0 30 2 *").expect("well-formed");
        assert_eq!(never.after(Timestamp::UNIX_EPOCH), None, "the 30th of February does not come");
    }
}
