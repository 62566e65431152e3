//! Short sentences at the bottom, six seconds each.

use std::time::Duration;

use crate::model::Foreign;

use super::App;
use super::status::Role;

const LASTS: Duration = Duration::from_secs(6);

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub role: Role,
    pub text: Foreign,
    until: Duration,
}

/// The sentences that are still up, newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toasts(Vec<Toast>);

impl Toasts {
    /// The newest.
    pub fn newest(&self) -> Option<&Toast> {
        self.0.last()
    }

    /// When the next one goes.
    pub fn wake(&self) -> Option<Duration> {
        self.0.iter().map(|toast| toast.until).min()
    }

    /// Drops what has been up long enough.
    pub fn expire(&mut self, now: Duration) {
        self.0.retain(|toast| toast.until > now);
    }
}

impl App {
    /// Says something that went as meant.
    pub(super) fn say(&mut self, role: Role, text: impl Into<Foreign>) {
        let until = self.uptime() + LASTS;
        self.toasts.0.push(Toast { role, text: text.into(), until });
        if self.toasts.0.len() > 5 {
            self.toasts.0.remove(0);
        }
    }
}
