//! A DNS server that knows the TXT and CNAME records that a test publishes. Its messages are written by hand (RFC 1035 §4), apart
//! from the library that the server under test reads them with.
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::UdpSocket, task::JoinHandle};

const CNAME: u16 = 5;
const TXT: u16 = 16;

/// Records at a name: type and data.
type Records = HashMap<String, Vec<(u16, Vec<u8>)>>;

/// Listens on UDP at a port of its own. Stops when dropped.
#[derive(Debug)]
pub struct DnsServer {
    /// Where it listens.
    pub address: SocketAddr,
    records: Arc<Mutex<Records>>,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl DnsServer {
    /// Starts it, without records.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (records, asked) = (Arc::<Mutex<Records>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (known, seen) = (records.clone(), asked.clone());
        let task = tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                if let Some((name, answer)) = answer(&packet[..length], &known.lock().unwrap()) {
                    seen.lock().unwrap().push(name);
                    let _ = socket.try_send_to(&answer, from);
                }
            }
        });
        Self { address, records, asked, task }
    }

    /// The setting that makes a server ask it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("dns.resolver", self.address.to_string())]
    }

    /// Publishes one more text at a name, made of these segments.
    pub fn publish(&self, name: &str, segments: &[&str]) {
        self.add(name, TXT, strings(segments));
    }

    /// Points a name at another one.
    pub fn publish_cname(&self, name: &str, target: &str) {
        let labels: Vec<&str> = target.split('.').chain([""]).collect();
        self.add(name, CNAME, strings(&labels));
    }

    fn add(&self, name: &str, kind: u16, data: Vec<u8>) {
        self.records.lock().unwrap().entry(name.to_owned()).or_default().push((kind, data));
    }

    /// Takes back all records at a name.
    pub fn withdraw(&self, name: &str) {
        self.records.lock().unwrap().remove(name);
    }

    /// The names that were asked for since this was last called.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Name of the question, and the answer to it.
fn answer(query: &[u8], records: &Records) -> Option<(String, Vec<u8>)> {
    const POINTER_TO_QUESTION: [u8; 2] = [0xc0, 12];
    let (mut at, mut labels) = (12, Vec::new());
    while *query.get(at)? != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(query.get(at + 1..at + 1 + length)?).to_lowercase());
        at += 1 + length;
    }
    let question = query.get(12..at + 5)?;
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    let found = records.get(&name).map(Vec::as_slice).unwrap_or_default();
    let found: Vec<_> = found.iter().filter(|record| record.0 == kind).collect();
    // No error, or no such name.
    let code = if records.contains_key(&name) { 0 } else { 3 };
    let mut out = query.get(..2)?.to_vec();
    out.extend([0x81, 0x80 | code, 0, 1]);
    out.extend(u16::try_from(found.len()).ok()?.to_be_bytes());
    out.extend([0, 0, 0, 0]);
    out.extend(question);
    for (kind, data) in found {
        out.extend(POINTER_TO_QUESTION);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some((name, out))
}

/// Strings, or labels of a name, each after its length.
fn strings(texts: &[&str]) -> Vec<u8> {
    let strings = texts.iter().map(|text| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat());
    strings.collect::<Vec<_>>().concat()
}
