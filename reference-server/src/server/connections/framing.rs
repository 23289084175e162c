//! Where the requests of an HTTP/1 connection begin and end, byte for byte, before the framework sees them.
//!
//! It judges only what bounds a connection: the length of heads and of header names, and how much of a body is out of turn.
//! What else is wrong with a request is the framework's business, which closes the connection after it.

/// The longest head of a request: the request line and all headers (faults F16).
pub(super) const LONGEST_HEAD: usize = 32 * 1024;
/// The longest name of a header (faults F16).
const LONGEST_NAME: usize = 256;
/// Bytes of a body that the service may leave untaken before no more are handed over.
const UNTAKEN_BODY: usize = 32 * 1024;
/// The longest header name that says something about the body.
const KNOWN_NAME: usize = "transfer-encoding".len();

/// A head that is too large, in whole or in one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// What comes next on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// The line with the size of a chunk.
    ChunkSize(u64),
    /// What follows the size of a chunk, up to the end of the line.
    ChunkExtension(u64),
    ChunkData(u64),
    /// The end of the line after a chunk.
    ChunkEnd,
    /// The empty line after the last chunk.
    LastEnd,
}

/// Where in a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Before the first byte of the request line.
    Before,
    Line,
    LineStart,
    Name,
    Value,
}

/// The head that is being read.
#[derive(Clone, Debug)]
struct Head {
    part: Part,
    length: usize,
    name: [u8; KNOWN_NAME],
    name_length: usize,
    content_length: u64,
    chunked: bool,
}

impl Default for Head {
    fn default() -> Self {
        let name = [0; KNOWN_NAME];
        Self { part: Part::Before, length: 0, name, name_length: 0, content_length: 0, chunked: false }
    }
}

/// The framing of one connection.
#[derive(Clone, Debug)]
pub(super) struct Framing {
    phase: Phase,
    head: Head,
    /// Heads that were handed over whole.
    heads: u64,
    /// Bytes of the current body, its framing left out.
    body: u64,
    /// Bytes of the current body with its framing, since the service had taken all of it.
    raw: usize,
}

impl Default for Framing {
    fn default() -> Self {
        Self { phase: Phase::Head, head: Head::default(), heads: 0, body: 0, raw: 0 }
    }
}

impl Framing {
    /// Heads that were handed over whole.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether the next byte begins a request.
    pub(super) fn is_between_requests(&self) -> bool {
        self.phase == Phase::Head && self.head.length == 0
    }

    /// Whether the next byte belongs to a head that has begun.
    pub(super) fn is_in_head(&self) -> bool {
        self.phase == Phase::Head && self.head.length > 0
    }

    /// Whether the service must take of the body before more of it may be handed over.
    pub(super) fn must_wait(&mut self, taken: u64) -> bool {
        if self.body <= taken {
            self.raw = 0;
        }
        self.raw >= UNTAKEN_BODY
    }

    /// How many of the bytes may be handed over now: up to the end of a head or of a body, and no more of a body than the
    /// service may leave untaken.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, TooLarge> {
        if self.phase == Phase::Head {
            return self.advance_head(bytes);
        }
        let mut at = 0;
        while at < bytes.len() && self.phase != Phase::Head && self.raw < UNTAKEN_BODY {
            let step = self.advance_body(&bytes[at..]);
            self.raw += step;
            at += step;
        }
        Ok(at)
    }

    fn advance_head(&mut self, bytes: &[u8]) -> Result<usize, TooLarge> {
        let mut at = 0;
        while at < bytes.len() {
            at += self.head.skip(&bytes[at..]);
            let Some(byte) = bytes.get(at) else { break };
            at += 1;
            if self.head.take(*byte)? {
                self.end_head();
                return Ok(at);
            }
        }
        self.head.bounded().map(|()| at)
    }

    fn end_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.heads += 1;
        (self.body, self.raw) = (0, 0);
        self.phase = match (head.chunked, head.content_length) {
            (true, _) => Phase::ChunkSize(0),
            (false, 0) => Phase::Head,
            (false, length) => Phase::Body(length),
        };
    }

    /// One step in a body: the number of bytes, at least one.
    fn advance_body(&mut self, bytes: &[u8]) -> usize {
        let (byte, room) = (bytes[0], UNTAKEN_BODY - self.raw);
        let data = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()).min(room).max(1);
        let (phase, step) = match self.phase {
            Phase::Head => (Phase::Head, 0),
            Phase::Body(left) => match left - data(left) as u64 {
                0 => (Phase::Head, data(left)),
                less => (Phase::Body(less), data(left)),
            },
            Phase::ChunkSize(size) => match char::from(byte).to_digit(16) {
                Some(digit) => (Phase::ChunkSize(size.saturating_mul(16).saturating_add(u64::from(digit))), 1),
                None => (Phase::ChunkExtension(size).after_size(byte), 1),
            },
            Phase::ChunkExtension(size) => (Phase::ChunkExtension(size).after_size(byte), 1),
            Phase::ChunkData(left) => match left - data(left) as u64 {
                0 => (Phase::ChunkEnd, data(left)),
                less => (Phase::ChunkData(less), data(left)),
            },
            Phase::ChunkEnd if byte == b'\n' => (Phase::ChunkSize(0), 1),
            Phase::LastEnd if byte == b'\n' => (Phase::Head, 1),
            same => (same, 1),
        };
        if matches!(self.phase, Phase::Body(_) | Phase::ChunkData(_)) {
            self.body += step as u64;
        }
        self.phase = phase;
        step
    }
}

impl Phase {
    /// What follows a byte after the size of a chunk.
    fn after_size(self, byte: u8) -> Self {
        match self {
            Self::ChunkExtension(0) if byte == b'\n' => Self::LastEnd,
            Self::ChunkExtension(size) if byte == b'\n' => Self::ChunkData(size),
            same => same,
        }
    }
}

impl Head {
    fn bounded(&self) -> Result<(), TooLarge> {
        match self.length > LONGEST_HEAD || self.name_length > LONGEST_NAME {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }

    /// Bytes that say nothing: the rest of the request line, or of a value that does not matter.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let matters = self.part == Part::Value && self.names("content-length");
        if matters || !matches!(self.part, Part::Line | Part::Value) {
            return 0;
        }
        let skipped = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        self.length += skipped;
        skipped
    }

    /// Takes one byte; whether it was the last of the head.
    fn take(&mut self, byte: u8) -> Result<bool, TooLarge> {
        self.length += 1;
        match (self.part, byte) {
            (Part::Before, b'\r' | b'\n') => {}
            (Part::Before, _) => self.part = Part::Line,
            (Part::LineStart, b'\n') => return self.bounded().map(|()| true),
            (_, b'\n') => (self.part, self.name_length) = (Part::LineStart, 0),
            (Part::LineStart, b'\r') => {}
            (Part::LineStart | Part::Name, b':') => {
                self.part = Part::Value;
                if self.names("content-length") {
                    self.content_length = 0;
                }
                self.chunked |= self.names("transfer-encoding");
            }
            (Part::LineStart | Part::Name, _) => {
                self.part = Part::Name;
                if let Some(place) = self.name.get_mut(self.name_length) {
                    *place = byte.to_ascii_lowercase();
                }
                self.name_length += 1;
            }
            (Part::Value, b'0'..=b'9') if self.names("content-length") => {
                let digit = u64::from(byte - b'0');
                self.content_length = self.content_length.saturating_mul(10).saturating_add(digit);
            }
            _ => {}
        }
        self.bounded().map(|()| false)
    }

    fn names(&self, name: &str) -> bool {
        self.name.get(..self.name_length).is_some_and(|read| read == name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lengths of the pieces that a connection's bytes are handed over in, when they arrive `at_once` bytes at a time and
    /// the service takes everything.
    fn pieces(text: &str, at_once: usize) -> Result<Vec<usize>, TooLarge> {
        let (mut framing, mut pieces, mut heads) = (Framing::default(), Vec::new(), 0);
        for arrived in text.as_bytes().chunks(at_once) {
            let mut rest = arrived;
            while !rest.is_empty() {
                assert!(!framing.must_wait(u64::MAX));
                let new = framing.is_between_requests();
                let handed = framing.advance(rest)?;
                match pieces.last_mut() {
                    Some(last) if !new => *last += handed,
                    _ => pieces.push(handed),
                }
                rest = &rest[handed..];
                heads = heads.max(framing.heads());
            }
        }
        Ok(pieces)
    }

    #[test]
    fn framing_hands_over_one_request_at_a_time() {
        let requests = [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\nPOST / HTTP/1.1\nContent-Length: 5\n\nabcde",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nCONTENT-LENGTH:0\r\nX: Content-Length: 9\r\n\r\n",
            "GET /last HTTP/1.0\r\n\r\n",
        ];
        let lengths: Vec<usize> = requests.iter().map(|request| request.len()).collect();
        let text = requests.concat();
        for at_once in 1..text.len() {
            assert_eq!(pieces(&text, at_once).as_deref(), Ok(&lengths[..]), "{at_once} bytes at a time");
        }
    }

    #[test]
    fn framing_head_or_name_beyond_limit_is_too_large() {
        let head = |more: &str| format!("GET / HTTP/1.1\r\n{more}\r\n\r\n");
        let value = "v".repeat(LONGEST_HEAD - head("X: ").len());
        let name = "n".repeat(LONGEST_NAME);
        for (more, fits) in [
            (format!("X: {value}"), true),
            (format!("X: {value}v"), false),
            (format!("{name}: v"), true),
            (format!("{name}n: v"), false),
            ("n".repeat(70_000), false),
            (format!("X: y\r\n{}", "\r".repeat(LONGEST_HEAD)), false),
        ] {
            for at_once in [1, 100, usize::MAX] {
                assert_eq!(pieces(&head(&more), at_once).is_ok(), fits, "{} bytes, {at_once} at a time", more.len());
            }
        }
        assert_eq!(pieces(&"\r\n".repeat(LONGEST_HEAD), 1000), Err(TooLarge));
    }

    #[test]
    fn framing_body_waits_until_the_service_takes_of_it() {
        let mut framing = Framing::default();
        let head = b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n";
        assert_eq!(framing.advance(head), Ok(head.len()));
        let body = vec![b'a'; 100_000];
        assert_eq!(framing.advance(&body), Ok(UNTAKEN_BODY));
        assert!(framing.must_wait(0) && framing.must_wait(1_000));
        assert_eq!(framing.advance(&body), Ok(0));
        assert!(!framing.must_wait(UNTAKEN_BODY as u64));
        assert_eq!(framing.advance(&body), Ok(UNTAKEN_BODY));
    }

    proptest! {
        #[test]
        fn framing_of_any_bytes_makes_progress_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), at_once in 1_usize..200) {
            let mut framing = Framing::default();
            for arrived in bytes.chunks(at_once) {
                let mut rest = arrived;
                while !rest.is_empty() {
                    if framing.must_wait(u64::MAX) { break }
                    match framing.advance(rest) {
                        Ok(handed) => { prop_assert!(handed > 0 && handed <= rest.len()); rest = &rest[handed..]; }
                        Err(TooLarge) => return Ok(()),
                    }
                }
            }
        }
    }
}
