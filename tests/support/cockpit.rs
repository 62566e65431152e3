//! The cockpit without terminal and engine: keys in, frames out; questions are answered from the hand-made fleet.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::app::{App, Effect, Key, Msg, Setup};
use driftdeck::model::*;
use driftdeck::tui::{Depth, Look, ThemeName, ViewState, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::{answers, fleet};

/// Every screen and dialog, by the keys that lead there from the fleet.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("fleet", ""),
    ("fleet_filter", "/status:dri cluster:prod-*"),
    ("fleet_wrong_filter", "/statsu:x"),
    ("app", "<Enter>"),
    ("app_object", "<Enter>jjjjjjj"),
    ("diff", "d"),
    ("diff_who", "bn"),
    ("diff_hidden", "dhG"),
    ("ignore", "dI"),
    ("ignore_wide", "dI<→><→><Tab><→>noise"),
    ("history", "tjjj"),
    ("plan", "s"),
    ("plan_token", "spay"),
    ("run", "gs"),
    ("revert", "tjjjR"),
    ("revert_pin", "tjjjR<Tab><Tab><→>"),
    ("pause", "p"),
    ("pin", "P"),
    ("unlock", "U"),
    ("clusters", "7"),
    ("errors", "6"),
    ("activity", "5"),
    ("help", "?"),
    ("help_search", "?rev"),
    ("command", ":go pay"),
    ("copy", "c"),
    ("toast", "r"),
];

pub fn ascii() -> Look {
    Look::new(ThemeName::System, Depth::None, true)
}

pub struct Cockpit {
    pub app: App,
    pub look: Look,
    pub gate: Gate,
    pub orders: Vec<Order>,
    /// Diffs come without an object.
    pub nothing_differs: bool,
    /// Every plan comes like this.
    pub planned: Option<Plan>,
    state: ViewState,
    fleet: Fleet,
    now: Now,
    size: (u16, u16),
    plan: Option<Ticket>,
    fingerprint: &'static str,
}

impl Cockpit {
    pub fn new(width: u16, height: u16) -> Self {
        let needs = vec![Need::AppName(fleet::id("payments", "prod-eu")), Need::Unlock];
        let mut cockpit = Self {
            app: App::new(Setup { demo: true, ..Setup::default() }),
            look: Look::new(ThemeName::System, Depth::Sixteen, false),
            gate: answers::gate(Level::L3, needs),
            orders: Vec::new(),
            nothing_differs: false,
            planned: None,
            state: ViewState::default(),
            fleet: fleet::fleet(),
            now: fleet::now(),
            size: (width, height),
            plan: None,
            fingerprint: "7f2c",
        };
        cockpit.tell(Msg::Tick(cockpit.now));
        cockpit.tell(Msg::Resize(width, height));
        cockpit.publish();
        cockpit.tell(Msg::Key("/".parse().expect("a key")));
        for c in "payments".chars() {
            cockpit.tell(Msg::Key(Key::char(c)));
        }
        cockpit.script("<Enter>");
        cockpit.script("/<Ctrl-u><Enter>");
        cockpit.wait(3000);
        cockpit
    }

    /// `<Enter>` and the like are keys by name, everything else is typed.
    pub fn script(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let end = rest.find('>').filter(|_| c == '<').map_or(c.len_utf8(), |at| at + 1);
            self.key(&rest[..end]);
            rest = &rest[end..];
        }
    }

    pub fn key(&mut self, name: &str) {
        let bare = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name);
        let key = if bare == " " { Key::char(' ') } else { bare.parse().expect("a key") };
        self.press(key);
    }

    pub fn press(&mut self, key: Key) {
        self.tell(Msg::Key(key));
    }

    pub fn wait(&mut self, ms: u64) {
        for step in [1, ms] {
            self.now.since_start += Duration::from_millis(step);
            self.tell(Msg::Tick(self.now));
        }
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.tell(Msg::Resize(width, height));
    }

    pub fn read_only(&mut self) {
        self.fleet.read_only = true;
        self.publish();
    }

    /// The sync of the first run failed at its first object.
    pub fn fail_the_run(&mut self, why: &str) {
        let run = Arc::make_mut(&mut self.fleet.runs[0]);
        run.state = RunState::Ended(Outcome::Failed);
        (run.steps[0].state, run.steps[0].note) = (StepState::Failed, Some(why.into()));
        self.publish();
    }

    pub fn mend(&mut self, name: &str) {
        for row in &mut self.fleet.apps {
            if &*row.id.name == name {
                let row = Arc::make_mut(row);
                (row.verdict, row.reason) = (Verdict::Synced, None);
            }
        }
        self.publish();
    }

    pub fn operate(&mut self, name: &str) {
        for row in &mut self.fleet.clusters {
            if row.name.as_str() == name {
                Arc::make_mut(row).mode = Mode::Operate;
            }
        }
        self.publish();
    }

    /// The cockpit as it opens: no key was pressed, and the first picture is not the last.
    pub fn opening(width: u16, height: u16) -> Self {
        let mut cockpit = Self::new(width, height);
        cockpit.start(Setup { demo: true, ..Setup::default() });
        cockpit
    }

    /// Opens it anew, set up otherwise.
    pub fn start(&mut self, setup: Setup) {
        self.app = App::new(setup);
        self.tell(Msg::Tick(self.now));
        self.tell(Msg::Resize(self.size.0, self.size.1));
        self.publish();
    }

    pub fn alter(&mut self, name: &str, change: impl Fn(&mut AppRow)) {
        let rows = self.fleet.apps.iter_mut().filter(|row| &*row.id.name == name);
        rows.for_each(|row| change(Arc::make_mut(row)));
        self.publish();
    }

    /// The same app on another cluster.
    pub fn twin(&mut self, name: &str, on: &str) {
        let found = self.fleet.apps.iter().find(|row| &*row.id.name == name).expect("an app");
        self.fleet.apps.push(Arc::new(AppRow { id: fleet::id(name, on), ..(**found).clone() }));
        self.publish();
    }

    pub fn worsen(&mut self, name: &str) {
        for row in &mut self.fleet.apps {
            if &*row.id.name == name {
                Arc::make_mut(row).verdict = Verdict::Invalid;
            }
        }
        self.publish();
    }

    pub fn end_run(&mut self, what: &'static str) {
        let id = self.orders.last().expect("an order was sent").id;
        let run = fleet::run(id.0, RunState::Ended(Outcome::Done));
        self.fleet.runs.push(Arc::new(RunRow { what, ..run }));
        self.publish();
    }

    /// An empty diff under a ticket that is not the newest.
    pub fn late_answer(&mut self) {
        let query = Query::DiffOf { app: fleet::id("payments", "prod-eu"), key: None, rev: None };
        let empty = DiffView { objects: Vec::new(), ..answers::diff() };
        self.tell(Msg::View(View { ticket: Ticket(0), query, body: ViewBody::Diff(Arc::new(empty)) }));
    }

    pub fn move_plan(&mut self) {
        self.fingerprint = "beef";
        let ticket = self.plan.expect("a plan was asked for");
        let query = Query::PlanFor { app: fleet::id("payments", "prod-eu"), rev: None };
        self.answer(ticket, query);
    }

    pub fn selected(&mut self) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.starts_with('>')).unwrap_or_default();
        line.split_whitespace().skip(3).take(2).collect::<Vec<_>>().join(" ")
    }

    fn publish(&mut self) {
        self.fleet.version += 1;
        self.tell(Msg::Fleet(Arc::new(self.fleet.clone())));
    }

    fn tell(&mut self, msg: Msg) {
        for effect in self.app.update(msg) {
            match effect {
                Effect::Ask(ticket, query) => self.answer(ticket, query),
                Effect::Submit(order) => self.orders.push(order),
                _ => {}
            }
        }
    }

    fn answer(&mut self, ticket: Ticket, query: Query) {
        let body = match &query {
            Query::DiffOf { .. } if self.nothing_differs => {
                ViewBody::Diff(Arc::new(DiffView { objects: Vec::new(), ..answers::diff() }))
            }
            Query::DiffOf { .. } => ViewBody::Diff(Arc::new(answers::diff())),
            Query::HistoryOf { .. } => ViewBody::History(Arc::new(answers::history())),
            Query::PlanFor { .. } => {
                self.plan = Some(ticket);
                let mut view = answers::plan_view(self.gate.clone());
                view.plan = self.planned.clone().unwrap_or(view.plan);
                view.plan.fingerprint = Fingerprint(self.fingerprint.into());
                ViewBody::Plan(Arc::new(view))
            }
            Query::PreviewRevert { to, mode, .. } => {
                let rows = answers::history().rows;
                let commit = rows.into_iter().map(|row| row.commit).find(|commit| commit.id == *to).expect("listed");
                ViewBody::Revert(Arc::new(answers::preview(commit, *mode)))
            }
            Query::GateOf { .. } => ViewBody::Gate(Arc::new(self.gate.clone())),
        };
        self.tell(Msg::View(View { ticket, query, body }));
    }

    pub fn frame(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        draw(&self.app, &mut self.state, &self.look, &mut buffer);
        buffer
    }

    pub fn text(&mut self) -> String {
        text_of(&self.frame())
    }

    /// The text, and below it a letter per cell for its style.
    pub fn picture(&mut self) -> String {
        let buffer = self.frame();
        let mut styles: Vec<(Color, Modifier)> = vec![(Color::Reset, Modifier::empty())];
        let mut map = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                let style = (cell.fg, cell.modifier);
                let at = styles.iter().position(|other| *other == style).unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
                line.push(char::from(b'`' + u8::try_from(at).expect("few styles")));
            }
            let _ = writeln!(map, "{}", line.trim_end_matches('`').replace('`', "."));
        }
        let legend = styles.iter().enumerate().skip(1).map(|(at, (color, modifier))| {
            format!("{} = {color} {modifier:?}\n", char::from(b'`' + u8::try_from(at).expect("few styles")))
        });
        format!("{}\n{map}\n{}", text_of(&buffer), legend.collect::<String>())
    }
}

fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
            }
            skip = if skip > 0 { skip - 1 } else { unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1) };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
