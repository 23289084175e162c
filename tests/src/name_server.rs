//! A name server on loopback that knows a few names, and misbehaves with some.

use std::net::SocketAddr;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What is known of a name.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// Its mail goes to these hosts.
    Mail(&'static [&'static str]),
    /// It has an address, and no word about mail.
    Address,
    /// It exists, and that is all.
    Nothing,
    /// The server cannot tell.
    Failure,
    /// The server never answers.
    Silence,
}

/// A running name server; it ends with the value.
#[derive(Debug)]
pub struct NameServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Starts one that knows these names; no other exists.
    pub async fn start(names: &'static [(&'static str, Known)]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer(names, &buffer[..length]) {
                    socket.send_to(&answer, client).await.expect("a client that listens");
                }
            }
        });
        Self { address, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(names: &[(&str, Known)], request: &[u8]) -> Option<Vec<u8>> {
    let request = Message::from_vec(request).expect("a question");
    let question = request.queries.first().expect("a question");
    let asked = question.name().to_ascii();
    let known = names.iter().find(|(name, _)| *name == asked.trim_end_matches('.'));
    let mut reply = Message::response(request.metadata.id, OpCode::Query);
    reply.add_query(question.clone());
    reply.metadata.recursion_available = true;
    let mut add = |data| {
        reply.add_answer(Record::from_rdata(question.name().clone(), 60, data));
    };
    match known.map(|(_, known)| *known) {
        Some(Known::Mail(hosts)) if question.query_type() == RecordType::MX => {
            hosts.iter().for_each(|host| add(RData::MX(MX::new(10, Name::from_ascii(host).expect("a name")))));
        }
        Some(Known::Address) if question.query_type() == RecordType::A => add(RData::A(A::new(192, 0, 2, 1))),
        Some(Known::Mail(_) | Known::Address | Known::Nothing) => {}
        Some(Known::Failure) => reply.metadata.response_code = ResponseCode::ServFail,
        Some(Known::Silence) => return None,
        None => reply.metadata.response_code = ResponseCode::NXDomain,
    }
    Some(reply.to_vec().expect("an answer"))
}
