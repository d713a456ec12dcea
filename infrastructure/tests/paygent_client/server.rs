//! A small TLS server for tests: one scripted behaviour, and a record of every request that arrived.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use teiki_infrastructure::paygent::{Credentials, Paygent, Transport, TransportConfig};
use tempfile::TempDir;

/// What the server does with each request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Sends these bytes as they are and closes.
    Raw(Vec<u8>),
    /// Sends these bytes and drops the connection without TLS's own goodbye.
    RawThenCut(Vec<u8>),
    /// Sends a 200 reply with this body and keeps the connection.
    Ok(Vec<u8>),
    /// Reads the request and closes.
    Close,
    /// Reads the request and says nothing until the client goes.
    Silence,
}

/// A running server; it ends with the test process.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) files: TempDir,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

/// One certificate authority with a server's and a client's certificate.
pub(crate) struct Certificates {
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { authority: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.authority).unwrap();
        (certificate, key)
    }

    /// Writes `ca.pem` and `client.pem`.
    pub(crate) fn write(&self, folder: &TempDir) {
        let (certificate, key) = self.issue();
        std::fs::write(folder.path().join("ca.pem"), self.authority.pem()).unwrap();
        std::fs::write(folder.path().join("client.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
    }
}

impl TestServer {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let certificates = Certificates::new("test");
        let server = Self::start_with(behaviour, &certificates);
        certificates.write(&server.files);
        server
    }

    pub(crate) fn start_with(behaviour: Behaviour, certificates: &Certificates) -> Self {
        let (certificate, key) = certificates.issue();
        let mut roots = RootCertStore::empty();
        roots.add(certificates.authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            files: tempfile::tempdir().unwrap(),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let (requests, connections) = (server.requests.clone(), server.connections.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *connections.lock().unwrap() += 1;
                let (config, behaviour, requests) = (config.clone(), behaviour.clone(), requests.clone());
                thread::spawn(move || serve(stream, config, &behaviour, &requests));
            }
        });
        server
    }

    /// Bodies of all requests that arrived whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    pub(crate) fn config(&self) -> TransportConfig {
        TransportConfig {
            timeout: Duration::from_secs(20),
            ..TransportConfig::new(
                format!("https://localhost:{}", self.address.port()),
                self.file("client.pem"),
                self.file("ca.pem"),
            )
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub(crate) fn paygent(&self) -> Paygent {
        paygent(&self.config())
    }
}

/// A client with made-up credentials.
pub(crate) fn paygent(config: &TransportConfig) -> Paygent {
    let credentials = Credentials {
        merchant_id: "12345".to_owned(),
        connect_id: "connect".to_owned(),
        connect_password: "topsecretpassword".into(),
    };
    Paygent::new(Arc::new(Transport::new(config).unwrap()), credentials)
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    behaviour: &Behaviour,
    requests: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).ok()?, stream);
    while let Some(request) = read_request(&mut tls) {
        requests.lock().unwrap().push(request);
        match behaviour {
            Behaviour::Ok(body) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                tls.write_all(&[head.as_bytes(), body].concat()).ok()?;
                tls.flush().ok()?;
                continue;
            }
            Behaviour::Raw(bytes) => {
                tls.write_all(bytes).ok()?;
                tls.conn.send_close_notify();
                tls.flush().ok()?;
            }
            Behaviour::RawThenCut(bytes) => {
                tls.write_all(bytes).ok()?;
                tls.flush().ok()?;
            }
            Behaviour::Close => {}
            Behaviour::Silence => {
                let _ = tls.read(&mut [0; 1]);
            }
        }
        break;
    }
    if tls.conn.is_handshaking() {
        // Closing with unread bytes would reset the connection and might overtake the alert.
        let _ = std::io::copy(&mut tls.sock, &mut std::io::sink());
    }
    Some(())
}

/// Reads one request and gives its body.
fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
        seen.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        })?;
        if body.len() >= length {
            return Some(format!("{} {body}", head.lines().next()?));
        }
    }
}
