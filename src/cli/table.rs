//! Columns, aligned by what a terminal shows; every cell is one harmless line.

use unicode_width::UnicodeWidthStr as _;

use crate::model::{Foreign, Shown};

/// One cell: its text, and how it looks with colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    plain: String,
    painted: Option<String>,
}

impl Cell {
    /// Our own words.
    pub fn own(text: impl Into<String>) -> Self {
        Self { plain: text.into(), painted: None }
    }

    /// Words from outside.
    #[must_use]
    pub fn foreign(text: &Foreign) -> Self {
        Self::own(Shown::from(text).to_string())
    }

    /// The same, painted; it takes the width of the plain text.
    #[must_use]
    pub fn painted(self, painted: String) -> Self {
        Self { painted: Some(painted), ..self }
    }
}

/// Lays rows out under a heading; two blanks between columns, none at the end of a line.
#[must_use]
pub fn layout<const N: usize>(heading: [&str; N], rows: &[[Cell; N]]) -> String {
    let heading = heading.map(Cell::own);
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = std::iter::once(&heading).chain(rows).map(|row| row[column].plain.width());
        cells.max().unwrap_or(0)
    });
    std::iter::once(&heading).chain(rows).map(|row| line(row, &widths)).collect()
}

fn line<const N: usize>(row: &[Cell; N], widths: &[usize; N]) -> String {
    let last = row.iter().rposition(|cell| !cell.plain.is_empty()).unwrap_or(0);
    let mut out = String::new();
    for (column, cell) in row.iter().enumerate().take(last + 1) {
        out.push_str(cell.painted.as_deref().unwrap_or(&cell.plain));
        if column < last {
            let blanks = widths[column].saturating_sub(cell.plain.width()) + 2;
            out.push_str(&" ".repeat(blanks));
        }
    }
    out.push('\n');
    out
}
