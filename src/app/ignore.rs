//! The rule that `I` offers for the finding under the cursor: the narrowest first, and what else it would match.

use crate::model::{AppId, DiffMark, Effect, FieldPath, Finding, Fleet, Foreign, IgnoreRule, ResourceKey, Step};

use super::App;
use super::hold::Hold;
use super::screen::Screen;
use super::status::Role;

/// How much a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// This field of this object, as long as that manager wrote it.
    Writer,
    /// This field of this object.
    Field,
    /// This field of every object of the kind in the app.
    Kind,
}

/// What a rule matches: where, which object, which field.
pub type Match<'f> = (&'f AppId, &'f ResourceKey, &'f Finding);

/// A rule in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose.
    pub app: AppId,
    /// The object.
    pub key: ResourceKey,
    /// The finding's place.
    pub path: FieldPath,
    /// Who wrote the live value, if known.
    pub manager: Option<Foreign>,
    /// What it does: a place in [`Effect::ALL`].
    pub effect: usize,
    /// The chosen one of [`Draft::widths`].
    pub width: usize,
}

impl Draft {
    fn new(app: AppId, key: ResourceKey, finding: &Finding) -> Self {
        let named = finding.by.as_ref().filter(|by| by.is_named() && !by.manager.raw().is_empty());
        let manager = named.map(|by| by.manager.clone());
        Self { app, key, path: finding.path.clone(), manager, effect: 0, width: 0 }
    }

    /// What may be chosen, the narrowest first.
    pub fn widths(&self) -> &'static [Width] {
        if self.path.0.is_empty() {
            return &[Width::Field];
        }
        let all = &[Width::Writer, Width::Field, Width::Kind];
        if self.manager.is_some() { all } else { &[Width::Field, Width::Kind] }
    }

    /// The chosen width.
    pub fn wide(&self) -> Width {
        self.widths().get(self.width).copied().unwrap_or(Width::Field)
    }

    /// The chosen effect.
    pub fn effect(&self) -> Effect {
        Effect::ALL.get(self.effect).copied().unwrap_or_default()
    }

    /// Moves one of the choices on, or back.
    pub fn choose(&mut self, effect: bool, on: bool) {
        let last = if effect { Effect::ALL.len() } else { self.widths().len() } - 1;
        let at = if effect { &mut self.effect } else { &mut self.width };
        *at = if on { (*at + 1).min(last) } else { at.saturating_sub(1) };
    }

    /// The rule as chosen.
    pub fn rule(&self, reason: &str) -> IgnoreRule {
        let wide = self.wide();
        let manager = self.manager.as_ref().filter(|_| wide == Width::Writer);
        IgnoreRule {
            place: "".into(),
            kind: Some(self.key.kind.kind.to_string()),
            name: (wide != Width::Kind).then(|| globset::escape(&self.key.name)),
            namespace: None,
            path: Some(self.path.clone()).filter(|path| !path.0.is_empty()),
            manager: manager.map(|manager| globset::escape(manager.raw())),
            effect: self.effect(),
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        }
    }

    /// What the rule matches of what differs now, at all destinations of the app.
    pub fn matched<'f>(&self, fleet: &'f Fleet) -> Vec<Match<'f>> {
        let rule = self.rule("");
        let mut found = Vec::new();
        for row in fleet.apps.iter().filter(|row| row.id.name == self.app.name) {
            for object in &row.resources {
                let matches = object.findings.iter().filter(|finding| rule.matches(&object.key, finding));
                found.extend(matches.map(|finding| (&row.id, &object.key, finding)));
            }
        }
        found
    }

    /// Whether that is the finding it was made for.
    pub fn is_own(&self, (app, key, finding): &Match) -> bool {
        **app == self.app && **key == self.key && finding.path == self.path
    }
}

/// Whether a rule made of a path would match more than that path.
fn has_star(path: &FieldPath) -> bool {
    path.0.iter().any(|step| match step {
        Step::Key(key) => key.contains('*'),
        Step::Item(keys) => keys.iter().any(|(_, value)| holds_star(value)),
        Step::Member(value) => holds_star(value),
        Step::Index(_) => false,
    })
}

fn holds_star(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('*'))
}

impl App {
    /// Opens the dialog for the finding under the cursor.
    pub(super) fn open_ignore(&mut self) {
        match self.finding_here() {
            Ok((app, key, finding)) => self.open_hold(Hold::Ignore(Box::new(Draft::new(app, key, &finding)))),
            Err(why) => self.say(Role::Dim, why),
        }
    }

    fn finding_here(&self) -> Result<(AppId, ResourceKey, Finding), &'static str> {
        const NONE: &str = "no change under the cursor: n goes to the next one";
        let Some(Screen::Diff(screen)) = self.stack.last() else { return Err("open the object's diff first: d") };
        if screen.rev.is_some() {
            return Err("this diff is to another commit: ignore from the diff to the desired one");
        }
        let (object, line) = screen.here().ok_or(NONE)?;
        let row = self.fleet.app(&screen.app).and_then(|row| super::tree::object(row, &object.key)).ok_or(NONE)?;
        let line = line.and_then(|line| object.lines.get(line));
        if line.is_some_and(|line| line.mark == DiffMark::Ignored) {
            return Err("a rule hides this already");
        }
        let whole = || row.findings.iter().find(|finding| finding.path.0.is_empty());
        let found = line.and_then(|line| line.finding).and_then(|at| row.findings.get(at)).or_else(whole);
        let finding = found.ok_or(NONE)?;
        if has_star(&finding.path) {
            return Err("its path holds a `*`, which a rule would take for any text: write the rule by hand");
        }
        Ok((screen.app.clone(), object.key.clone(), finding.clone()))
    }

    /// Why no rule may be kept from here.
    pub(super) fn cannot_ignore(&self) -> Option<String> {
        self.fleet.read_only.then(|| "read-only: driftdeck was started with --read-only".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_star_makes_no_rule_that_would_hide_its_neighbours() {
        for (path, star) in [
            ("spec.replicas", false),
            ("spec.hostnames[=\"*.example.com\"]", true),
            ("spec.rules[host=\"*.example.com\"].http", true),
            ("spec.free[\"a*\"]", true),
        ] {
            let path: FieldPath = path.parse().expect("a path");
            assert_eq!(has_star(&path), star, "{path}");
        }
    }
}
