//! The `driftdeck …` command that equals what a screen is about to do.

use crate::model::{AppId, Command, PlanView, RevertMode};

use super::App;
use super::hold::SPANS;
use super::sync::PlanScreen;

/// A word as a shell takes it.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The command that equals an order; `until` is the place in [`SPANS`].
pub fn line(command: &Command, until: usize) -> String {
    let span = SPANS.get(until).filter(|(_, minutes)| minutes.is_some());
    let lasting = span.map(|(word, _)| format!(" --for {word}")).unwrap_or_default();
    let why = |reason: &str| if reason.is_empty() { String::new() } else { format!(" --reason {}", quoted(reason)) };
    // The command line always wants one.
    let must = |reason: &str| if reason.is_empty() { " --reason \"…\"".to_owned() } else { why(reason) };
    match command {
        Command::Pause { app, reason, .. } => format!("driftdeck pause {}{lasting}{}", at(app), must(reason.raw())),
        Command::Resume { app } => format!("driftdeck resume {}", at(app)),
        Command::Pin { app, commit, reason, .. } => {
            format!("driftdeck pin {} --to {}{lasting}{}", at(app), commit.short(), must(reason.raw()))
        }
        Command::Unpin { app } => format!("driftdeck unpin {}", at(app)),
        Command::Sync(order) => format!("driftdeck sync {}", at(&order.app)),
        Command::Revert(order) => {
            let mode = if order.mode == RevertMode::Pin { format!(" --mode pin{lasting}") } else { String::new() };
            format!("driftdeck revert {} --to {}{mode}{}", at(&order.app), order.to.short(), why(order.reason.raw()))
        }
        Command::Unlock { reason, .. } => format!("any writing command with --unlock {}", quoted(reason.raw())),
        Command::Refresh { .. } => "driftdeck status".to_owned(),
        Command::Abort { .. } => "Ctrl-c in the driftdeck sync that runs".to_owned(),
        Command::Lock { .. } | Command::Ignore { .. } => String::new(),
    }
}

/// The plan's command; with `--prune` once a delete is ticked.
pub fn plan_line(view: &PlanView, screen: &PlanScreen) -> String {
    let line = view.command_line.raw();
    let prunes = screen.counts()[3] > 0 && !line.contains("--prune");
    if prunes { format!("{line} --prune") } else { line.to_owned() }
}

fn at(app: &AppId) -> String {
    format!("{} -c {}", app.name, app.cluster)
}

impl App {
    /// The command for what is on screen, for the copy menu.
    pub(super) fn command_here(&self) -> String {
        use super::screen::Screen;
        let Some(id) = self.subject() else { return "driftdeck status".to_owned() };
        match self.stack.last() {
            Some(Screen::Diff(screen)) => {
                let rev = screen.rev.as_ref().map(|rev| format!(" --rev {}", rev.short())).unwrap_or_default();
                format!("driftdeck diff {}{rev}", at(&id))
            }
            Some(Screen::History(_)) => format!("driftdeck history {}", at(&id)),
            Some(Screen::Plan(screen)) => match &screen.asked.ready {
                Some(view) => plan_line(view, screen),
                None => format!("driftdeck sync {}", at(&id)),
            },
            Some(Screen::Revert(screen)) => match screen.command(jiff::Timestamp::UNIX_EPOCH) {
                Some(command) => line(&command, screen.until),
                None => format!("driftdeck revert {} --to {}", at(&id), screen.to.id.short()),
            },
            Some(Screen::Run(_)) => format!("driftdeck sync {}", at(&id)),
            _ => format!("driftdeck status {}", at(&id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_without_a_reason_shows_where_the_command_line_wants_one() {
        let app = AppId::new("web", crate::model::ClusterName::new("stage"));
        let pause = |reason: &str| line(&Command::Pause { app: app.clone(), until: None, reason: reason.into() }, 99);
        assert_eq!(pause(""), "driftdeck pause web -c stage --reason \"…\"");
        assert_eq!(pause("INC-1"), "driftdeck pause web -c stage --reason INC-1");
    }

    #[test]
    fn a_reason_cannot_break_out_of_its_quotes() {
        assert_eq!(quoted("INC-4471"), "INC-4471");
        assert_eq!(quoted("it's; rm -rf"), r"'it'\''s; rm -rf'");
    }
}
