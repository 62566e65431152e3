//! A program on a pseudo-terminal: keys in, screen out. Waits for what the screen shows, never for time.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Longest wait for a screen; only a hang reaches it.
const LIMIT: Duration = Duration::from_mins(1);

/// What has come out so far.
pub struct Output {
    /// The screen as a terminal shows it.
    pub parser: vt100::Parser,
    /// Every byte.
    pub bytes: Vec<u8>,
    /// The other side has closed.
    pub ended: bool,
}

/// A program and its terminal.
pub struct Terminal {
    output: Arc<(Mutex<Output>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts a program on a terminal of that size.
    pub fn start(mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let parser = vt100::Parser::new(rows.try_into().expect("rows"), columns.try_into().expect("columns"), 0);
        let output = Arc::new((Mutex::new(Output { parser, bytes: Vec::new(), ended: false }), Condvar::new()));
        let fed = output.clone();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            loop {
                let count = reader.read(&mut bytes).unwrap_or(0);
                let mut output = fed.0.lock().unwrap_or_else(PoisonError::into_inner);
                output.parser.process(&bytes[..count]);
                output.bytes.extend_from_slice(&bytes[..count]);
                output.ended |= count == 0;
                fed.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Self { output, keys, child, _master: pair.master }
    }

    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("written");
        self.keys.flush().expect("flushed");
    }

    /// Waits until the screen is as wanted, and gives its text.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let unmet = |output: &mut Output| !wanted(&output.parser.screen().contents()) && !output.ended;
        let (output, outcome) =
            self.output.1.wait_timeout_while(self.lock(), LIMIT, unmet).unwrap_or_else(PoisonError::into_inner);
        let text = output.parser.screen().contents();
        assert!(!outcome.timed_out() && wanted(&text), "never {what}:\n{text}");
        text
    }

    /// Presses a key again and again until the screen is as wanted: a button that is not armed yet takes no notice.
    pub fn press_until(&mut self, key: &str, what: &str, wanted: impl Fn(&str) -> bool) {
        for _ in 0..8 {
            self.press(key);
            let unmet = |output: &mut Output| !wanted(&output.parser.screen().contents()) && !output.ended;
            // Long enough for a slow machine: a key too many would press what comes next.
            let pause = Duration::from_secs(8);
            let (_output, outcome) =
                self.output.1.wait_timeout_while(self.lock(), pause, unmet).unwrap_or_else(PoisonError::into_inner);
            if !outcome.timed_out() {
                return;
            }
        }
        panic!("never {what}:\n{}", self.lock().parser.screen().contents());
    }

    /// Waits until the screen shows a text.
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Sends a signal by its name: `TERM`, or `HUP` as the kernel does when a connection is lost.
    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill runs").success(), "the signal was sent");
    }

    /// Waits for the program's end; what came out, and how it ended.
    pub fn end(mut self) -> (ExitStatus, Output) {
        let status = self.child.wait().expect("waited");
        let unended = |output: &mut Output| !output.ended;
        let (mut output, _) =
            self.output.1.wait_timeout_while(self.lock(), LIMIT, unended).unwrap_or_else(PoisonError::into_inner);
        let parser = std::mem::replace(
            &mut output.parser,
            vt100::Parser::new(1.try_into().expect("1"), 1.try_into().expect("1"), 0),
        );
        let told = Output { parser, bytes: std::mem::take(&mut output.bytes), ended: true };
        drop(output);
        (status, told)
    }
}
