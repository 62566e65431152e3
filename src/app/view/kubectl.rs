//! The line that opens the demo to kubectl: whole at any width, for it is there to be pasted.

use crate::app::App;
use crate::app::status::Role;

use super::text::Line;

/// Below this many columns nobody pastes anything.
const NARROWEST: usize = 20;

impl App {
    /// The line, on as many rows as it takes, from the first column on: a whole row is what terminals select at a
    /// triple click.
    pub(super) fn kubectl_lines(&self) -> Vec<Line> {
        let Some(way) = &self.setup.kubectl else { return Vec::new() };
        let rows = folded(way.line.raw(), usize::from(self.size.0));
        let mut lines: Vec<Line> = rows.into_iter().map(Line::of).collect();
        lines.extend(
            way.warning.iter().map(|warning| Line::in_role(Role::Error, "! ").put(Role::Error, warning.clone())),
        );
        lines
    }
}

/// A shell's line on rows of so many cells; a shell joins rows that end with a backslash. What is escaped stays so.
fn folded(line: &str, width: usize) -> Vec<String> {
    let width = width.max(NARROWEST);
    let mut rows = vec![String::new()];
    let (mut left, mut rest) = (width, line.chars().peekable());
    while let Some(first) = rest.next() {
        let second = if first == '\\' { rest.next() } else { None };
        let takes = [Some(first), second].into_iter().flatten().map(cells).sum::<usize>();
        // The last one may take the cell that the backslash would.
        if takes + usize::from(rest.peek().is_some()) > left {
            rows.last_mut().into_iter().for_each(|row| row.push('\\'));
            rows.push(String::new());
            left = width;
        }
        left -= takes;
        rows.last_mut().into_iter().for_each(|row| row.extend([Some(first), second].into_iter().flatten()));
    }
    rows
}

fn cells(c: char) -> usize {
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_is_one_line_to_a_shell() {
        let line = r"export KUBECONFIG=/var/folders/a\ b/T/driftdeck-demo-x/kubeconfig";
        assert_eq!(folded(line, 80), [line], "whole where it fits");
        assert_eq!(folded(line, line.len()), [line], "to the last cell");
        for width in NARROWEST..line.len() {
            let rows = folded(line, width);
            assert!(rows.len() > 1 && rows.iter().all(|row| row.len() <= width), "{width}: {rows:?}");
            assert_eq!(rows.join("\n").replace("\\\n", ""), line, "joined as a shell does, at {width}");
        }
    }

    #[test]
    fn wide_letters_take_their_cells() {
        assert_eq!(folded("export KUBECONFIG=/文/文", 22), ["export KUBECONFIG=/文\\", "/文"]);
    }
}
