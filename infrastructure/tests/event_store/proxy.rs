//! Stands between a client and the PostgreSQL server and loses a COMMIT, or the answer to one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What happens to the next COMMIT.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It passes.
    None = 0,
    /// It is carried out, and the connection ends before the answer.
    LoseAnswer = 1,
    /// The connection ends before it arrives.
    LoseCommit = 2,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The proxy; it ends with the runtime.
pub(crate) struct Proxy {
    /// The store's address through the proxy.
    pub(crate) url: String,
    armed: Arc<AtomicU8>,
}

impl Proxy {
    /// A proxy in front of the server that `url` names.
    pub(crate) async fn before(url: &str) -> Self {
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let start = url.find("://").unwrap() + 3;
        let user = url[start..].split('/').next().unwrap().rsplit_once('@').map_or("postgres", |(user, _)| user);
        let database = options.get_database().unwrap();
        let through = format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable");
        let armed = Arc::new(AtomicU8::new(0));
        let fault = armed.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server: Box<dyn Stream> = match options.get_socket() {
                    Some(folder) => {
                        let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
                        Box::new(UnixStream::connect(socket).await.unwrap())
                    }
                    None => Box::new(TcpStream::connect((options.get_host(), options.get_port())).await.unwrap()),
                };
                tokio::spawn(carry(client, server, fault.clone()));
            }
        });
        Self { url: through, armed }
    }

    /// Arms the fault for the next COMMIT.
    pub(crate) fn arm(&self, fault: Fault) {
        self.armed.store(fault as u8, Ordering::SeqCst);
    }

    /// Whether the armed fault has happened.
    pub(crate) fn happened(&self) -> bool {
        self.armed.load(Ordering::SeqCst) == Fault::None as u8
    }
}

async fn carry(mut client: TcpStream, mut server: Box<dyn Stream>, armed: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let commit = up[..length].windows(7).any(|window| window == b"COMMIT\0");
                let fault = if commit { armed.swap(0, Ordering::SeqCst) } else { 0 };
                if fault == Fault::LoseCommit as u8 || server.write_all(&up[..length]).await.is_err() {
                    return;
                }
                if fault == Fault::LoseAnswer as u8 {
                    // The answer shows that it is carried out.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
