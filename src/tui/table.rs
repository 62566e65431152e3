//! A list: column widths, the window of visible rows, the cursor. Only visible rows are built.

use ratatui::layout::{Position, Rect};

use crate::app::Role;
use crate::app::view::{Column, Line, List, Row, Width};

use super::paint::Canvas;

/// Draws the list; `first` is the first visible row and moves so that the cursor stays in sight.
/// Returns how many lines were used.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, list: &List<'_>, first: &mut usize) -> u16 {
    if area.height == 0 {
        return 0;
    }
    if list.len == 0 {
        return empty(canvas, area, &list.empty);
    }
    let head = u16::from(list.columns.iter().any(|column| !column.title.is_empty()) && area.height > 2);
    let widths = widths(&list.columns, area.width.saturating_sub(2));
    if head == 1 {
        let titles = list.columns.iter().map(|column| Line::in_role(Role::Dim, column.title)).collect();
        row(canvas, area, &list.columns, (&widths, &Row { marked: false, cells: titles }, false));
    }
    let body = Rect { y: area.y + head, height: area.height - head, ..area };
    let room = usize::from(body.height);
    let more = list.len > room && room > 3;
    let shown = if more { room - 1 } else { room };
    scroll(first, list, shown);
    let end = (*first + shown).min(list.len);
    for (y, at) in (body.y..).zip(*first..end) {
        let line = Rect { y, height: 1, ..body };
        row(canvas, line, &list.columns, (&widths, &(list.row)(at), list.cursor == Some(at)));
    }
    let used = u16::try_from(end - *first).unwrap_or(u16::MAX);
    if more {
        let text = if end < list.len { format!("  …{} more", list.len - end) } else { "  end".to_owned() };
        canvas.line(Rect { y: body.y + used, height: 1, ..body }, &Line::new().dim(text));
    }
    head + used + u16::from(more)
}

fn empty(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line]) -> u16 {
    let top = u16::from(area.height > 4);
    for (y, line) in (area.y + top..area.bottom()).zip(lines) {
        canvas.line(Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 }, line);
    }
    (top + u16::try_from(lines.len()).unwrap_or(0)).min(area.height)
}

fn scroll(first: &mut usize, list: &List<'_>, room: usize) {
    let cursor = list.cursor.unwrap_or(0);
    *first = (*first).min(list.len.saturating_sub(room)).min(cursor);
    if cursor >= *first + room {
        *first = cursor + 1 - room;
    }
}

fn row(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column], (widths, row, here): (&[u16], &Row, bool)) {
    let area = Rect { height: 1, ..area };
    let prefix = match (here, row.marked) {
        (true, true) => ">*",
        (true, false) => "> ",
        (false, true) => "* ",
        (false, false) => "  ",
    };
    canvas.line(area, &Line::of(prefix));
    let mut x = area.x + 2;
    for (at, cell) in row.cells.iter().enumerate() {
        let last = at + 1 == row.cells.len();
        let width = if last { area.right().saturating_sub(x) } else { widths.get(at).copied().unwrap_or(0) };
        let gap = u16::from(!last && width > 1);
        let slot = Rect { x, width: width.saturating_sub(gap), ..area };
        let style = here.then(|| canvas.look.base().add_modifier(ratatui::style::Modifier::BOLD));
        if columns.get(at).is_some_and(|column| column.right) {
            let used = u16::try_from(canvas.width(cell)).unwrap_or(slot.width).min(slot.width);
            let own = widths.get(at).copied().unwrap_or(slot.width).min(slot.width);
            let pad = own.saturating_sub(used);
            canvas.styled(Rect { x: slot.x + pad, width: slot.width - pad, ..slot }, cell, style);
        } else {
            canvas.styled(slot, cell, style);
        }
        x = x.saturating_add(width);
    }
    if here {
        canvas.reverse(area);
        canvas.caret = canvas.caret.or(Some(Position::new(area.x, area.y)));
    }
}

/// Fixed columns get what they ask, the others share the rest.
fn widths(columns: &[Column], room: u16) -> Vec<u16> {
    let fixed: u16 = columns.iter().map(|column| if let Width::Fixed(width) = column.width { width } else { 0 }).sum();
    let shares: u16 = columns.iter().map(|column| if let Width::Flex(share) = column.width { share } else { 0 }).sum();
    let rest = room.saturating_sub(fixed);
    let width = |column: &Column| match column.width {
        Width::Fixed(width) => width.min(room),
        Width::Flex(share) => rest / shares.max(1) * share + if shares == share { rest % shares.max(1) } else { 0 },
    };
    columns.iter().map(width).collect()
}
