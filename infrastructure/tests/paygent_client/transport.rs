//! What becomes of a call when certificates, connections or answers are not as they should be.

use crate::server::{Behaviour, Certificates, TestServer, paygent};
use crate::{stored, transaction};
use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::paygent::{
    AuthoriseToken, Inquiry, NotSent, Outcome, Paygent, PaymentRef, ReplyError, Settled, Transport, TransportConfig,
    TransportError, UnknownReason,
};

/// Beyond the limit for a reply.
const TOO_LARGE: usize = 1024 * 1024 + 1;

async fn void(paygent: &Paygent) -> Outcome<Settled> {
    paygent.void(&PaymentRef::Payment("123".parse().unwrap())).await
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

#[tokio::test]
async fn r1_a_renewal_is_sent_whole_and_its_answer_is_read() {
    let reply = "\r\nresult=0\r\nresponse_code=\r\npayment_id=9001\r\ntrading_id=02396000000000831705\r\n\
        masked_card_number=************1234\r\ncard_valid_term=0328\r\nacq_name=三井住友\r\n";
    let server = TestServer::start(Behaviour::Ok(encoding_rs::SHIFT_JIS.encode(reply).0.into_owned()));
    let authorised = server.paygent().authorise_stored_card(&stored()).await.approved().unwrap();
    assert_eq!(authorised.payment_id.as_str(), "9001");
    assert_eq!(authorised.acquirer_name.as_deref(), Some("三井住友"));
    assert_eq!(authorised.card.valid_term, "0328".parse().ok());
    assert_eq!(
        server.requests(),
        ["POST /n/card/request HTTP/1.1 telegram_kind=020&telegram_version=1.0&trading_id=02396000000000831705\
          &payment_amount=1200&payment_class=10&sales_mode=1&stock_card_mode=1&customer_id=02396_M0001\
          &customer_card_id=71&3dsecure_ryaku=1&merchant_id=12345&connect_id=connect&connect_password=topsecretpassword"]
    );
}

#[tokio::test]
async fn c3_a_token_is_sent_with_its_authentication_or_without_any() {
    let server = TestServer::start(Behaviour::Ok(b"result=0\r\npayment_id=9001\r\n".to_vec()));
    let id = "11111111-1111-1111-1111-111111111111";
    let mut payment = AuthoriseToken {
        transaction_id: transaction(),
        amount: Yen::new(1).unwrap(),
        card_token: "tok_x".into(),
        three_d_secure: Some(id.parse().unwrap()),
        sale_mode: SaleMode::AuthorizeOnly,
    };
    assert!(server.paygent().authorise_token(&payment).await.approved().is_some());
    payment.three_d_secure = None;
    assert!(server.paygent().authorise_token(&payment).await.approved().is_some());
    let requests = server.requests();
    assert!(requests[0].contains(&format!("&sales_mode=0&card_token=tok_x&3dsecure_use_type=2&3ds_auth_id={id}&")));
    assert!(requests[1].contains("&card_token=tok_x&3dsecure_ryaku=1&"));
}

#[tokio::test]
async fn calls_one_after_another_share_a_connection() {
    let server = TestServer::start(Behaviour::Ok(b"result=0\r\n".to_vec()));
    let paygent = server.paygent();
    for _ in 0..5 {
        assert!(matches!(void(&paygent).await, Outcome::Approved(_)));
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn replies_of_every_http_framing_are_read() {
    for reply in [
        http("HTTP/1.0 200 OK", b"\r\nresult=0\r\n"),
        http("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html; charset=UTF-8", b"result=0\r\n"),
        http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"4\r\nresu\r\n6\r\nlt=0\r\n\r\n0\r\n\r\n"),
    ] {
        let server = TestServer::start(Behaviour::Raw(reply));
        assert_eq!(void(&server.paygent()).await, Outcome::Approved(Settled { payment_id: None }));
    }
}

#[tokio::test]
async fn w2_whatever_is_lost_after_sending_is_unknown_and_sent_only_once() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 100";
    let huge = vec![b'\n'; TOO_LARGE];
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: {}", huge.len());
    type Check = fn(&UnknownReason) -> bool;
    let lost: Check = |reason| matches!(reason, UnknownReason::ConnectionLost(_));
    let status: Check = |reason| matches!(reason, UnknownReason::HttpStatus(_));
    let unusable: Check = |reason| matches!(reason, UnknownReason::Reply(_));
    let cases: Vec<(&str, Behaviour, Check)> = vec![
        ("closed", Behaviour::Close, lost),
        ("not HTTP", Behaviour::Raw(b"garbage\r\n\r\n".to_vec()), lost),
        ("half a head", Behaviour::Raw(b"HTTP/1.1 200 O".to_vec()), lost),
        ("half a body", Behaviour::Raw(http(ok, b"result=0\r\n")), lost),
        ("no goodbye", Behaviour::RawThenCut(http("HTTP/1.0 200 OK", b"result=0\r\n")), lost),
        ("503", Behaviour::Raw(http("HTTP/1.1 503 Busy\r\nContent-Length: 0", b"")), status),
        ("500 as success", Behaviour::Raw(http("HTTP/1.1 500 No\r\nContent-Length: 10", b"result=0\r\n")), status),
        ("404", Behaviour::Raw(http("HTTP/1.1 404 No\r\nContent-Length: 0", b"")), status),
        ("redirect", Behaviour::Raw(http("HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0", b"")), status),
        ("huge", Behaviour::Raw(http(&endless, &huge)), unusable),
        ("empty", Behaviour::Ok(Vec::new()), unusable),
        ("bad bytes", Behaviour::Ok(b"result=0\r\nx=\x81\r\n".to_vec()), unusable),
        ("another payment", Behaviour::Ok(b"result=0\r\npayment_id=124\r\n".to_vec()), unusable),
    ];
    for (name, behaviour, expected) in cases {
        let server = TestServer::start(behaviour);
        let outcome = void(&server.paygent()).await;
        assert!(matches!(&outcome, Outcome::Unknown(reason) if expected(reason)), "{name}: {outcome:?}");
        assert!(!outcome.booked_nothing(), "{name}");
        assert_eq!(server.requests().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn w2_silence_after_sending_is_unknown_by_the_time_limit() {
    let server = TestServer::start(Behaviour::Silence);
    let config = TransportConfig {
        timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(1400),
        ..server.config()
    };
    let outcome = paygent(&config).authorise_stored_card(&stored()).await;
    assert_eq!(outcome, Outcome::Unknown(UnknownReason::TimedOut(1500)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_approval_without_a_payment_id_or_for_another_transaction_is_unknown() {
    for (reply, error) in [
        ("result=0\r\n", ReplyError::Missing("payment_id")),
        ("result=0\r\npayment_id=9001\r\ntrading_id=02396000000000831706\r\n", ReplyError::OtherSubject("trading_id")),
        (
            "result=1\r\nresponse_code=2001\r\ntrading_id=02396000000000831706\r\n",
            ReplyError::OtherSubject("trading_id"),
        ),
    ] {
        let server = TestServer::start(Behaviour::Ok(reply.as_bytes().to_vec()));
        let outcome = server.paygent().authorise_stored_card(&stored()).await;
        assert_eq!(outcome, Outcome::Unknown(UnknownReason::Reply(error)), "{reply}");
    }
}

#[tokio::test]
async fn w1_no_connection_means_nothing_was_sent() {
    let server = TestServer::start(Behaviour::Ok(b"result=0\r\n".to_vec()));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Listens, but never speaks TLS: the handshake runs into the time limit for connecting.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain_address = plain.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let mute_address = mute.local_addr().unwrap();
    for (name, address) in [("closed", closed), ("mute", mute_address), ("plain", plain_address)] {
        let config = TransportConfig {
            base_url: format!("https://localhost:{}", address.port()),
            connect_timeout: Duration::from_millis(700),
            ..server.config()
        };
        let outcome = void(&paygent(&config)).await;
        assert!(matches!(&outcome, Outcome::NotSent(NotSent::Connection(_))), "{name}: {outcome:?}");
        assert!(outcome.booked_nothing(), "{name}");
    }
    let config = TransportConfig { base_url: format!("https://localhost:{}", closed.port()), ..server.config() };
    let answer = paygent(&config).inquire(&PaymentRef::Transaction(transaction())).await;
    assert!(matches!(answer, Inquiry::Unknown(UnknownReason::NotSent(_))), "{answer:?}");
}

#[tokio::test]
async fn w1_a_certificate_that_either_side_refuses_means_nothing_was_sent() {
    let server = TestServer::start(Behaviour::Ok(b"result=0\r\n".to_vec()));
    // An unknown authority, and one that only pretends to be the known one by its name.
    for name in ["stranger", "test"] {
        let strangers = tempfile::tempdir().unwrap();
        Certificates::new(name).write(&strangers);
        let untrusted = TransportConfig { ca_certificate: strangers.path().join("ca.pem"), ..server.config() };
        let unwelcome = TransportConfig { client_certificate: strangers.path().join("client.pem"), ..server.config() };
        for config in [untrusted, unwelcome] {
            let outcome = void(&paygent(&config)).await;
            assert!(matches!(&outcome, Outcome::NotSent(NotSent::Connection(_))), "{outcome:?}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn bad_certificate_files_are_named_in_one_sentence() {
    let server = TestServer::start(Behaviour::Close);
    let good = std::fs::read_to_string(server.file("client.pem")).unwrap();
    let (certificate, key) = good.split_once("-----BEGIN PRIVATE KEY").unwrap();
    let key = format!("-----BEGIN PRIVATE KEY{key}");
    let strangers = tempfile::tempdir().unwrap();
    Certificates::new("stranger").write(&strangers);
    let other = std::fs::read_to_string(strangers.path().join("client.pem")).unwrap();
    let other_key = format!("-----BEGIN PRIVATE KEY{}", other.split_once("-----BEGIN PRIVATE KEY").unwrap().1);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, content, words) in [
        ("empty.pem", String::new(), "no certificate"),
        ("key_only.pem", key.clone(), "no certificate"),
        ("certificate_only.pem", certificate.to_owned(), "no readable private key"),
        ("passphrase.pem", certificate.to_owned() + &key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "passphrase"),
        ("mismatch.pem", certificate.to_owned() + &other_key, "do not work together"),
        ("broken.pem", broken.to_owned() + &key, "do not work together"),
        ("cut.pem", good[..good.len() / 2].to_owned(), "PEM"),
    ] {
        std::fs::write(server.file(name), content).unwrap();
        let config = TransportConfig { client_certificate: server.file(name), ..server.config() };
        let text = Transport::new(&config).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains(words) && !text.contains('\n'), "{name}: {text}");
        assert!(!text.contains(key.lines().nth(1).unwrap()), "{name}: {text}");
    }
    std::fs::write(server.file("bad_ca.pem"), broken).unwrap();
    for (name, words) in [("missing.pem", "cannot be read"), ("bad_ca.pem", "is bad"), ("", "cannot be read")] {
        let config = TransportConfig { ca_certificate: server.file(name), ..server.config() };
        let text = Transport::new(&config).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains(words) && text.contains("authority"), "{name}: {text}");
    }
}

#[test]
fn addresses_and_time_limits_that_cannot_work_are_refused_without_being_quoted() {
    let server = TestServer::start(Behaviour::Close);
    for address in [
        "",
        "localhost",
        "http://localhost",
        "https://user:hunter2@localhost",
        "https://localhost?a=hunter2",
        "https://",
    ] {
        let config = TransportConfig { base_url: address.to_owned(), ..server.config() };
        let error = Transport::new(&config).unwrap_err();
        assert!(matches!(error, TransportError::Address(_)), "{address}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for (timeout, connect_timeout) in [(1, 1), (1, 2), (1, 0)] {
        let config = TransportConfig {
            timeout: Duration::from_secs(timeout),
            connect_timeout: Duration::from_secs(connect_timeout),
            ..server.config()
        };
        assert!(matches!(Transport::new(&config), Err(TransportError::Timeouts)));
    }
}
