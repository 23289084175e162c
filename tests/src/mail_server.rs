//! A mail server that takes everything and keeps it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use crate::wait;

/// A mail server on this machine, without encryption. It goes on until the program ends.
pub struct MailServer {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// Starts one on a port of its own.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mails: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // Whoever goes in the middle of it has sent no mail.
                std::thread::spawn(move || take(stream, &kept).ok());
            }
        });
        Self { port, mails }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for a mail to `address` that has `text` in it, as its reader sees it.
    pub async fn mail_to(&self, address: &str, text: &str) -> String {
        let wanted = format!("To: {address}");
        wait::until("a mail", async || {
            let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
            let mut read = mails.iter().map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
            read.find(|mail| mail.contains(&wanted) && mail.contains(text))
        })
        .await
    }

    /// Waits for such a mail, and answers its link to `path`.
    pub async fn link_to(&self, address: &str, path: &str) -> String {
        let mail = self.mail_to(address, path).await;
        let mut words = mail.split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '<' | '>'));
        words.find(|word| word.starts_with("http") && word.contains(path)).expect("a link").to_owned()
    }
}

/// One connection.
fn take(mut stream: TcpStream, kept: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"220 mail.test\r\n")?;
    let mut message: Option<String> = None;
    for line in lines {
        let line = line?;
        let answer: &[u8] = match (&mut message, line.get(..4).unwrap_or(&line)) {
            (Some(text), _) if line == "." => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(text));
                message = None;
                b"250 taken\r\n"
            }
            (Some(text), _) => {
                text.push_str(&line);
                text.push_str("\r\n");
                continue;
            }
            (None, "DATA") => {
                message = Some(String::new());
                b"354 go on\r\n"
            }
            (None, "QUIT") => b"221 bye\r\n",
            (None, _) => b"250 fine\r\n",
        };
        stream.write_all(answer)?;
    }
    Ok(())
}
