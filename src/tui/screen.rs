//! From a buffer to bytes: only what differs, one write per frame, inside synchronized output (mode 2026). A frame that equals
//! the one before writes nothing.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What is on the terminal, and the way to it.
pub struct Painter<W: Write> {
    out: W,
    shown: Buffer,
    cursor: Option<Position>,
    anew: bool,
}

impl<W: Write> Painter<W> {
    /// A painter of a terminal that shows nothing yet.
    pub fn new(out: W, width: u16, height: u16) -> Self {
        Self { out, shown: Buffer::empty(Rect::new(0, 0, width, height)), cursor: None, anew: true }
    }

    /// The terminal's size.
    pub fn area(&self) -> Rect {
        self.shown.area
    }

    /// The terminal has another size, or its content is not known any more: draw everything.
    pub fn anew(&mut self, width: u16, height: u16) {
        self.shown = Buffer::empty(Rect::new(0, 0, width, height));
        self.anew = true;
    }

    /// Where the bytes went.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Shows a frame; returns how many bytes that took.
    ///
    /// # Errors
    /// When the terminal does not take them.
    pub fn show(&mut self, next: Buffer, cursor: Option<Position>) -> io::Result<usize> {
        let changed = self.shown.diff(&next);
        if changed.is_empty() && cursor == self.cursor && !self.anew {
            return Ok(0);
        }
        let mut bytes = Vec::with_capacity(4096);
        queue!(bytes, BeginSynchronizedUpdate, Hide)?;
        if self.anew {
            queue!(bytes, Clear(ClearType::All))?;
        }
        CrosstermBackend::new(&mut bytes).draw(changed.into_iter())?;
        if let Some(position) = cursor {
            queue!(bytes, MoveTo(position.x, position.y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        (self.shown, self.cursor, self.anew) = (next, cursor, false);
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_frame_writes_nothing_and_a_changed_one_is_one_closed_update() {
        let area = Rect::new(0, 0, 20, 2);
        let mut painter = Painter::new(Vec::new(), 20, 2);
        let mut frame = Buffer::empty(area);
        frame.set_string(0, 0, "drifted", ratatui::style::Style::default());
        assert!(painter.show(frame.clone(), None).expect("a vector takes all") > 0);
        assert_eq!(painter.show(frame.clone(), None).expect("a vector takes all"), 0, "an idle screen is silent");
        painter.out().clear();
        frame.set_string(0, 0, "synced ", ratatui::style::Style::default());
        painter.show(frame, None).expect("a vector takes all");
        let bytes = String::from_utf8(painter.out().clone()).expect("text");
        assert!(bytes.starts_with("\u{1b}[?2026h") && bytes.ends_with("\u{1b}[?2026l"), "{bytes:?}");
        assert!(!bytes.contains("\u{1b}[2J"), "no full clear for a change");
    }
}
