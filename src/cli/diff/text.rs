//! A diff as text: `-` is what a sync takes away, `+` what it puts there, `~` what is live beside git and stays; behind a
//! live line who wrote it.

use std::fmt::Write as _;

use crate::cli::screen::Colour;
use crate::model::{Attribution, Declared, DiffLine, DiffMark, DiffObject, DiffView, Foreign, Shown, Verdict};

/// The whole of it; nothing when nothing differs.
#[must_use]
pub fn unified(view: &DiffView, colour: Colour) -> String {
    let differs = |one: &&DiffObject| one.verdict != Verdict::Synced || one.stat != (0, 0);
    view.objects.iter().filter(differs).map(|one| object(view, one, colour)).collect()
}

fn object(view: &DiffView, object: &DiffObject, colour: Colour) -> String {
    let place = match &*object.key.namespace {
        "" => object.key.label(),
        namespace => Foreign::new(format!("{namespace}/{}", object.key.label().raw())),
    };
    let head = format!("{} {} {}", view.app, Shown::from(&place), object.verdict.word());
    let mut out = format!("{}\n", colour.bold(&head));
    if let Some(effect) = &object.effect {
        let _ = writeln!(out, "{}", colour.dim(&format!("# a sync: {}", Shown::from(effect))));
    }
    let _ = writeln!(out, "{}", colour.live(&format!("--- live on {}", view.app.cluster)));
    let _ = writeln!(out, "{}", colour.git(&format!("+++ git {}", view.commit.id.short())));
    let mut last = None;
    for one in &object.lines {
        let who = one.who.as_ref().filter(|who| last != Some(*who));
        out.push_str(&line(one, who, colour));
        last = one.who.as_ref();
    }
    out.push('\n');
    out
}

fn line(line: &DiffLine, who: Option<&Attribution>, colour: Colour) -> String {
    let text = Shown::from(&line.text);
    let declared = line.declared.as_ref().map(|declared| from(declared));
    let stays = if line.mark == DiffMark::Stays { "stays: " } else { "" };
    let who = who
        .map(|who| format!("{stays}{}", by(who)))
        .or(declared)
        .map(|words| colour.dim(&format!("  # {words}")))
        .unwrap_or_default();
    match line.mark {
        DiffMark::Context => format!(" {text}\n"),
        DiffMark::Live => format!("{}{who}\n", colour.live(&format!("-{text}"))),
        DiffMark::Git => format!("{}{who}\n", colour.git(&format!("+{text}"))),
        DiffMark::Stays => format!("{}{who}\n", colour.stays(&format!("~{text}"))),
        DiffMark::Fold(count) => format!("{}\n", colour.dim(&format!("@@ {count} equal lines @@"))),
        DiffMark::Ignored => format!("{}\n", colour.dim(&format!("!{text}  # hidden by a rule"))),
    }
}

/// Which program, and when as far as known: never more sure than the trace is.
fn by(who: &Attribution) -> String {
    use crate::model::Precision;
    let subresource = who.subresource.as_ref().map(|name| format!("/{}", Shown::from(name))).unwrap_or_default();
    let when = match (who.time, who.after, who.precision) {
        (Some(time), Some(after), _) => format!(" between {after:.0} and {time:.0}"),
        (Some(time), None, Precision::Seen) => format!(" at {time:.0}"),
        (Some(time), None, Precision::Bound) => format!(" not later than {time:.0}"),
        (_, _, Precision::Unknown) | (None, ..) => ", when is not known".to_owned(),
    };
    format!("{}{subresource}{when}", Shown::from(&who.manager))
}

/// The commit that last touched the line of git's value, and the line.
fn from(declared: &Declared) -> String {
    let (name, file) = (declared.name(), &declared.file);
    format!("{} {}, {}:{}", declared.commit.short(), Shown::from(&name), Shown::from(file), declared.line)
}
