//! A page on the terminal: where its parts stand at every size (ux.md section 2). Draws `&App`; only offsets change.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::view::{Class, Detail, Hint, Line, Page, Panel, Stand};
use crate::app::{App, Place};

use super::paint::Canvas;
use super::table;
use super::theme::Look;

/// What drawing remembers: the first visible row per place.
#[derive(Clone, Debug, Default)]
pub struct ViewState {
    first: BTreeMap<Place, usize>,
}

/// Draws the whole screen; returns where the hardware cursor stands.
pub fn draw(app: &App, state: &mut ViewState, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    let mut canvas = Canvas { buffer, look, caret: None };
    canvas.clear(area);
    let page = app.page(Class::of(area.width));
    if area.width < 40 || area.height < 12 {
        card(&mut canvas, area, &page);
        return None;
    }
    let first = state.first.entry(app.place_below()).or_default();
    whole(&mut canvas, area, &page, first);
    if let Some(panel) = &page.panel {
        canvas.caret = None;
        lay_over(&mut canvas, area, panel);
    }
    canvas.caret
}

fn whole(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>, first: &mut usize) {
    let roomy = area.height >= 20;
    let rules = area.height >= 16;
    let mut rest = area;
    bar(canvas, take_top(&mut rest, 1), page);
    if rules {
        let rule = take_top(&mut rest, 1);
        canvas.rule(rule, &Line::new());
    }
    footer(canvas, take_bottom(&mut rest, 1), page, !roomy);
    if roomy {
        let slot = take_bottom(&mut rest, 1);
        if let Some(toast) = &page.toast {
            canvas.line(Rect { x: slot.x + 1, width: slot.width - 1, ..slot }, toast);
        }
    }
    ask(canvas, &mut rest, page, rules);
    for line in page.intro.iter().take(if roomy { 8 } else { 2 }) {
        let row = take_top(&mut rest, 1);
        canvas.line(row, line);
    }
    let main = detail(canvas, rest, page, roomy);
    list(canvas, main, page, first);
}

/// The list, and right below it what belongs to it.
fn list(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>, first: &mut usize) {
    let wanted = u16::try_from(page.after.len()).unwrap_or(u16::MAX);
    let after = if wanted == 0 { 0 } else { (wanted + 1).min(area.height / 2) };
    let used = table::draw(canvas, Rect { height: area.height - after, ..area }, &page.list, first);
    let below = Rect { y: area.y + used + 1, height: area.height.saturating_sub(used + 1), ..area };
    for (y, line) in (below.y..below.bottom()).zip(&page.after) {
        canvas.line(Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 }, line);
    }
}

/// The detail, beside the list or below it; returns what is left for the list.
fn detail(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>, roomy: bool) -> Rect {
    let Detail { title, lines, stand } = &page.detail;
    if lines.is_empty() && title.spans.is_empty() {
        return area;
    }
    if *stand == Stand::Beside && Class::of(area.width) == Class::Wide {
        return beside(canvas, area, title, lines);
    }
    if !roomy || Class::of(area.width) == Class::Narrow {
        return area;
    }
    let most = if area.width >= 110 { 9 } else { 5 };
    let needs = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1);
    let kept = most.min(area.height / 3);
    let height = match stand {
        Stand::Whole => needs.min(area.height / 2),
        // What the list leaves free is its own.
        Stand::Beside => kept.max(needs.min(area.height.saturating_sub(list_needs(page)))),
        Stand::Below => kept,
    };
    let below = Rect { y: area.bottom() - height, height, ..area };
    canvas.rule(Rect { height: 1, ..below }, title);
    let shown = usize::from(height.saturating_sub(1));
    for (at, (y, line)) in (below.y + 1..below.bottom()).zip(lines).enumerate() {
        let row = Rect { x: below.x, y, width: below.width, height: 1 };
        if *stand != Stand::Below && at + 1 == shown && lines.len() > shown {
            canvas.line(row, &Line::new().dim(format!("…{} more", lines.len() - at)));
        } else {
            canvas.line(row, line);
        }
    }
    Rect { height: area.height - height, ..area }
}

/// The rows of a list with its head and what stands below it.
fn list_needs(page: &Page<'_>) -> u16 {
    u16::try_from(page.list.len + page.after.len() + 2).unwrap_or(u16::MAX)
}

fn beside(canvas: &mut Canvas<'_>, area: Rect, title: &Line, lines: &[Line]) -> Rect {
    let left = Rect { width: area.width / 5 * 3, ..area };
    let bar = Line::new().dim("│");
    for y in area.y..area.bottom() {
        canvas.line(Rect { x: left.right(), y, width: 1, height: 1 }, &bar);
    }
    let right = Rect { x: left.right() + 2, width: area.width - left.width - 2, ..area };
    let head = title.spans.iter().fold(Line::new(), |line, span| line.strong(span.role, span.text.clone()));
    canvas.line(Rect { height: 1, ..right }, &head);
    let mut y = right.y + 1;
    for (at, line) in lines.iter().enumerate() {
        // The last row is kept for the last line, or for how much there is beyond it.
        let is_last = at + 1 == lines.len();
        let bottom = if is_last { right.bottom() } else { right.bottom() - 1 };
        if y >= bottom {
            let more = Line::new().dim(format!("…{} more", lines.len() - at));
            canvas.line(Rect { y: right.bottom() - 1, height: 1, ..right }, &more);
            break;
        }
        y += canvas.wrapped(Rect { y, height: bottom - y, ..right }, line);
    }
    Rect { width: left.width - 1, ..left }
}

/// What is asked and the buttons, above the footer; buttons stand right.
fn ask(canvas: &mut Canvas<'_>, rest: &mut Rect, page: &Page<'_>, rules: bool) {
    let [said, buttons] = page.ask.as_slice() else { return };
    let wide = canvas.width(said) + canvas.width(buttons) + 4 <= usize::from(rest.width);
    let row = take_bottom(rest, 1);
    canvas.right(Rect { width: row.width - 1, ..row }, buttons);
    let row = if wide { row } else { take_bottom(rest, rows_of(canvas.width(said), row.width)) };
    canvas.wrapped(Rect { x: row.x + 1, width: row.width - 1, ..row }, said);
    if rules {
        let rule = take_bottom(rest, 1);
        canvas.rule(rule, &Line::new());
    }
}

/// Rows that a sentence of so many cells takes when it is broken between words, few of them long.
fn rows_of(cells: usize, width: u16) -> u16 {
    let room = usize::from(width.saturating_sub(12).max(1));
    let rows = if cells < usize::from(width) { 1 } else { cells.div_ceil(room) };
    u16::try_from(rows).unwrap_or(1).min(4)
}

fn bar(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>) {
    let used = canvas.right(area, &page.right);
    canvas.line(Rect { width: area.width.saturating_sub(used + 1), ..area }, &page.left);
}

/// The keys that fit; the last two always stand. On a low screen a toast takes the footer's line.
fn footer(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>, low: bool) {
    if let (true, Some(toast)) = (low, &page.toast) {
        canvas.line(area, toast);
        return;
    }
    let hints: Vec<Line> = page.hints.iter().map(hint).collect();
    let widths: Vec<usize> = hints.iter().map(|line| canvas.width(line) + 2).collect();
    let room = usize::from(area.width.saturating_sub(1));
    let keep = hints.len().min(2);
    let mut left = room.saturating_sub(widths[widths.len() - keep..].iter().sum());
    let mut line = Line::new();
    let ends = hints.len() - keep;
    for (hint, width) in hints[..ends].iter().zip(&widths) {
        if *width > left {
            break;
        }
        left -= width;
        line = line.join(hint.clone()).text("  ");
    }
    for hint in &hints[ends..] {
        line = line.join(hint.clone()).text("  ");
    }
    line.spans.pop();
    canvas.line(Rect { x: area.x + 1, width: area.width - 1, ..area }, &line);
}

fn hint(hint: &Hint) -> Line {
    Line::new().strong(crate::app::Role::Text, hint.key.clone()).dim(format!(" {}", hint.words))
}

/// A dialog in the middle: rules above and below, no side borders.
fn lay_over(canvas: &mut Canvas<'_>, area: Rect, panel: &Panel) {
    let asks = if panel.ask.is_empty() { 0 } else { panel.ask.len() + 1 };
    let wanted = u16::try_from(panel.lines.len() + asks + 4).unwrap_or(u16::MAX);
    let (width, height) = (area.width.min(84), wanted.min(area.height));
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let mut rest = Rect { x, y, width, height };
    canvas.clear(rest);
    let none = Line::new();
    canvas.rule(take_top(&mut rest, 1), &none);
    let head = inset(take_top(&mut rest, 1));
    let used = canvas.right(head, &panel.corner);
    canvas.line(Rect { width: head.width.saturating_sub(used + 1), ..head }, &panel.title);
    canvas.rule(take_top(&mut rest, 1), &none);
    canvas.rule(take_bottom(&mut rest, 1), &none);
    for line in panel.ask.iter().rev().take(1) {
        let row = inset(take_bottom(&mut rest, 1));
        canvas.right(row, line);
    }
    for line in panel.ask.iter().rev().skip(1) {
        let row = inset(take_bottom(&mut rest, 1));
        canvas.line(row, line);
    }
    if !panel.ask.is_empty() {
        canvas.rule(take_bottom(&mut rest, 1), &none);
    }
    for (y, line) in (rest.y..rest.bottom()).zip(&panel.lines) {
        canvas.line(inset(Rect { y, height: 1, ..rest }), line);
    }
}

fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// Below 40x12: that it is too small, and the totals.
fn card(canvas: &mut Canvas<'_>, area: Rect, page: &Page<'_>) {
    let now = format!("driftdeck needs 40x12, this is {}x{}", area.width, area.height);
    for (y, line) in (area.y..area.bottom()).zip([&Line::of(now), &page.left, &Line::of("q quits")]) {
        canvas.line(Rect { y, height: 1, ..area }, line);
    }
}

fn take_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let top = Rect { height: rows, ..*rest };
    *rest = Rect { y: rest.y + rows, height: rest.height - rows, ..*rest };
    top
}

fn take_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect { y: rest.bottom(), height: rows, ..*rest }
}
