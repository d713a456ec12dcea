//! The TLS server: certificates are asked for but judged per request, so that a client without one can be told P016.

use std::{convert::Infallible, future, net, pin::Pin, sync::Arc, task, time::Duration};

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::{
    Method, Request as HttpRequest, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming},
    header,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificates::Certificates,
    error::{Result, SimulatorError},
    gateway::{Sent, exchange},
    script_file,
    shared::Shared,
    telegram::Request,
    token,
};

/// Requests may be this long.
const LONGEST_REQUEST: usize = 102_400;
/// A client that takes longer to shake hands is turned away.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Enough for the first half of a reply to leave before its connection breaks.
const HALF_REPLY_PAUSE: Duration = Duration::from_millis(20);

type ReplyBody = Either<Full<Bytes>, HalfBody>;

/// The server's side of TLS, and the judge over client certificates.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    judge: Arc<dyn ClientCertVerifier>,
}

impl Tls {
    pub(crate) fn load(certificates: &Certificates) -> Result<Self> {
        Self::build(certificates).map_err(|reason| SimulatorError::Certificates {
            directory: certificates.directory().to_owned(),
            reason: reason.to_string(),
        })
    }

    fn build(certificates: &Certificates) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(certificates.ca())? {
            roots.add(certificate?)?;
        }
        let judge = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
        let chain =
            CertificateDer::pem_file_iter(certificates.server())?.collect::<std::result::Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(certificates.server_key())?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(Arc::new(AnyClient(judge.clone())))
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), judge })
    }

    fn certified(&self, shown: Option<&[CertificateDer<'static>]>) -> bool {
        shown
            .and_then(<[_]>::split_first)
            .is_some_and(|(own, rest)| self.judge.verify_client_cert(own, rest, UnixTime::now()).is_ok())
    }
}

/// Takes any certificate whose key the client holds; who issued it is judged after the handshake.
#[derive(Debug)]
struct AnyClient(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> std::result::Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Serves until the simulator is stopped.
pub(crate) async fn serve(shared: Arc<Shared>, tls: Tls, listener: net::TcpListener) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return Ok(()),
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(connection(shared.clone(), tls.clone(), stream))),
            Err(error) => {
                // Out of file descriptors, usually; the next attempt may find some.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn connection(shared: Arc<Shared>, tls: Tls, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let stream = match tokio::time::timeout(HANDSHAKE, tls.acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => return tracing::debug!("TLS handshake took too long"),
    };
    let certified = tls.certified(stream.get_ref().1.peer_certificates());
    let service = {
        let shared = shared.clone();
        service_fn(move |request| {
            let shared = shared.clone();
            async move { respond(&shared, request, certified).await }
        })
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        served = connection => if let Err(error) = served {
            tracing::debug!(%error, "connection ended");
        },
        () = shared.stop.cancelled() => {}
    }
}

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault closed the connection")]
struct Broken;

async fn respond(
    shared: &Arc<Shared>,
    request: HttpRequest<Incoming>,
    certified: bool,
) -> std::result::Result<Response<ReplyBody>, Broken> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if head.method == Method::GET && path == script_file::PATH {
        return Ok(whole("text/javascript; charset=UTF-8", script_file::SCRIPT.as_bytes().to_vec()));
    }
    let known = matches!(
        path,
        "/n/card/request" | "/n/threeds/request" | "/n/ref/paynotice" | "/n/ref/paymentref" | token::PATH
    );
    if !known {
        return Ok(status(StatusCode::NOT_FOUND));
    }
    if head.method != Method::POST {
        return Ok(status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let Ok(body) = Limited::new(body, LONGEST_REQUEST).collect().await else {
        return Ok(status(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let request = Request::parse(&body.to_bytes(), head.uri.query());
    if path == token::PATH {
        let mut response = whole("application/json", token::reply(shared, &request).to_string().into_bytes());
        // The browser asks from the shop's page, so from another origin.
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
        return Ok(response);
    }
    match exchange(shared, path, request, certified).await {
        Sent::Whole(bytes, true) => Ok(whole("text/plain; charset=UTF-8", bytes)),
        Sent::Whole(bytes, false) => Ok(whole("text/plain", bytes)),
        Sent::Half(bytes) => Ok(half(bytes)),
        Sent::Unavailable => Ok(status(StatusCode::SERVICE_UNAVAILABLE)),
        Sent::Nothing => Err(Broken),
    }
}

fn whole(content_type: &'static str, bytes: Vec<u8>) -> Response<ReplyBody> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(bytes))));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

fn status(status: StatusCode) -> Response<ReplyBody> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = status;
    response
}

fn half(mut bytes: Vec<u8>) -> Response<ReplyBody> {
    let announced = bytes.len();
    bytes.truncate(announced / 2);
    let pause = Box::pin(tokio::time::sleep(HALF_REPLY_PAUSE));
    let mut response = Response::new(Either::Right(HalfBody { half: Some(Bytes::from(bytes)), pause }));
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from(announced));
    response
}

/// Hands out what it has and then fails, which makes the connection break.
struct HalfBody {
    half: Option<Bytes>,
    pause: Pin<Box<Sleep>>,
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> task::Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        if let Some(half) = self.half.take() {
            return task::Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // The body ends short of the announced length, so the connection is closed in the middle of the reply.
        future::Future::poll(self.pause.as_mut(), context).map(|()| None)
    }
}
