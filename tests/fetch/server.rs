//! An HTTP server on this machine that misbehaves by script. Knows sockets and bytes only.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What is answered to one request.
#[derive(Clone)]
pub enum Reply {
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes; then nothing more, and the connection stays open.
    Stall(Vec<u8>),
    /// The first bytes, then the others again and again with pauses, for as long as anybody listens.
    Drip(Vec<u8>, Vec<u8>),
    /// The connection is reset before anything is read.
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
}

type Script = dyn Fn(&Request, usize) -> Reply + Send;

/// The server; it ends with the test.
pub struct Server {
    address: SocketAddr,
    script: Arc<Mutex<Box<Script>>>,
    asked: Arc<Mutex<Vec<Request>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// One that answers by a script: the request, and how many came before it under the same script.
    pub fn start(script: impl Fn(&Request, usize) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let (asked, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (its_script, its_asked, its_ended) = (script.clone(), asked.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                if its_ended.load(Ordering::SeqCst) {
                    return;
                }
                open.extend(answer(stream.unwrap(), &its_script, &its_asked));
            }
        });
        Server { address, script, asked, ended, thread: Some(thread) }
    }

    /// Answers by another script from now on, and forgets what was asked.
    pub fn now(&self, script: impl Fn(&Request, usize) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
        self.asked.lock().unwrap().clear();
    }

    /// The same answer to everything.
    pub fn always(&self, reply: Reply) {
        self.now(move |_, _| reply.clone());
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What was asked under the script in force.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Answers one request; returns the connection when it shall stay open.
fn answer(mut stream: TcpStream, script: &Mutex<Box<Script>>, asked: &Mutex<Vec<Request>>) -> Option<TcpStream> {
    // Looked at, not read: a socket that is closed with bytes unread is reset.
    let mut head = vec![0; 1 << 14];
    let length = loop {
        let n = stream.peek(&mut head).ok()?;
        if n == 0 {
            return None;
        }
        if let Some(end) = head[..n].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let request = parse(std::str::from_utf8(&head[..length]).unwrap());
    let nth = asked.lock().unwrap().len();
    asked.lock().unwrap().push(request.clone());
    let reply = script.lock().unwrap()(&request, nth);
    if matches!(reply, Reply::Reset) {
        return None;
    }
    stream.read_exact(&mut head[..length]).ok()?;
    if let Reply::Drip(first, bytes) = &reply {
        let _ = stream.write_all(first);
        while stream.write_all(bytes).is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    let (Reply::Bytes(bytes) | Reply::Stall(bytes)) = &reply else { return None };
    // A client that has seen enough closes its end.
    let _ = stream.write_all(bytes);
    if matches!(reply, Reply::Stall(_)) {
        return Some(stream);
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
    None
}

fn parse(head: &str) -> Request {
    let mut lines = head.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Request { path, headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect() }
}

/// A response with a status line, header lines and a body. `Content-Length` is only there when it is among the lines.
pub fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A file as a server should send it.
pub fn file(body: &[u8], headers: &[&str]) -> Reply {
    let length = format!("Content-Length: {}", body.len());
    Reply::Bytes(response("200 OK", &[&[length.as_str()], headers].concat(), body))
}

/// A status without a body.
pub fn status(status: &str, headers: &[&str]) -> Reply {
    Reply::Bytes(response(status, &[&["Content-Length: 0"], headers].concat(), b""))
}
