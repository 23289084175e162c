//! Child processes that end with the story that started them.

use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to end after it was asked to; then it is ended.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A child process of ours. Dropping it asks it to stop (SIGTERM) and waits until it has.
#[derive(Debug)]
pub struct OwnedProcess {
    child: Option<Child>,
}

impl OwnedProcess {
    /// Starts `command`; `remedy` tells the reader what to do when the program cannot be started.
    pub fn spawn(command: &mut Command, remedy: &str) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}. {remedy}"));
        Self { child: Some(child) }
    }

    /// Its number, as long as nobody has waited for its end.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map(Child::id).expect("the process has not been waited for")
    }

    /// The exit status, if the process has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        child.try_wait().expect("a child process can be looked at")
    }

    /// Asks the process to stop and waits for it, at most `grace`; `None` when it had to be ended the hard way.
    pub fn stop(&mut self, grace: Duration) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        self.wait(grace)
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself meanwhile: then there is nobody to tell.
        let _ = self.child.as_ref().map(|child| kill_process(Pid::from_child(child), signal));
    }

    /// Waits until the process has ended, at most `grace`; `None` when it had to be ended the hard way.
    pub fn wait(&mut self, grace: Duration) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        let pid = Pid::from_child(&child);
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || tell.send(child.wait()));
        let status = told.recv_timeout(grace).ok();
        if status.is_none() {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = waiting.join();
        status?.ok()
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        self.stop(STOP_TIMEOUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_process_is_stopped_with_sigterm() {
        let mut process = OwnedProcess::spawn(Command::new("sleep").arg("60"), "`sleep` is part of every system");
        assert_eq!(process.ended(), None);
        let status = process.stop(STOP_TIMEOUT).expect("ended within the grace period");
        assert!(!status.success(), "ended by the signal, not by itself");
    }

    #[test]
    fn owned_process_that_ignores_sigterm_is_killed() {
        let mut deaf = Command::new("sh");
        deaf.args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
        let mut process =
            OwnedProcess::spawn(deaf.stdout(std::process::Stdio::piped()), "`sh` is part of every system");
        wait_for_a_line(&mut process);
        assert_eq!(process.stop(Duration::from_millis(50)), None);
    }

    fn wait_for_a_line(process: &mut OwnedProcess) {
        use std::io::BufRead;
        let child = process.child.as_mut().expect("still running");
        let output = child.stdout.as_mut().expect("its output is a pipe");
        let mut line = String::new();
        std::io::BufReader::new(output).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
    }
}
