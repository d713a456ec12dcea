use std::{os::unix::fs::PermissionsExt, sync::Arc};

use paygent_simulator::{Certificates, Merchant, TestCard};
use rstest::rstest;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Shop, client, code, form, install_provider, path, read, stored, with_credentials};

/// Sends bytes over a TLS connection and reads until the simulator closes it.
async fn raw(shop: &Shop, version: &'static rustls::SupportedProtocolVersion, request: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(shop.simulator.ca_certificate()).unwrap()).unwrap();
    let own = shop.simulator.client_certificate();
    let chain = CertificateDer::pem_file_iter(&own).unwrap().map(Result::unwrap).collect();
    let config = ClientConfig::builder_with_protocol_versions(&[version])
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&own).unwrap())
        .unwrap();
    let address = shop.simulator.base_url().replace("https://", "");
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

fn inquiry() -> String {
    form(&with_credentials("094", &[("trading_id", "none")]))
}

#[rstest]
#[case::tls_1_2_http_1_0(&rustls::version::TLS12, "HTTP/1.0", "")]
#[case::tls_1_3_http_1_0(&rustls::version::TLS13, "HTTP/1.0", "")]
#[case::tls_1_2_http_1_1(&rustls::version::TLS12, "HTTP/1.1", "Host: localhost\r\nConnection: close\r\n")]
#[tokio::test]
async fn speaks_both_versions_of_tls_and_http(
    #[case] tls: &'static rustls::SupportedProtocolVersion,
    #[case] http: &str,
    #[case] headers: &str,
) {
    let shop = Shop::open();
    let body = inquiry();
    let length = body.len();
    let request = format!("POST {} {http}\r\n{headers}Content-Length: {length}\r\n\r\n{body}", path("094"));
    let reply = raw(&shop, tls, &request).await;
    assert!(reply.starts_with(&format!("{http} 200")), "{reply}");
    assert!(reply.contains("response_code=13001\r\n"), "{reply}");
}

#[tokio::test]
async fn several_telegrams_travel_over_one_connection() {
    let shop = Shop::open();
    let body = inquiry();
    let one = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n", path("094"), body.len());
    let request = format!("{one}\r\n{body}{one}Connection: close\r\n\r\n{body}");
    let reply = raw(&shop, &rustls::version::TLS13, &request).await;
    assert_eq!(reply.matches("response_code=13001").count(), 2, "{reply}");
}

#[tokio::test]
async fn parameters_may_stand_in_the_query_string_of_an_empty_body() {
    let shop = Shop::open();
    let url = format!("{}{}?{}", shop.simulator.base_url(), path("094"), inquiry());
    let reply = shop.client.post(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(code(&read(&reply)), ("1", "13001"));
}

#[rstest]
#[case::plain("application/x-www-form-urlencoded")]
#[case::with_charset("application/x-www-form-urlencoded; charset=Windows-31J")]
#[case::other("text/plain")]
#[tokio::test]
async fn any_order_of_keys_empty_values_unknown_keys_and_content_type_will_do(#[case] content_type: &str) {
    let shop = Shop::open();
    let mut fields = with_credentials("094", &[("trading_id", "none"), ("payment_id", ""), ("unheard_of", "x")]);
    fields.reverse();
    let url = shop.simulator.base_url() + path("094");
    let reply = shop.client.post(url).header("content-type", content_type).body(form(&fields)).send().await.unwrap();
    assert_eq!(code(&read(&reply.bytes().await.unwrap())), ("1", "13001"));
}

#[tokio::test]
async fn without_a_client_certificate_only_the_token_path_answers_anything_but_p016() {
    let shop = Shop::open();
    let stranger = client(&shop.simulator, false);
    let url = shop.simulator.base_url() + path("094");
    let reply = stranger.post(url).body(inquiry()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(code(&read(&reply)), ("1", "P016"));
    let token = stranger.post(shop.simulator.base_url() + "/n/token/request").send().await.unwrap();
    assert_eq!(token.json::<serde_json::Value>().await.unwrap()["result"], "1100");
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_answered_with_p016() {
    install_provider();
    let shop = Shop::open();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Certificates::ensure(elsewhere.path()).unwrap();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(shop.simulator.ca_certificate()).unwrap()).unwrap();
    let own = reqwest::Identity::from_pem(&std::fs::read(other.client()).unwrap()).unwrap();
    let forger = reqwest::Client::builder().tls_certs_only([ca]).identity(own).no_proxy().build().unwrap();
    let url = shop.simulator.base_url() + path("094");
    let reply = forger.post(url).body(inquiry()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(code(&read(&reply)), ("1", "P016"));
}

#[test]
fn certificates_are_made_once_and_keys_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::ensure(folder.path()).unwrap();
    let before = std::fs::read(certificates.client()).unwrap();
    Certificates::ensure(folder.path()).unwrap();
    assert_eq!(std::fs::read(certificates.client()).unwrap(), before);
    for name in ["client.pem", "server.key"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[rstest]
#[case::no_merchant_id("P001", "merchant_id", "")]
#[case::no_connect_id("P001", "connect_id", "")]
#[case::no_password("P001", "connect_password", "")]
#[case::unknown_merchant("P002", "merchant_id", "99999")]
#[case::wrong_connect_id("P002", "connect_id", "somebody")]
#[case::wrong_password("P002", "connect_password", "guess")]
#[case::letters_in_merchant_id("P008", "merchant_id", "12x45")]
#[case::merchant_id_too_long("P009", "merchant_id", "1234567890")]
#[case::other_version("P003", "telegram_version", "2.0")]
#[case::no_version("P006", "telegram_version", "")]
#[case::no_kind("P006", "telegram_kind", "")]
#[case::unknown_kind("P004", "telegram_kind", "999")]
#[case::kind_of_another_path("P004", "telegram_kind", "020")]
#[case::trading_id_too_long("P009", "trading_id", "12345678901234567890123456")]
#[case::hyphen_in_trading_id("P008", "trading_id", "a-b")]
#[case::letters_in_payment_id("P008", "payment_id", "x")]
#[tokio::test]
async fn common_fields_are_checked(#[case] expected: &str, #[case] key: &str, #[case] value: &str) {
    let shop = Shop::open();
    let body = form(&with_credentials("094", &[("trading_id", "none"), (key, value)]));
    let reply = shop.client.post(shop.simulator.base_url() + path("094")).body(body).send().await.unwrap();
    assert_eq!(code(&read(&reply.bytes().await.unwrap())), ("1", expected));
}

#[tokio::test]
async fn each_merchant_sees_only_its_own() {
    let shop = Shop::with(|config| config.merchants.push(Merchant::new("777", "other", "secret", "key")));
    let paid = shop.pay("t1", &[]).await;
    let other = [("merchant_id", "777"), ("connect_id", "other"), ("connect_password", "secret")];
    let by_trading_id = shop.send("094", &[&other[..], &[("trading_id", "t1")]].concat()).await;
    assert_eq!(code(&by_trading_id), ("1", "13001"));
    let by_payment_id = shop.send("021", &[&other[..], &[("payment_id", &paid["payment_id"])]].concat()).await;
    assert_eq!(code(&by_payment_id), ("1", "2006"));
}

#[tokio::test]
async fn text_travels_in_windows_31j_both_ways() {
    let shop = Shop::open();
    let token = shop.simulator.issue_token(&TestCard::working());
    // ① and 髙 are in Windows-31J, but not in plain Shift_JIS.
    let fields = [("customer_id", "c"), ("card_token", &token), ("cardholder_name", "髙橋 ①\"～")];
    assert_eq!(code(&shop.send("025", &fields).await), ("0", ""));
    let list = shop.try_send("027", &[("customer_id", "c")]).await.unwrap();
    let list = encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&list).unwrap();
    assert!(list.contains("\"髙橋 ①\"\"～\""), "{list}");
    let paid = shop.pay("t1", &[]).await;
    assert!(paid["issur_name"].ends_with('①'));
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_by_the_name_of_their_parameter() {
    let shop = Shop::open();
    let body = form(&with_credentials("025", &[("customer_id", "c")])) + "&add_info1=%81%20";
    let reply = shop.client.post(shop.simulator.base_url() + path("025")).body(body).send().await.unwrap();
    let reply = read(&reply.bytes().await.unwrap());
    assert_eq!(code(&reply), ("1", "P008"));
    assert!(reply["response_detail"].starts_with("\"add_info1\""));
}

#[tokio::test]
async fn replies_use_the_liberties_of_the_protocol_unless_told_otherwise() {
    let awkward = Shop::open();
    let plain = Shop::with(|config| config.awkward_replies = false);
    let (mut blank, mut first_keys) = (0, std::collections::BTreeSet::new());
    for _ in 0..12 {
        let reply = String::from_utf8_lossy(&awkward.try_send("022", &[]).await.unwrap()).into_owned();
        blank += usize::from(reply.starts_with("\r\n"));
        first_keys.insert(reply.trim_start().split('=').next().unwrap_or("").to_owned());
        assert!(plain.try_send("022", &[]).await.unwrap().starts_with(b"result=1\r\n"));
    }
    assert_eq!((blank, first_keys.len()), (4, 2));
}

#[tokio::test]
async fn kind_450_is_not_contracted_and_says_so_in_utf_8() {
    let shop = Shop::open();
    let body = form(&with_credentials("450", &[]));
    let reply = shop.client.post(shop.simulator.base_url() + path("450")).body(body).send().await.unwrap();
    assert_eq!(reply.headers()["content-type"], "text/plain; charset=UTF-8");
    let text = String::from_utf8(reply.bytes().await.unwrap().to_vec()).unwrap();
    assert!(text.contains("response_code=P063\r\n"), "{text}");
}

#[tokio::test]
async fn other_paths_other_methods_and_long_requests_are_no_telegrams() {
    let shop = Shop::open();
    let base = shop.simulator.base_url();
    assert_eq!(shop.client.post(format!("{base}/n/other")).send().await.unwrap().status(), 404);
    assert_eq!(shop.client.get(base.clone() + path("094")).send().await.unwrap().status(), 405);
    let long = shop.client.post(base + path("094")).body("x".repeat(102_401)).send().await.unwrap();
    assert_eq!(long.status(), 413);
}

#[tokio::test]
async fn many_telegrams_at_once_are_all_answered() {
    let shop = Arc::new(Shop::open());
    let card = shop.simulator.seed_cards(["c"], &TestCard::working()).remove(0);
    let calls = (0..200).map(|number| {
        let (shop, card) = (shop.clone(), card.clone());
        tokio::spawn(async move { shop.send("020", &stored(&format!("t{number}"), "c", &card)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(code(&call.await.unwrap()), ("0", ""));
    }
    assert_eq!(shop.simulator.ledger().summary().authorisations, 200);
    assert!(shop.simulator.ledger().doubled_trading_ids().is_empty());
}
