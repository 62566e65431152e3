//! Sets of field paths; managedFields: who owns what since when.
