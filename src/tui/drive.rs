//! The loop: input, pictures, answers and time in; frames, questions and orders out. It draws late: messages are drained first,
//! then one frame is shown, at most sixty a second, fewer on a slow line.

use std::collections::BTreeSet;
use std::io::{self, Stdout};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{Event, EventStream};
use crossterm::execute;
use futures::{FutureExt, StreamExt};
use ratatui::buffer::Buffer;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::app::{App, Effect, Msg, Setup};
use crate::model::AppId;

use super::frame::{ViewState, draw};
use super::screen::Painter;
use super::terminal::{Guard, install_panic_hook};
use super::theme::Look;
use super::{Exit, Feed, Link, TuiError, input};

const FRAME: Duration = Duration::from_millis(16);
const SLOW_WRITE: Duration = Duration::from_millis(30);
/// How often the terminal is asked whether it is still there; asking writes nothing.
const PULSE: Duration = Duration::from_secs(1);

/// Runs the cockpit until the operator, a signal, or a dead terminal ends it.
///
/// # Errors
/// [`TuiError::Terminal`] when the terminal cannot be taken or written to.
pub async fn run(link: impl Link, feed: Feed, setup: Setup, look: Look) -> Result<Exit, TuiError> {
    install_panic_hook();
    let guard = Guard::enter()?;
    let (width, height) = crossterm::terminal::size()?;
    let mut driver = Driver {
        link,
        app: App::new(setup),
        state: ViewState::default(),
        painter: Painter::new(io::stdout(), width, height),
        look,
        guard: Some(guard),
        dirty: true,
        exit: None,
        drawn: None,
        shown: BTreeSet::new(),
        slow: 0,
    };
    driver.tell(Msg::Resize(width, height));
    driver.turn(feed).await
}

struct Driver<L: Link> {
    link: L,
    app: App,
    state: ViewState,
    painter: Painter<Stdout>,
    look: Look,
    guard: Option<Guard>,
    dirty: bool,
    exit: Option<Exit>,
    drawn: Option<Instant>,
    shown: BTreeSet<AppId>,
    slow: u32,
}

struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    async fn any(&mut self) -> Exit {
        tokio::select! {
            _ = self.term.recv() => Exit::Terminated,
            _ = self.hup.recv() => Exit::HungUp,
            _ = self.int.recv() => Exit::Interrupted,
        }
    }
}

impl<L: Link> Driver<L> {
    async fn turn(&mut self, mut feed: Feed) -> Result<Exit, TuiError> {
        let mut events = EventStream::new();
        let mut signals = Signals::new()?;
        let has_pulse = is_alive();
        let first = feed.fleet.borrow_and_update().clone();
        if first.version > 0 || !first.apps.is_empty() {
            self.tell(Msg::Fleet(first));
        }
        loop {
            if let Some(exit) = self.exit {
                return Ok(exit);
            }
            if self.dirty && self.drawn.is_none_or(|drawn| drawn.elapsed() >= self.frame_time()) {
                self.show()?;
            }
            let deadline = self.deadline();
            tokio::select! {
                biased;
                exit = signals.any() => self.exit = Some(exit),
                event = events.next() => self.take(event, &mut events),
                changed = feed.fleet.changed() => match changed {
                    Ok(()) => { let fleet = feed.fleet.borrow_and_update().clone(); self.tell(Msg::Fleet(fleet)); }
                    Err(_) => self.exit = Some(Exit::Quit),
                },
                Some(view) = feed.views.recv() => self.tell(Msg::View(view)),
                () = tokio::time::sleep_until(deadline) => self.wake(has_pulse),
            }
        }
    }

    /// Takes an event and all that wait behind it, so that a paste of a thousand keys is few frames.
    fn take(&mut self, event: Option<io::Result<Event>>, events: &mut EventStream) {
        let mut next = event;
        let mut resized = None;
        loop {
            match next {
                Some(Ok(Event::Resize(width, height))) => resized = Some((width, height)),
                Some(Ok(event)) => {
                    for msg in input::messages(event) {
                        self.tell(msg);
                    }
                }
                Some(Err(_)) | None => self.exit = Some(Exit::HungUp),
            }
            match events.next().now_or_never() {
                Some(more) if self.exit.is_none() => next = more,
                _ => break,
            }
        }
        if let Some((width, height)) = resized {
            self.painter.anew(width, height);
            self.tell(Msg::Resize(width, height));
        }
    }

    fn tell(&mut self, msg: Msg) {
        let now = self.link.now();
        let mut effects = self.app.update(Msg::Tick(now));
        effects.extend(self.app.update(msg));
        self.dirty = true;
        for effect in effects {
            self.obey(effect);
        }
        let shown = self.app.shown();
        if shown != self.shown {
            self.link.show(shown.clone());
            self.shown = shown;
        }
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(ticket, query) => self.link.ask(ticket, query),
            Effect::Submit(order) => self.link.order(order),
            Effect::Copy(text) => {
                let _ = execute!(self.painter.out(), CopyToClipboard::to_clipboard_from(text));
            }
            Effect::Quit => self.exit = Some(Exit::Quit),
            Effect::Suspend => self.suspend(),
            Effect::Redraw => self.redraw(),
        }
    }

    /// Gives the terminal back and stops, as Ctrl-z does in any program; takes it again when continued.
    fn suspend(&mut self) {
        self.guard = None;
        let pid = std::process::id().to_string();
        let _ = std::process::Command::new("kill").args(["-TSTP", &pid]).status();
        match Guard::enter() {
            Ok(guard) => self.guard = Some(guard),
            Err(_) => self.exit = Some(Exit::HungUp),
        }
        self.redraw();
    }

    fn redraw(&mut self) {
        let (width, height) =
            crossterm::terminal::size().unwrap_or((self.painter.area().width, self.painter.area().height));
        self.painter.anew(width, height);
        self.dirty = true;
    }

    fn show(&mut self) -> Result<(), TuiError> {
        let began = Instant::now();
        let mut buffer = Buffer::empty(self.painter.area());
        let cursor = draw(&self.app, &mut self.state, &self.look, &mut buffer);
        let drawn = Instant::now();
        self.painter.show(buffer, cursor)?;
        self.slow = if drawn.elapsed() > SLOW_WRITE { (self.slow + 1).min(4) } else { self.slow.saturating_sub(1) };
        self.drawn = Some(began);
        self.dirty = false;
        Ok(())
    }

    fn frame_time(&self) -> Duration {
        match self.slow {
            0 | 1 => FRAME,
            2 | 3 => Duration::from_millis(50),
            _ => Duration::from_millis(100),
        }
    }

    /// The next moment at which something is to be done unasked.
    fn deadline(&self) -> Instant {
        let now = self.link.now();
        let ahead = |at: Duration| Instant::now() + at.saturating_sub(now.since_start);
        let wake = self.app.wake().map(ahead);
        let frame = self.drawn.filter(|_| self.dirty).map(|drawn| drawn + self.frame_time());
        let pulse = Instant::now() + PULSE;
        [wake, frame, Some(pulse)].into_iter().flatten().min().unwrap_or(pulse)
    }

    /// Time has passed: tell the app where it wanted to be told, or where a minute has turned.
    fn wake(&mut self, has_pulse: bool) {
        if has_pulse && !is_alive() {
            self.exit = Some(Exit::HungUp);
        }
        let now = self.link.now();
        let due = self.app.wake().is_some_and(|at| now.since_start >= at);
        let minute = now.wall.as_second() % 60 < 2;
        let effects = self.app.update(Msg::Tick(now));
        self.dirty |= due || minute;
        for effect in effects {
            self.obey(effect);
        }
    }
}

/// Whether the terminal still answers: a closed one refuses to tell its size (crossterm#793: reading it would spin).
fn is_alive() -> bool {
    crossterm::terminal::window_size().is_ok()
}
