//! What the operator sees and wants: screens, selection, keymap, confirmation.
