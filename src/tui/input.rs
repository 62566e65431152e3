//! Terminal events to messages: Press and Repeat only, modifiers folded; what a terminal calls Alt and a key is Esc and
//! that key, for it sends both alike.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::app::{Code, Key, Msg};

/// The messages of an event, if it means anything here.
pub(super) fn messages(event: Event) -> Vec<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => keys(key).into_iter().map(Msg::Key).collect(),
        Event::Paste(text) => vec![Msg::Paste(text)],
        Event::Resize(width, height) => vec![Msg::Resize(width, height)],
        _ => Vec::new(),
    }
}

/// Esc and a key typed at once come as that key with Alt: neither must be lost.
fn keys(event: KeyEvent) -> Vec<Key> {
    let Some(key) = translate(event) else { return Vec::new() };
    if !event.modifiers.contains(KeyModifiers::ALT) {
        return vec![key];
    }
    vec![Key { code: Code::Esc, ctrl: false }, key]
}

fn translate(event: KeyEvent) -> Option<Key> {
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let foreign = event.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::META);
    let code = match event.code {
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) if !foreign => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        _ => return None,
    };
    Some(Key { code, ctrl })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_when_it_goes_down_and_not_when_it_comes_up() {
        let mut event = KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL);
        assert_eq!(keys(event), [Key::ctrl('d')]);
        event.kind = KeyEventKind::Release;
        assert!(messages(Event::Key(event)).is_empty());
    }

    #[test]
    fn esc_and_a_key_that_come_at_once_are_both_taken() {
        let event = KeyEvent::new(KeyCode::Char('t'), KeyModifiers::ALT);
        assert_eq!(keys(event), [Key { code: Code::Esc, ctrl: false }, Key::char('t')]);
    }
}
