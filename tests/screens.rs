//! Key scripts in, screens out: text and style at 120x36 and 80x24, no panic at any size, nothing hostile in any cell.

#![allow(clippy::expect_used, reason = "a test's own tables either hold or fail it")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/cockpit.rs"]
mod cockpit;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "screens/truth.rs"]
mod truth;

use cockpit::{Cockpit, SCRIPTS};
use driftdeck::app::{Action, Keymap, Kubectl, Setup};
use driftdeck::model::*;

#[test]
fn every_screen_looks_as_it_was_accepted() {
    for (name, keys) in SCRIPTS {
        for (width, height) in [(120, 36), (80, 24)] {
            let mut cockpit = Cockpit::new(width, height);
            cockpit.script(keys);
            let name = format!("{name}_{width}x{height}");
            insta::with_settings!({ description => *keys, omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name, cockpit.picture());
            });
        }
    }
}

#[test]
fn narrow_ascii_and_colourless_screens_look_as_they_were_accepted() {
    for (name, keys) in [("fleet", ""), ("diff", "d"), ("plan", "s")] {
        let mut cockpit = Cockpit::new(40, 12);
        cockpit.script(keys);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_40x12"), cockpit.picture());
            let mut cockpit = Cockpit::new(80, 24);
            cockpit.look = cockpit::ascii();
            cockpit.script(keys);
            insta::assert_snapshot!(format!("{name}_80x24_ascii_no_colour"), cockpit.picture());
        });
    }
}

#[test]
fn no_size_panics_on_any_screen() {
    for (name, keys) in SCRIPTS {
        let mut cockpit = Cockpit::new(100, 30);
        cockpit.script(keys);
        for width in (0..=130).step_by(if cfg!(debug_assertions) { 5 } else { 1 }).chain([39, 40, 79, 80, 109, 110]) {
            for height in (0..=45).step_by(if cfg!(debug_assertions) { 3 } else { 1 }).chain([11, 12, 15, 16, 19, 20]) {
                cockpit.resize(width, height);
                let buffer = cockpit.frame();
                assert_eq!((buffer.area.width, buffer.area.height), (width, height), "{name} keeps to its area");
            }
        }
    }
}

#[test]
fn no_control_or_hidden_character_reaches_a_cell() {
    for (_, keys) in SCRIPTS {
        for hostile in ["", "/hostile<Enter>"] {
            let mut cockpit = Cockpit::new(120, 36);
            cockpit.script(hostile);
            cockpit.script(keys);
            for cell in cockpit.frame().content() {
                let clean = !cell.symbol().chars().any(|c| c.is_control() || is_hidden(c));
                assert!(clean, "{:?} on {keys:?}", cell.symbol());
            }
        }
    }
}

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[test]
fn ascii_means_ascii() {
    for (name, keys) in SCRIPTS {
        let mut cockpit = Cockpit::new(120, 36);
        cockpit.look = cockpit::ascii();
        cockpit.script(keys);
        for cell in cockpit.frame().content() {
            assert!(cell.symbol().is_ascii(), "{name}: {:?}", cell.symbol());
        }
    }
}

#[test]
fn the_line_for_kubectl_stands_whole_at_any_width_with_what_must_be_known() {
    let line = "export KUBECONFIG=/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/driftdeck-demo-AbCdEf/kubeconfig";
    let warning = "0.0.0.0:8443 is open to other machines; its tokens alone keep them out";
    for (width, height) in [(120, 36), (80, 24), (40, 20)] {
        let mut cockpit = Cockpit::opening(width, height);
        let kubectl = Kubectl { line: line.into(), warning: Some(warning.into()) };
        cockpit.start(Setup { demo: true, kubectl: Some(kubectl), ..Setup::default() });
        for keys in ["", "?"] {
            cockpit.script(keys);
            let text = cockpit.text();
            let pasted = text.replace("\\\n", "");
            assert!(pasted.lines().any(|row| row == line), "{width}x{height} {keys:?}: a row of its own in\n{text}");
            assert!(width < 80 || text.contains(&format!("! {warning}")), "{width}x{height} {keys:?}:\n{text}");
        }
    }
}

#[test]
fn without_a_port_there_is_no_line_to_copy() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("ck");
    assert!(cockpit.text().contains("driftdeck demo --serve opens the sample clusters"), "{}", cockpit.text());
}

#[test]
fn help_lists_every_action_of_the_table() {
    let mut cockpit = Cockpit::new(120, 200);
    cockpit.script("?");
    let text = cockpit.text();
    for binding in Keymap::standard().bindings() {
        assert!(text.contains(&binding.spelled()), "{} is not in help", binding.action.name());
    }
}

#[test]
fn help_says_why_an_action_cannot_be_done() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("/checkout<Enter>?sync");
    assert!(cockpit.text().contains("prod-us is in OBSERVE"), "{}", cockpit.text());
}

#[test]
fn help_shows_the_word_that_begins_as_typed_before_one_that_only_contains_it() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("?rev");
    let first = cockpit.text().lines().find(|line| line.starts_with('>')).map(str::to_owned);
    assert!(first.as_ref().is_some_and(|line| line.contains("revert")), "not previous: {first:?}");
}

#[test]
fn nothing_is_submitted_before_run_is_armed_and_pressed() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
    cockpit.key("s");
    for _ in 0..20 {
        cockpit.key("<Enter>");
    }
    assert_eq!(cockpit.orders, vec![], "type-ahead can never confirm");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders.len(), 1, "armed, Run runs once");
    let Command::Sync(order) = &cockpit.orders[0].command else { panic!("a sync") };
    assert_eq!(order.chosen.len(), 4, "what was ticked is what runs");
    assert!(!order.full, "the prune was not ticked");
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders.len(), 1, "the same key again does nothing");
}

#[test]
fn a_protected_sync_takes_the_apps_name() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.gate = answers::gate(Level::L3, vec![Need::AppName(fleet::id("payments", "prod-eu")), Need::Unlock]);
    cockpit.script("s");
    cockpit.key("<Enter>");
    assert!(cockpit.text().contains("FLEET"), "Cancel was focused: Enter left the plan");
    cockpit.script("s");
    cockpit.script("payment");
    cockpit.wait(400);
    assert_eq!(cockpit.orders, vec![]);
    cockpit.script("s");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders.len(), 1);
    assert_eq!(cockpit.orders[0].consent.app_name.as_deref(), Some("payments"));
}

#[test]
fn a_plan_that_moved_is_reviewed_again() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
    cockpit.script("s");
    cockpit.wait(400);
    cockpit.move_plan();
    assert!(cockpit.text().contains("the plan changed"), "{}", cockpit.text());
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders, vec![], "what was read is not what would run");
}

#[test]
fn a_pause_carries_its_reason_and_its_end() {
    let mut cockpit = Cockpit::new(80, 24);
    cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
    cockpit.script("p<Tab>INC-4471");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    let Some(Command::Pause { reason, until, .. }) = cockpit.orders.first().map(|order| &order.command) else {
        panic!("{}", cockpit.text())
    };
    assert_eq!(reason.raw(), "INC-4471");
    assert!(until.is_some_and(|until| until > fleet::ago(-119)), "two hours by default");
}

#[test]
fn a_rule_is_offered_for_the_change_under_the_cursor_the_narrowest_first() {
    for (keys, name, manager, effect, reason) in [
        ("dI", true, true, Effect::Hide, None),
        ("dI<→>", true, false, Effect::Hide, None),
        ("dI<→><→><Tab><→>noise", false, false, Effect::Leave, Some("noise")),
    ] {
        let mut cockpit = Cockpit::new(120, 36);
        cockpit.gate = answers::gate(Level::L1, vec![]);
        cockpit.script(keys);
        cockpit.wait(400);
        cockpit.key("<Enter>");
        let Some(Command::Ignore { app, rule }) = cockpit.orders.first().map(|order| &order.command) else {
            panic!("{keys}: no rule is ordered")
        };
        assert_eq!((&*app.name, rule.kind.as_deref()), ("payments", Some("Deployment")), "{keys}");
        let path = rule.path.as_ref().map(ToString::to_string);
        assert_eq!(path.as_deref(), Some("spec.template.spec.containers[name=api].image"), "{keys}");
        assert_eq!((rule.name.is_some(), rule.manager.is_some()), (name, manager), "{keys}");
        assert_eq!((rule.effect, rule.reason.as_deref()), (effect, reason), "{keys}");
    }
}

#[test]
fn no_rule_is_offered_where_there_is_none_to_make() {
    for keys in ["dhggjjjjjjjjI", "I"] {
        let mut cockpit = Cockpit::new(120, 36);
        cockpit.gate = answers::gate(Level::L1, vec![]);
        cockpit.script(keys);
        cockpit.wait(400);
        cockpit.key("<Enter>");
        assert_eq!(cockpit.orders, vec![], "{keys}");
    }
}

#[test]
fn read_only_submits_nothing_whatever_is_pressed() {
    for action in Action::ALL {
        let mut cockpit = Cockpit::new(80, 24);
        cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
        cockpit.read_only();
        let keymap = Keymap::standard();
        let keys = &keymap.binding(*action).expect("in the table").keys[0];
        for key in keys {
            cockpit.press(*key);
        }
        cockpit.wait(400);
        cockpit.script("<Tab>why<Enter>");
        cockpit.wait(400);
        cockpit.key("<Enter>");
        let writes = cockpit.orders.iter().filter(|order| !matches!(order.command, Command::Refresh { .. }));
        assert_eq!(writes.count(), 0, "{} wrote under --read-only", action.name());
    }
}

#[test]
fn the_cursor_follows_its_app_when_the_order_changes() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("G");
    let before = cockpit.selected();
    cockpit.worsen("frontend");
    cockpit.wait(3000);
    assert_eq!(cockpit.selected(), before, "the object, not the row");
}

#[test]
fn a_revert_is_previewed_for_the_commit_that_was_chosen() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.operate("prod-us");
    cockpit.script("tjjjR");
    cockpit.script("payments");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    let Some(Command::Revert(order)) = cockpit.orders.first().map(|order| &order.command) else {
        panic!("{}", cockpit.text())
    };
    assert_eq!(order.to.short(), "51c9e80");
    assert_eq!(order.mode, RevertMode::Restore);
    cockpit.end_run("revert");
    assert!(cockpit.text().starts_with("SYNC payments"), "after the push its sync plan opens: {}", cockpit.text());
}

#[test]
fn a_revert_names_the_locked_cluster_that_the_push_also_lands_on_and_unlocks_that_one() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.gate = answers::gate(Level::L1, vec![]);
    cockpit.script("tjjjR");
    assert!(cockpit.text().contains("also lands on prod-us"), "before anything is typed: {}", cockpit.text());
    cockpit.script("U");
    assert!(cockpit.text().contains("UNLOCK prod-us"), "U unlocks what stands in the way: {}", cockpit.text());
}

#[test]
fn a_plan_that_is_refused_for_observe_can_be_unlocked_from_there() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("/checkout<Enter>s");
    assert!(cockpit.text().contains("U unlocks it"), "{}", cockpit.text());
    cockpit.script("U");
    assert!(cockpit.text().contains("UNLOCK prod-us"), "the key it names works: {}", cockpit.text());
}

#[test]
fn until_a_key_is_pressed_the_cursor_stays_on_the_worst_app() {
    let mut cockpit = Cockpit::opening(120, 36);
    assert!(cockpit.selected().contains("checkout"), "{}", cockpit.text());
    cockpit.mend("checkout");
    assert!(cockpit.selected().contains("hostile"), "the first row, not the first object: {}", cockpit.text());
}

#[test]
fn a_typed_filter_is_looked_at_from_its_worst_match() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("G/payments<Enter>");
    assert!(cockpit.selected().contains("payments"), "{}", cockpit.text());
    cockpit.script("/<Ctrl-u>-status:synced<Enter>");
    assert!(cockpit.selected().contains("checkout"), "the worst of the matches: {}", cockpit.text());
}

#[test]
fn esc_at_the_first_screen_does_not_quit_and_says_what_does() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("<Esc><Esc>");
    assert!(cockpit.text().contains("Q quits"), "{}", cockpit.text());
}

#[test]
fn a_reason_may_be_typed_straight_into_a_pause() {
    let mut cockpit = Cockpit::new(80, 24);
    cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
    cockpit.script("pINC-4471");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    let order = cockpit.orders.first().map(|order| &order.command);
    assert!(matches!(order, Some(Command::Pause { reason, .. }) if reason.raw() == "INC-4471"), "{order:?}");
}

#[test]
fn an_unlock_takes_a_reason() {
    let mut cockpit = Cockpit::new(80, 24);
    cockpit.gate = answers::gate(Level::L1, vec![]);
    cockpit.script("U");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders, vec![], "without a reason nothing is unlocked");
    cockpit.script("INC-1");
    cockpit.wait(400);
    cockpit.key("<Enter>");
    assert!(matches!(&cockpit.orders[0].command, Command::Unlock { reason, .. } if reason.raw() == "INC-1"));
}

#[test]
fn what_is_not_judged_is_never_said_to_have_no_differences() {
    for (filter, good) in [("status:synced", true), ("status:unknown", false), ("status:error", false)] {
        let mut cockpit = Cockpit::new(120, 36);
        cockpit.nothing_differs = true;
        cockpit.script(&format!("/{filter}<Enter>d"));
        let text = cockpit.text();
        assert_eq!(text.contains("✓ no differences"), good, "{filter}: {text}");
        assert_eq!(text.contains("are not judged"), !good, "{filter}: {text}");
    }
}

#[test]
fn why_an_object_failed_is_read_to_its_end() {
    let why = "refused (422): admission webhook \"policy.example.com\" denied the request: images must be pinned by \
               digest in namespaces that carry the label env=prod; the image in container web is not";
    for (width, height) in [(120, 36), (80, 24)] {
        let mut cockpit = Cockpit::new(width, height);
        cockpit.fail_the_run(why);
        cockpit.script("gs");
        let text = cockpit.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(why), "{width}x{height}: {}", cockpit.text());
    }
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("d");
    let before = cockpit.text();
    cockpit.late_answer();
    assert_eq!(cockpit.text(), before, "only the newest question counts");
}
