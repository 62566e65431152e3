//! The copy menu: what is copied is exact, foreign characters included; the toast says what it was.

use crate::model::{DiffMark, DiffObject};

use super::App;
use super::Effect;
use super::action::Action;
use super::screen::Screen;
use super::status::Role;

/// Why there is no line for kubectl.
pub(super) const NOT_SERVED: &str = "nothing is open to kubectl: driftdeck demo --serve opens the sample clusters";

impl App {
    /// Copies what the action names; says why where there is none.
    pub(super) fn copy(&mut self, action: Action) {
        self.overlay = None;
        match self.copied(action) {
            Ok((what, text)) => {
                self.say(Role::Ok, format!("copied {what}"));
                self.emit(Effect::Copy(text));
            }
            Err(why) => self.say(Role::Dim, why),
        }
    }

    fn copied(&self, action: Action) -> Result<(String, String), String> {
        match action {
            Action::CopyName => self.name_here().map(|name| (format!("the name {name}"), name)),
            Action::CopySha => self.sha_here().map(|sha| (format!("the commit {sha}"), sha)),
            Action::CopyDiff => self.diff_here().map(|object| ("the diff".to_owned(), text_of(object, true))),
            Action::CopyYaml => self.diff_here().map(|object| ("the live side".to_owned(), text_of(object, false))),
            Action::CopyKubectl => {
                let way = self.setup.kubectl.as_ref().ok_or_else(|| NOT_SERVED.to_owned())?;
                Ok(("the line for kubectl".to_owned(), way.line.raw().to_owned()))
            }
            _ => Ok(("the command".to_owned(), self.command_here())),
        }
    }

    fn name_here(&self) -> Result<String, String> {
        if let Some(key) = self.object() {
            return Ok(key.name.to_string());
        }
        self.subject().map(|id| id.name.to_string()).ok_or_else(|| "nothing is selected".to_owned())
    }

    fn sha_here(&self) -> Result<String, String> {
        if let Some(Screen::History(screen)) = self.stack.last()
            && let Some(row) = screen.here()
        {
            return Ok(row.commit.id.as_str().to_owned());
        }
        let id = self.subject().ok_or("nothing is selected")?;
        let desired = self.fleet.app(&id).and_then(|row| row.desired.as_ref());
        desired.map(|commit| commit.id.as_str().to_owned()).ok_or_else(|| format!("{id} has no commit yet"))
    }

    fn diff_here(&self) -> Result<&DiffObject, String> {
        match self.stack.last() {
            Some(Screen::Diff(screen)) => screen.here().map(|(object, _)| object).ok_or("nothing differs".to_owned()),
            _ => Err("open the diff first (d)".to_owned()),
        }
    }
}

/// An object's diff as text, or its live side alone.
fn text_of(object: &DiffObject, both: bool) -> String {
    let mut text = String::new();
    for line in &object.lines {
        let sign = match line.mark {
            DiffMark::Context | DiffMark::Ignored => ' ',
            DiffMark::Live => '-',
            DiffMark::Stays => '~',
            DiffMark::Git if both => '+',
            DiffMark::Git => continue,
            DiffMark::Fold(_) => '#',
        };
        if both || sign == '#' {
            text.push(sign);
        }
        if let DiffMark::Fold(count) = line.mark {
            text.push_str(&count.to_string());
            text.push_str(" equal lines");
        }
        text.push_str(line.text.raw());
        text.push('\n');
    }
    text
}
