//! The guard: raw mode, the alternate screen, bracketed paste; given back on every way out, a panic included.
//!
//! A panic of the loop gives the terminal back at once. A panic elsewhere, of a task that has its own watcher, does not:
//! the screen goes on, and the report follows when the terminal is given back.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Reports kept at most: whoever panics without end has said enough.
const KEPT: usize = 8;

/// Reports of panics elsewhere while the terminal is ours; `None` while it is not.
static ELSEWHERE: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// While it lives the terminal is ours.
#[derive(Debug)]
pub struct Guard {
    _private: (),
}

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none, or it refuses.
    pub fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        let guard = Self { _private: () };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        keep(|kept| *kept = Some(Vec::new()));
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
        for report in keep(Option::take).into_iter().flatten() {
            let _ = writeln!(io::stderr(), "{report}");
        }
    }
}

/// Gives the terminal back as it was; what fails here has nobody left to hear it.
fn restore() {
    let mut out = io::stdout();
    let _ = execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Restores the terminal before a panic of this thread is reported, so that the report can be read; keeps what panics
/// elsewhere off the screen.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        let ours = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() != ours && kept(info) {
                return;
            }
            restore();
            before(info);
        }));
    });
}

/// Keeps a report for later, where the terminal is ours now.
fn kept(info: &std::panic::PanicHookInfo<'_>) -> bool {
    tracing::error!(at = info.location().map(ToString::to_string), "a task panicked");
    keep(|kept| {
        let is_ours = kept.is_some();
        if let Some(reports) = kept.as_mut().filter(|reports| reports.len() < KEPT) {
            reports.push(info.to_string());
        }
        is_ours
    })
}

fn keep<T>(change: impl FnOnce(&mut Option<Vec<String>>) -> T) -> T {
    change(&mut ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner))
}
