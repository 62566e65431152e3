//! A cursor that follows an object: it keeps the key, never the row, and steps to a neighbour when the object is gone.

/// Where a list is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<K> {
    at: Option<K>,
    row: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self { at: None, row: 0 }
    }
}

/// How far a key moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Rows down, or up when negative.
    By(isize),
    /// First row.
    Top,
    /// Last row.
    Bottom,
}

impl<K: Clone + PartialEq> Cursor<K> {
    /// A cursor on that object.
    pub fn on(key: K) -> Self {
        Self { at: Some(key), row: 0 }
    }

    /// The object, if the list has any.
    pub fn key(&self) -> Option<&K> {
        self.at.as_ref()
    }

    /// The row it stood in when last settled.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Finds its object in the list again; a vanished one leaves the cursor on what took its place.
    pub fn settle(&mut self, keys: &[K]) {
        let found = self.at.as_ref().and_then(|at| keys.iter().position(|key| key == at));
        self.row = found.unwrap_or(self.row).min(keys.len().saturating_sub(1));
        self.at = keys.get(self.row).cloned();
    }

    /// Moves within the list.
    pub fn go(&mut self, keys: &[K], motion: Motion) {
        self.settle(keys);
        let last = keys.len().saturating_sub(1);
        self.row = match motion {
            Motion::By(by) => self.row.saturating_add_signed(by).min(last),
            Motion::Top => 0,
            Motion::Bottom => last,
        };
        self.at = keys.get(self.row).cloned();
    }

    /// Goes to that object, if it is there.
    pub fn jump(&mut self, keys: &[K], key: &K) {
        if keys.contains(key) {
            self.at = Some(key.clone());
        }
        self.settle(keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_on_its_object_when_rows_move() {
        let mut cursor = Cursor::on("b");
        cursor.settle(&["a", "b", "c"]);
        cursor.settle(&["c", "x", "a", "b"]);
        assert_eq!((cursor.key(), cursor.row()), (Some(&"b"), 3), "the object, not the row");
    }

    #[test]
    fn a_vanished_object_leaves_the_cursor_on_its_neighbour() {
        let mut cursor = Cursor::on("b");
        cursor.settle(&["a", "b", "c"]);
        cursor.settle(&["a", "c"]);
        assert_eq!(cursor.key(), Some(&"c"));
        cursor.settle(&[]);
        assert_eq!(cursor.key(), None, "an empty list has no cursor");
    }
}
