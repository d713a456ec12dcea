//! That nothing secret is printed or logged, by this client or by what it stands on.

use crate::server::{Behaviour, TestServer};
use crate::transaction;
use std::io::Write;
use std::sync::{Arc, Mutex};
use teiki_domain::ids::MemberId;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::paygent::{AuthoriseToken, CardUpdate, NotSent, Outcome};
use teiki_infrastructure::redacted::Redacted;

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn s3_c2_no_secret_token_or_card_data_is_printed_or_logged() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole test program: a subscriber of one thread misses what other threads made tracing forget.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let reply = "result=0\r\npayment_id=9001\r\ncustomer_card_id=71\r\nmasked_card_number=MASKED1234\r\n\
        card_valid_term=0347\r\nfingerprint=FINGERPRINT\r\n";
    let token: Redacted<String> = "tok_hush".into();
    let member: MemberId = "02396-M0001".parse().unwrap();
    let payment = AuthoriseToken {
        transaction_id: transaction(),
        amount: Yen::new(1200).unwrap(),
        card_token: token.clone(),
        three_d_secure: None,
        sale_mode: SaleMode::AuthorizeOnly,
    };
    let update = CardUpdate {
        member: member.clone(),
        card_id: "71".parse().unwrap(),
        valid_term: "0347".parse().ok(),
        cardholder_name: Some("TARO YAMADA".to_owned()),
    };
    let mut printed = format!("{payment:?}{update:?}");
    for behaviour in [
        Behaviour::Ok(reply.as_bytes().to_vec()),
        Behaviour::Ok(reply.replace("result=0", "result=9").into_bytes()),
        Behaviour::Ok(reply.replace("result=0\r\n", "result=0\r\nMASKED1234\r\n").into_bytes()),
        Behaviour::Close,
        Behaviour::Raw(b"MASKED1234 FINGERPRINT\r\n\r\n".to_vec()),
    ] {
        let server = TestServer::start(behaviour);
        let paygent = server.paygent();
        let client = format!("{paygent:?}{:?}", server.config());
        assert!(!client.contains("topsecretpassword"), "{client}");
        printed += &format!("{:?}", paygent.authorise_token(&payment).await);
        printed += &format!("{:?}", paygent.store_card(&member, &token).await);
        printed += &format!("{:?}", paygent.list_cards(&member, None).await);
        printed += &format!("{:?}", paygent.update_card(&update).await);
        let unsendable = CardUpdate { cardholder_name: Some("TARO YAMADA 〜".to_owned()), ..update.clone() };
        let refused = paygent.update_card(&unsendable).await;
        assert!(matches!(refused, Outcome::NotSent(NotSent::Request(_))), "{refused:?}");
        printed += &format!("{refused:?}");
        if let Outcome::NotSent(reason) = refused {
            printed += &reason.to_string();
        }
    }
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let telegrams: Vec<_> = logged.lines().filter(|line| line.contains("Paygent telegram")).collect();
    assert!(telegrams.iter().any(|line| {
        [r#"kind="020""#, r#"code="0""#, transaction().as_str(), "milliseconds="].iter().all(|part| line.contains(part))
    }));
    // An expiry is too short to be looked for in a log full of random numbers.
    for expiry in ["0347", "2047"] {
        assert!(!printed.contains(expiry), "{expiry} in {printed}");
        assert!(!telegrams.iter().any(|line| line.contains(&format!("\"{expiry}"))), "{expiry} in {telegrams:#?}");
    }
    for secret in ["topsecretpassword", "tok_hush", "MASKED1234", "FINGERPRINT", "YAMADA"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is logged");
    }
}
