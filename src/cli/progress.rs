//! What a run tells while it goes: each object once per change, on stderr; and how it ended.

use std::collections::BTreeMap;

use super::planned::act;
use super::screen::Screen;
use crate::model::{Foreign, Outcome, ResourceKey, RunRow, RunState, RunStep, Shown, StepState};

/// What was told so far.
#[derive(Default)]
pub struct Told {
    steps: BTreeMap<ResourceKey, (StepState, Option<Foreign>)>,
    note: Option<Foreign>,
}

impl Told {
    /// Tells what changed since the last time.
    pub fn tell(&mut self, run: &RunRow, screen: &mut Screen) {
        for step in &run.steps {
            let now = (step.state, step.note.clone());
            if step.state != StepState::Queued && self.steps.get(&step.key) != Some(&now) {
                screen.say(&line(run, step));
                self.steps.insert(step.key.clone(), now);
            }
        }
        match run.state {
            RunState::Ended(outcome) => screen.say(&ending(run, outcome)),
            RunState::Running | RunState::Aborting => self.note(run, screen),
        }
    }

    fn note(&mut self, run: &RunRow, screen: &mut Screen) {
        if run.note.is_some() && run.note != self.note {
            self.note.clone_from(&run.note);
            if let Some(note) = &run.note {
                screen.say_foreign(&format!("{}: ", run.app), note);
            }
        }
    }
}

fn line(run: &RunRow, step: &RunStep) -> String {
    let note = step.note.as_ref().map(|note| format!(": {}", Shown::from(note))).unwrap_or_default();
    let object = Shown::from(&step.key.label());
    format!("{}: wave {} {} {object}: {}{note}", run.app, step.wave, act(step.act), word(step.state))
}

/// The word of a step.
fn word(state: StepState) -> &'static str {
    match state {
        StepState::Queued => "queued",
        StepState::Running => "running",
        StepState::Applied => "applied",
        StepState::Done => "done",
        StepState::Failed => "failed",
        StepState::Skipped => "skipped",
    }
}

fn ending(run: &RunRow, outcome: Outcome) -> String {
    let word = match outcome {
        Outcome::Done => "done",
        Outcome::Nothing => "nothing to do",
        Outcome::Partly => "partly done",
        Outcome::Failed => "failed",
        Outcome::Aborted => "stopped",
        Outcome::Refused => "refused",
    };
    let note = run.note.as_ref().map(|note| format!(": {}", Shown::from(note))).unwrap_or_default();
    format!("{}: {} {word}{note}", run.app, run.what)
}
