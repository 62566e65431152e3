//! The one place that writes cells. Text becomes `Shown` here, ASCII where the terminal wants it, and is cut with an ellipsis.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthChar;

use crate::app::view::{Line, Span};
use crate::model::Shown;

use super::theme::Look;

/// A buffer to draw on, with the look and the place of the hardware cursor.
pub(super) struct Canvas<'a> {
    pub buffer: &'a mut Buffer,
    pub look: &'a Look,
    pub caret: Option<Position>,
}

impl Canvas<'_> {
    /// Draws a line at `area`'s first row, cut to its width; returns the cells used.
    pub fn line(&mut self, area: Rect, line: &Line) -> u16 {
        self.styled(area, line, None)
    }

    /// Draws a line, in one style for all if given.
    pub fn styled(&mut self, area: Rect, line: &Line, style: Option<Style>) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let pieces: Vec<(String, &Span)> = line.spans.iter().map(|span| (self.text(span), span)).collect();
        let wide = pieces.iter().map(|(text, _)| width(text)).sum::<usize>() > usize::from(area.width);
        let room = area.width - u16::from(wide);
        let mut x = area.x;
        for (text, span) in &pieces {
            if span.caret {
                self.caret = Some(Position::new(x.min(area.right() - 1), area.y));
            }
            let style = style.unwrap_or_else(|| self.look.style(span));
            let left = usize::from((area.x + room).saturating_sub(x));
            x = self.buffer.set_stringn(x, area.y, text, left, style).0;
        }
        if wide {
            let ellipsis = if self.look.ascii { "." } else { "…" };
            self.buffer.set_stringn(area.x + room, area.y, ellipsis, 1, style.unwrap_or_default());
        }
        x - area.x
    }

    /// Draws a line over as many rows as it takes, later ones indented; returns the rows used.
    pub fn wrapped(&mut self, area: Rect, line: &Line) -> u16 {
        if self.width(line) <= usize::from(area.width) || area.width < 8 {
            self.line(area, line);
            return 1;
        }
        let mut cells = Vec::new();
        for span in &line.spans {
            let style = self.look.style(span);
            cells.extend(self.text(span).chars().map(|c| (c, style)));
        }
        let (mut from, mut row) = (0, 0);
        while from < cells.len() && row < area.height {
            let indent = if row == 0 { 0 } else { 2 };
            let end = break_at(&cells[from..], usize::from(area.width - indent)) + from;
            let (mut x, y) = (area.x + indent, area.y + row);
            for (c, style) in &cells[from..end] {
                let wide = c.width().unwrap_or(0);
                x = self.buffer.set_stringn(x, y, c.encode_utf8(&mut [0; 4]), wide, *style).0;
            }
            (from, row) = (end, row + 1);
        }
        row
    }

    /// Draws a line that ends at `area`'s right edge; returns the cells used.
    pub fn right(&mut self, area: Rect, line: &Line) -> u16 {
        let used = u16::try_from(self.width(line)).unwrap_or(u16::MAX).min(area.width);
        self.line(Rect { x: area.right() - used, width: used, ..area }, line);
        used
    }

    /// The cells a line takes.
    pub fn width(&self, line: &Line) -> usize {
        line.spans.iter().map(|span| width(&self.text(span))).sum()
    }

    /// A horizontal rule, with a title in it if there is one.
    pub fn rule(&mut self, area: Rect, title: &Line) {
        let rule = if self.look.ascii { "-" } else { "─" };
        let dashes = Line::new().dim(rule.repeat(usize::from(area.width)));
        self.line(area, &dashes);
        if !title.spans.is_empty() && area.width > 8 {
            let inner = Rect { x: area.x + 3, width: area.width - 6, ..area };
            let used = self.line(inner, title);
            self.line(Rect { x: area.x + 2, width: 1, ..area }, &Line::of(" "));
            self.line(Rect { x: inner.x + used, width: 1, ..area }, &Line::of(" "));
        }
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        let base = self.look.base();
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(base);
            }
        }
    }

    /// Reverses a row: the cursor stands here.
    pub fn reverse(&mut self, area: Rect) {
        let style = Style::default().add_modifier(Modifier::REVERSED);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    fn text(&self, span: &Span) -> String {
        let shown = Shown::from(&span.text);
        let text =
            if self.look.ascii { shown.as_str().chars().map(ascii).collect() } else { shown.as_str().to_owned() };
        if span.word && self.look.plain && !text.is_empty() { format!("[{text}]") } else { text }
    }
}

/// How many cells go on one row: all that fit, cut behind a space, dot or slash where one is near.
fn break_at(cells: &[(char, Style)], room: usize) -> usize {
    let mut used = 0;
    let over = |(c, _): &(char, Style)| {
        used += c.width().unwrap_or(0);
        used > room
    };
    let Some(fit) = cells.iter().position(over) else { return cells.len() };
    let near = cells[..fit]
        .iter()
        .rposition(|(c, _)| matches!(c, ' ' | '.' | '/'))
        .filter(|space| fit - space < 24 && *space > 4);
    near.map_or(fit.max(1), |space| space + 1)
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The ASCII set of ux.md section 6; what has no stand-in becomes `?`.
fn ascii(c: char) -> String {
    let word = match c {
        ' '..='~' => return c.to_string(),
        '✓' => "=",
        '»' | '›' | '▸' | '→' => ">",
        '✗' => "!",
        '⊘' => "z",
        '⚑' => "^",
        '↻' | '•' => "*",
        '⇄' => "%",
        '∘' => "o",
        '⊖' => "t",
        '⊗' => "X",
        '∅' => "0",
        '▾' => "v",
        '─' | '–' => "-",
        '│' => "|",
        '…' => "..",
        '·' | '◌' | '░' => ".",
        '‹' => "<",
        '≤' => "<=",
        '≈' => "~",
        '█' => "#",
        '↑' => "up",
        '↓' => "down",
        '←' => "left",
        _ => "?",
    };
    word.to_owned()
}
