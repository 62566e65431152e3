//! Ages and clock times as screens say them: to the minute, so that nothing ticks by itself.

use jiff::{SignedDuration, Timestamp};

use crate::app::App;

/// `now`, `4m`, `2h`, `3d`; an age in the future is `now`.
pub fn span(age: SignedDuration) -> String {
    let minutes = age.as_mins();
    match minutes {
        ..1 => "now".to_owned(),
        1..60 => format!("{minutes}m"),
        60..1440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

/// `0:18` for a run's seconds.
pub fn seconds(age: SignedDuration) -> String {
    let seconds = age.as_secs().max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

impl App {
    /// How long ago, in one word; empty before the first tick.
    pub(super) fn age(&self, time: Option<Timestamp>) -> String {
        match (self.now, time) {
            (Some(now), Some(time)) => span(now.wall.duration_since(time)),
            _ => String::new(),
        }
    }

    /// How long ago, in words: `4 min ago`; from a week on the date.
    pub(super) fn ago(&self, time: Timestamp) -> String {
        let Some(now) = self.now else { return self.clock(time) };
        let minutes = now.wall.duration_since(time).as_mins().max(0);
        match minutes {
            0 => "just now".to_owned(),
            1..60 => format!("{minutes} min ago"),
            60..1440 => format!("{} h ago", minutes / 60),
            1440..10_080 => format!("{} d ago", minutes / 1440),
            _ => self.clock(time),
        }
    }

    /// `10:02–10:07`; over midnight the first day alone: `19 Nov–10:07`.
    pub(super) fn between(&self, after: Timestamp, time: Timestamp) -> String {
        let (from, until) = (after.to_zoned(self.setup.zone.clone()), self.clock(time));
        let same_day = from.date() == time.to_zoned(self.setup.zone.clone()).date();
        let from = if same_day { from.strftime("%H:%M").to_string() } else { from.strftime("%-d %b").to_string() };
        format!("{from}–{until}")
    }

    /// How long until then.
    pub(super) fn left(&self, time: Timestamp) -> String {
        self.now.map(|now| span(time.duration_since(now.wall))).unwrap_or_default()
    }

    /// `14:02` on the same day, else `20 Nov 16:46`.
    pub(super) fn clock(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned(self.setup.zone.clone());
        let today = self.now.map(|now| now.wall.to_zoned(self.setup.zone.clone()).date());
        if today == Some(zoned.date()) {
            zoned.strftime("%H:%M").to_string()
        } else {
            zoned.strftime("%-d %b %H:%M").to_string()
        }
    }

    /// The clock in line 1.
    pub(super) fn hour(&self) -> String {
        self.now.map(|now| now.wall.to_zoned(self.setup.zone.clone()).strftime("%H:%M").to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_one_word_and_never_negative() {
        for (minutes, word) in
            [(-5, "now"), (0, "now"), (1, "1m"), (59, "59m"), (60, "1h"), (1439, "23h"), (4320, "3d")]
        {
            assert_eq!(span(SignedDuration::from_mins(minutes)), word);
        }
    }
}
