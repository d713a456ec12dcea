//! Every operation against the simulator, whose ledger is the judge.

use paygent_simulator::{Config, Fault, Rule, Simulator, TelegramKind, TestCard};
use std::sync::Arc;
use std::time::Duration;
use teiki_domain::ids::{CardId, MemberId, ShopId, TransactionId};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::paygent::{
    AuthoriseStoredCard, AuthoriseToken, Authorised, CardUpdate, Credentials, Declined, Difference, Inquiry, Outcome,
    Paygent, PaymentFacts, PaymentRef, PaymentStatus, Revision, Transport, TransportConfig, UnknownReason,
};
use teiki_infrastructure::redacted::Redacted;
use tempfile::TempDir;

/// A simulator, and a shop that talks to it.
struct Shop {
    simulator: Simulator,
    paygent: Paygent,
    _certificates: TempDir,
}

impl Shop {
    fn open() -> Self {
        Self::with_limit(Duration::from_secs(20), "simulatorpass")
    }

    fn with_limit(timeout: Duration, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.now = Some("2026-01-15T03:00:00Z".parse().unwrap());
        let simulator = Simulator::start(config).unwrap();
        let transport = Transport::new(&TransportConfig {
            timeout,
            connect_timeout: timeout / 2,
            ..TransportConfig::new(simulator.base_url(), simulator.client_certificate(), simulator.ca_certificate())
        });
        let credentials = Credentials {
            merchant_id: "12345".to_owned(),
            connect_id: "simulatorshop".to_owned(),
            connect_password: Redacted::from(password),
        };
        let paygent = Paygent::new(Arc::new(transport.unwrap()), credentials);
        Self { simulator, paygent, _certificates: folder }
    }

    fn token(&self, card: &TestCard) -> Redacted<String> {
        self.simulator.issue_token(card).into()
    }

    async fn stored(&self, card: &TestCard) -> CardId {
        self.paygent.store_card(&member(), &self.token(card)).await.approved().unwrap().card_id
    }

    async fn authorise(&self, serial: u64, card: &CardId, sale_mode: SaleMode) -> Outcome<Authorised> {
        let payment = AuthoriseStoredCard {
            transaction_id: transaction(serial),
            amount: Yen::new(1200).unwrap(),
            member: member(),
            card_id: card.clone(),
            sale_mode,
        };
        self.paygent.authorise_stored_card(&payment).await
    }

    async fn facts(&self, serial: u64) -> PaymentFacts {
        match self.paygent.inquire(&transaction(serial).into()).await {
            Inquiry::Found(facts) => *facts,
            other => panic!("{other:?}"),
        }
    }
}

fn member() -> MemberId {
    "02396-M0001".parse().unwrap()
}

fn transaction(serial: u64) -> TransactionId {
    TransactionId::new(ShopId::new(2396).unwrap(), serial).unwrap()
}

fn declined<T: std::fmt::Debug>(outcome: Outcome<T>) -> Declined {
    match outcome {
        Outcome::Declined(declined) => declined,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn r1_s4_a_stored_card_is_authorised_and_captured_in_one() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    let authorised = shop.authorise(831_705, &card, SaleMode::AuthorizeAndCapture).await.approved().unwrap();
    assert_eq!(authorised.card.valid_term, "1235".parse().ok());
    let facts = shop.facts(831_705).await;
    assert_eq!(facts.payment_id, authorised.payment_id);
    assert_eq!(facts.trading_id.as_deref(), Some("02396000000000831705"));
    assert_eq!((facts.status.clone(), facts.amount), (PaymentStatus::Captured, Yen::new(1200).unwrap()));
    assert_eq!((facts.customer_id.as_deref(), facts.card_id.as_ref()), (Some("02396_M0001"), Some(&card)));
    assert_eq!(facts.authorized_date, "2026-01-15T03:00:00Z".parse().ok());
    let by_payment = shop.paygent.inquire(&authorised.payment_id.into()).await;
    assert_eq!(by_payment, Inquiry::Found(Box::new(facts)));
}

#[tokio::test]
async fn o5_o10_capture_refund_and_void_reach_their_states_and_say_yes_again() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    let sold = shop.authorise(1, &card, SaleMode::AuthorizeOnly).await.approved().unwrap();
    assert_eq!(shop.facts(1).await.status, PaymentStatus::Authorised);
    let by_id = PaymentRef::Payment(sold.payment_id);
    let by_transaction = PaymentRef::Transaction(transaction(1));
    assert_eq!(declined(shop.paygent.refund(&by_id).await).code, "2004");
    for payment in [&by_id, &by_transaction] {
        assert!(shop.paygent.capture(payment).await.approved().is_some());
        assert_eq!(shop.facts(1).await.status, PaymentStatus::Captured);
    }
    assert_eq!(declined(shop.paygent.void(&by_id).await).code, "2004");
    for payment in [&by_transaction, &by_id] {
        assert!(shop.paygent.refund(payment).await.approved().is_some());
        assert_eq!(shop.facts(1).await.status, PaymentStatus::SaleCancelled);
    }
    shop.authorise(2, &card, SaleMode::AuthorizeOnly).await.approved().unwrap();
    for _ in 0..2 {
        assert!(shop.paygent.void(&transaction(2).into()).await.approved().is_some());
        assert_eq!(shop.facts(2).await.status, PaymentStatus::AuthorisationCancelled);
    }
}

#[tokio::test]
async fn c2_c5_a_token_pays_once() {
    let shop = Shop::open();
    let mut payment = AuthoriseToken {
        transaction_id: transaction(1),
        amount: Yen::new(9_999_999).unwrap(),
        card_token: shop.token(&TestCard::working()),
        three_d_secure: None,
        sale_mode: SaleMode::AuthorizeOnly,
    };
    assert!(shop.paygent.authorise_token(&payment).await.approved().is_some());
    assert_eq!(shop.facts(1).await.amount, Yen::new(9_999_999).unwrap());
    payment.transaction_id = transaction(2);
    assert_eq!(declined(shop.paygent.authorise_token(&payment).await).code, "2022");
}

#[tokio::test]
async fn e4_r2_a_refusal_keeps_the_networks_code_and_leaves_a_failed_payment() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::ending("8212")).await;
    let refusal = declined(shop.authorise(1, &card, SaleMode::AuthorizeAndCapture).await);
    assert!(["2001", "2002", "2003"].contains(&refusal.code.as_str()), "{refusal}");
    assert!(refusal.detail.contains("\"1G12\""), "{refusal}");
    let status = shop.facts(1).await.status;
    assert!(matches!(status, PaymentStatus::Refused | PaymentStatus::Applied), "{status}");
}

#[tokio::test]
async fn e3_an_expired_stored_card_answers_p010_and_names_the_field() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::new("4900000000001000", 2026, 1)).await;
    shop.simulator.set_now("2026-01-31T15:00:00Z".parse().unwrap());
    let refusal = declined(shop.authorise(1, &card, SaleMode::AuthorizeAndCapture).await);
    assert_eq!(refusal.code, "P010");
    assert!(refusal.detail.contains("card_valid_term") || refusal.detail.contains("有効期限"), "{refusal}");
}

#[tokio::test]
async fn w2_after_every_lost_or_spoilt_reply_the_inquiry_finds_the_one_payment() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    let faults = [Fault::LoseReply, Fault::HalfReply, Fault::Garbage, Fault::WrongEncoding];
    for (serial, fault) in (1..).zip(faults) {
        shop.simulator.script(Rule::once(fault.clone()).on(TelegramKind::Authorise));
        let outcome = shop.authorise(serial, &card, SaleMode::AuthorizeAndCapture).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{fault:?}: {outcome:?}");
        assert_eq!(shop.facts(serial).await.status, PaymentStatus::Captured, "{fault:?}");
        assert_eq!(shop.simulator.ledger().authorisations(transaction(serial).as_str()), 1, "{fault:?}");
    }
    for (serial, fault) in (11..).zip([Fault::DropBeforeBooking, Fault::Http503, Fault::decline("E001", "")]) {
        shop.simulator.script(Rule::once(fault.clone()).on(TelegramKind::Authorise));
        let outcome = shop.authorise(serial, &card, SaleMode::AuthorizeAndCapture).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{fault:?}: {outcome:?}");
        let answer = shop.paygent.inquire(&transaction(serial).into()).await;
        assert_eq!(answer, Inquiry::NoSuchPayment, "{fault:?}");
    }
    assert!(shop.simulator.ledger().doubled_trading_ids().is_empty());
}

#[tokio::test]
async fn w2_a_time_out_is_unknown_and_the_inquiry_finds_the_payment() {
    let shop = Shop::with_limit(Duration::from_secs(2), "simulatorpass");
    let card = shop.stored(&TestCard::working()).await;
    shop.simulator.script(Rule::once(Fault::DelayAfter { milliseconds: 6_000 }).on(TelegramKind::Authorise));
    let outcome = shop.authorise(1, &card, SaleMode::AuthorizeAndCapture).await;
    assert_eq!(outcome, Outcome::Unknown(UnknownReason::TimedOut(2_000)));
    assert_eq!(shop.facts(1).await.status, PaymentStatus::Captured);
    assert_eq!(shop.simulator.ledger().authorisations(transaction(1).as_str()), 1);
}

#[tokio::test]
async fn later_is_not_a_refusal_and_books_nothing() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    for fault in [Fault::locked(), Fault::access_limit(), Fault::maintenance(), Fault::decline("P018", "")] {
        shop.simulator.script(Rule::once(fault.clone()).on(TelegramKind::Authorise));
        let outcome = shop.authorise(1, &card, SaleMode::AuthorizeOnly).await;
        assert!(matches!(outcome, Outcome::Busy(_)), "{fault:?}: {outcome:?}");
        shop.simulator.script(Rule::once(fault.clone()).on(TelegramKind::Inquiry));
        let answer = shop.paygent.inquire(&transaction(1).into()).await;
        assert!(matches!(answer, Inquiry::Unknown(UnknownReason::Busy(_))), "{fault:?}: {answer:?}");
        assert_eq!(shop.paygent.inquire(&transaction(1).into()).await, Inquiry::NoSuchPayment);
    }
}

#[tokio::test]
async fn a_transaction_id_sent_twice_is_several_payments_that_only_payment_ids_tell_apart() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    let first = shop.authorise(1, &card, SaleMode::AuthorizeOnly).await.approved().unwrap();
    let second = shop.authorise(1, &card, SaleMode::AuthorizeOnly).await.approved().unwrap();
    assert_ne!(first.payment_id, second.payment_id);
    assert_eq!(shop.paygent.inquire(&transaction(1).into()).await, Inquiry::Several);
    assert_eq!(declined(shop.paygent.void(&transaction(1).into()).await).code, "2005");
    assert!(shop.paygent.void(&second.payment_id.into()).await.approved().is_some());
}

#[tokio::test]
async fn c8_m1_cards_are_stored_listed_updated_and_deleted() {
    let shop = Shop::open();
    let paygent = &shop.paygent;
    assert_eq!(paygent.list_cards(&member(), None).await, Outcome::Approved(Vec::new()));
    let first = paygent.store_card(&member(), &shop.token(&TestCard::working())).await.approved().unwrap();
    assert_eq!((first.cards, first.details.valid_term), (Some(1), "1235".parse().ok()));
    let second = shop.stored(&TestCard::working()).await;
    let listed = paygent.list_cards(&member(), None).await.approved().unwrap();
    let mut ids: Vec<_> = listed.iter().map(|card| card.card_id.clone()).collect();
    ids.sort();
    assert_eq!(ids, [first.card_id.clone(), second.clone()]);
    assert!(listed.iter().all(|card| card.details.valid_term == "1235".parse().ok()));
    let update = CardUpdate {
        member: member(),
        card_id: second.clone(),
        valid_term: "0331".parse().ok(),
        cardholder_name: Some("表 TARO".to_owned()),
    };
    assert!(paygent.update_card(&update).await.approved().is_some());
    let one = paygent.list_cards(&member(), Some(&second)).await.approved().unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].details.valid_term, "0331".parse().ok());
    assert_eq!(one[0].cardholder_name.as_deref(), Some("表 TARO"));
    assert_eq!(paygent.delete_card(&member(), &first.card_id).await.approved().unwrap().cards, Some(1));
    assert_eq!(declined(paygent.delete_card(&member(), &first.card_id).await).code, "P022");
    let left = paygent.list_cards(&member(), None).await.approved().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].card_id, second);
}

#[tokio::test]
async fn o6_an_authorisation_and_a_sale_are_lowered_by_a_new_payment() {
    let shop = Shop::open();
    let card = shop.stored(&TestCard::working()).await;
    for (serial, sale_mode) in [(1, SaleMode::AuthorizeOnly), (2, SaleMode::AuthorizeAndCapture)] {
        let first = shop.authorise(serial, &card, sale_mode).await.approved().unwrap();
        let revision = |yen| Revision {
            payment: first.payment_id.clone().into(),
            new_amount: Yen::new(yen).unwrap(),
            base_payment_cancel_timing: None,
        };
        let (lower, higher) = (revision(1000), revision(1300));
        let (revised, refused) = match sale_mode {
            SaleMode::AuthorizeOnly => {
                (shop.paygent.revise_authorisation(&lower).await, shop.paygent.revise_authorisation(&higher).await)
            }
            SaleMode::AuthorizeAndCapture => {
                (shop.paygent.revise_sale(&lower).await, shop.paygent.revise_sale(&higher).await)
            }
        };
        let revised = revised.approved().unwrap();
        assert_ne!(revised.payment_id, first.payment_id);
        assert_eq!(revised.base_payment_id, Some(first.payment_id.clone()));
        assert!(!declined(refused).code.is_empty());
        let answer = shop.paygent.inquire(&revised.payment_id.into()).await;
        assert!(matches!(answer, Inquiry::Found(facts) if facts.amount == Yen::new(1000).unwrap()));
    }
}

#[tokio::test]
async fn o9_changes_are_fetched_in_their_order_until_there_are_none() {
    let shop = Shop::open();
    assert_eq!(shop.paygent.difference(None).await, Outcome::Approved(Difference::Nothing));
    let card = shop.stored(&TestCard::working()).await;
    shop.authorise(1, &card, SaleMode::AuthorizeOnly).await.approved().unwrap();
    shop.paygent.void(&transaction(1).into()).await.approved().unwrap();
    let mut seen = Vec::new();
    while let Difference::Notice(notice) = shop.paygent.difference(None).await.approved().unwrap() {
        assert_eq!(notice.transaction_id(), Some(transaction(1)));
        assert_eq!(notice.amount, Yen::new(1200).unwrap());
        seen.push((notice.notice_id, notice.status));
    }
    let (ids, states): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    assert_eq!(states, [PaymentStatus::Authorised, PaymentStatus::AuthorisationCancelled]);
    assert_eq!(ids[1], ids[0] + 1);
    let again = shop.paygent.difference(Some(ids[0])).await.approved().unwrap();
    assert!(matches!(again, Difference::Notice(notice) if notice.notice_id == ids[0]));
}

#[tokio::test]
async fn s3_wrong_credentials_are_a_refusal_with_paygents_code() {
    let shop = Shop::with_limit(Duration::from_secs(20), "wrong");
    let outcome = shop.paygent.store_card(&member(), &shop.token(&TestCard::working())).await;
    assert_eq!(declined(outcome).code, "P002");
}
