//! Stands between an engine and the PostgreSQL server and keeps back the answer to one COMMIT: the work is stored, and
//! the engine does not know it yet, as if it had been stopped just then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The proxy; it ends with the runtime.
pub struct SlowAnswers {
    /// The store's address through the proxy.
    pub url: String,
    held: CancellationToken,
    released: CancellationToken,
}

#[derive(Clone)]
struct Hold {
    text: &'static str,
    used: Arc<AtomicBool>,
    held: CancellationToken,
    released: CancellationToken,
}

impl SlowAnswers {
    /// A proxy in front of the server that `url` names. The first connection on which `text` passes waits for the
    /// answer to its next COMMIT until [`Self::release`].
    pub async fn before(url: &str, text: &'static str) -> Self {
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let start = url.find("://").unwrap() + 3;
        let user = url[start..].split('/').next().unwrap().rsplit_once('@').map_or("postgres", |(user, _)| user);
        let database = options.get_database().unwrap();
        let through = format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable");
        let (held, released) = (CancellationToken::new(), CancellationToken::new());
        let hold = Hold { text, used: Arc::default(), held: held.clone(), released: released.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server: Box<dyn Stream> = match options.get_socket() {
                    Some(folder) => {
                        let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
                        Box::new(UnixStream::connect(socket).await.unwrap())
                    }
                    None => Box::new(TcpStream::connect((options.get_host(), options.get_port())).await.unwrap()),
                };
                tokio::spawn(carry(client, server, hold.clone()));
            }
        });
        Self { url: through, held, released }
    }

    /// Waits until an answer is kept back: what it answers is stored by then.
    pub async fn held(&self) {
        self.held.cancelled().await;
    }

    /// Lets the answer go.
    pub fn release(&self) {
        self.released.cancel();
    }
}

async fn carry(mut client: TcpStream, mut server: Box<dyn Stream>, hold: Hold) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let mut met = false;
    let mut waiting = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let has = |part: &[u8]| up[..length].windows(part.len()).any(|window| window == part);
                met = met || has(hold.text.as_bytes()) && !hold.used.swap(true, Ordering::SeqCst);
                waiting = met && has(b"COMMIT\0");
                if server.write_all(&up[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if waiting {
                    (met, waiting) = (false, false);
                    hold.held.cancel();
                    hold.released.cancelled().await;
                }
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
