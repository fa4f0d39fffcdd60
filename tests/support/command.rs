//! Commands of the real binary that end by themselves: how they ended and what they said. Never waits for ever.

use crate::stoa_binary;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take.
const COMMAND_SECONDS_MAX: u64 = 60;

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What it said on stderr.
    pub errors: String,
}

/// Runs `stoa` with some arguments, after a change to how it is started.
///
/// # Panics
/// Where it does not end in time.
pub fn run_stoa(arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ended {
    let mut command = Command::new(stoa_binary());
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    change(&mut command);
    let mut child = command.spawn().expect("the command starts");
    let output = read_beside(child.stdout.take().expect("its output is piped"));
    let errors = read_beside(child.stderr.take().expect("its errors are piped"));
    let status = wait(&mut child);
    Ended {
        code: status.code(),
        output: output.join().expect("its output is read"),
        errors: errors.join().expect("its errors are read"),
    }
}

fn wait(child: &mut Child) -> std::process::ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(COMMAND_SECONDS_MAX);
    loop {
        if let Some(status) = child.try_wait().expect("the command can be waited for") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the command did not end within {COMMAND_SECONDS_MAX} seconds");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// On a thread of its own, so that neither pipe fills while the other is waited for.
fn read_beside(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the pipe is read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
