use std::time::{Duration, Instant};

use paygent_simulator::{Chance, Delivery, Fault, RandomFaults, Rule, TelegramKind, TestCard};
use rstest::rstest;

use crate::support::{Shop, client, code, form, path, read, stored, with_credentials};

fn on_authorise(fault: Fault) -> Rule {
    Rule::once(fault).on(TelegramKind::Authorise)
}

/// A shop, the fields of a 020 with a good stored card, and no fault yet.
fn prepared() -> (Shop, String) {
    let shop = Shop::open();
    let card = shop.simulator.seed_cards(["c"], &TestCard::working()).remove(0);
    (shop, card)
}

#[tokio::test]
async fn a_decline_leaves_a_failed_payment_behind() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::decline("2001", "\"1G02\"")));
    let reply = shop.send("020", &stored("t1", "c", &card)).await;
    assert_eq!((code(&reply), reply["response_detail"].as_str()), (("1", "2001"), "\"1G02\""));
    let booked = &shop.simulator.ledger().payments("t1")[0];
    assert_eq!((booked.status, booked.response_code.as_str(), booked.authorised_at), (11, "2001", None));
    assert_eq!(code(&shop.send("020", &stored("t2", "c", &card)).await), ("0", ""));
}

#[rstest]
#[case(Fault::locked(), "9005", 0)]
#[case(Fault::access_limit(), "E002", 0)]
#[case(Fault::maintenance(), "P017", 0)]
#[case(Fault::decline("P010", "\"card_valid_term\""), "P010", 0)]
#[case(Fault::network_timeout(), "2008", 1)]
#[tokio::test]
async fn codes_on_demand(#[case] fault: Fault, #[case] expected: &str, #[case] payments: usize) {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(fault));
    assert_eq!(code(&shop.send("020", &stored("t1", "c", &card)).await), ("1", expected));
    assert_eq!(shop.simulator.ledger().payments("t1").len(), payments);
    assert_eq!(shop.simulator.ledger().authorisations("t1"), 0);
}

#[rstest]
#[case::lost(Fault::LoseReply, 1, Delivery::Spoilt)]
#[case::half(Fault::HalfReply, 1, Delivery::Spoilt)]
#[case::dropped(Fault::DropBeforeBooking, 0, Delivery::Dropped)]
#[case::unavailable(Fault::Http503, 0, Delivery::Dropped)]
#[tokio::test]
async fn faults_without_a_usable_reply(#[case] fault: Fault, #[case] booked: usize, #[case] delivery: Delivery) {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(fault));
    shop.try_send("020", &stored("t1", "c", &card)).await.unwrap_err();
    let ledger = shop.simulator.ledger();
    assert_eq!(ledger.authorisations("t1"), booked);
    assert_eq!(ledger.telegrams("t1").iter().map(|telegram| telegram.delivery).collect::<Vec<_>>(), [delivery]);
    // Whoever asks afterwards learns the truth, over a new connection.
    let inquiry = shop.send("094", &[("trading_id", "t1")]).await;
    assert_eq!(inquiry["result"], if booked == 1 { "0" } else { "1" });
}

#[tokio::test]
async fn half_a_reply_breaks_off_in_the_middle_of_its_body() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::HalfReply));
    let body = form(&with_credentials("020", &stored("t1", "c", &card)));
    let mut reply = shop.client.post(shop.simulator.base_url() + path("020")).body(body).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    let announced = reply.content_length().unwrap();
    let mut came = 0;
    let broken = loop {
        match reply.chunk().await {
            Ok(Some(chunk)) => came += chunk.len() as u64,
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && came == announced / 2, "{came} of {announced}");
}

#[tokio::test]
async fn garbage_is_booked_but_no_reply() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::Garbage));
    let bytes = shop.try_send("020", &stored("t1", "c", &card)).await.unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains("result"));
    assert_eq!(shop.simulator.ledger().authorisations("t1"), 1);
}

#[tokio::test]
async fn a_wrong_encoding_is_booked_but_cannot_be_decoded() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::WrongEncoding));
    let bytes = shop.try_send("020", &stored("t1", "c", &card)).await.unwrap();
    assert!(encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).is_none());
    assert_eq!(shop.simulator.ledger().authorisations("t1"), 1);
}

#[tokio::test]
async fn a_late_booking_is_not_there_at_first_and_is_there_after_shutdown() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::BookLate { milliseconds: 3_600_000 }));
    shop.try_send("020", &stored("t1", "c", &card)).await.unwrap_err();
    assert_eq!(code(&shop.send("094", &[("trading_id", "t1")]).await), ("1", "13001"));
    let ledger = shop.simulator.ledger();
    shop.simulator.shutdown().unwrap();
    assert_eq!(ledger.authorisations("t1"), 1);
}

#[tokio::test]
async fn a_late_booking_arrives_by_itself() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::BookLate { milliseconds: 30 }));
    shop.try_send("020", &stored("t1", "c", &card)).await.unwrap_err();
    until(|| shop.simulator.ledger().authorisations("t1") == 1).await;
}

/// Sends a 020 in the background, to be given up by aborting the task.
fn impatient(shop: &Shop, card: &str) -> tokio::task::JoinHandle<reqwest::Result<reqwest::Response>> {
    let body = form(&with_credentials("020", &stored("t1", "c", card)));
    tokio::spawn(shop.client.post(shop.simulator.base_url() + path("020")).body(body).send())
}

/// Waits for what the simulator does on its own thread.
async fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < deadline, "it never happened");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_delay_before_booking_books_even_when_the_client_has_gone() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::DelayBefore { milliseconds: 3_600_000 }));
    let call = impatient(&shop, &card);
    until(|| shop.simulator.rules().is_empty()).await;
    call.abort();
    let ledger = shop.simulator.ledger();
    assert_eq!(ledger.authorisations("t1"), 0);
    shop.simulator.shutdown().unwrap();
    assert_eq!(ledger.authorisations("t1"), 1);
}

#[tokio::test]
async fn a_delay_after_booking_has_booked_before_the_client_hears_of_it() {
    let (shop, card) = prepared();
    shop.simulator.script(on_authorise(Fault::DelayAfter { milliseconds: 3_600_000 }));
    let call = impatient(&shop, &card);
    until(|| shop.simulator.ledger().authorisations("t1") == 1).await;
    assert!(!call.is_finished());
    call.abort();
}

#[tokio::test]
async fn delays_and_latency_add_up_before_the_answer() {
    let shop = Shop::with(|config| config.latency = Duration::from_millis(40));
    shop.simulator.script(Rule::once(Fault::DelayBefore { milliseconds: 40 }));
    let begin = Instant::now();
    assert_eq!(code(&shop.send("094", &[("trading_id", "t1")]).await), ("1", "13001"));
    assert!(begin.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn rules_choose_by_kind_trading_id_and_customer() {
    let (shop, card) = prepared();
    let other = shop.simulator.seed_cards(["d"], &TestCard::working()).remove(0);
    shop.simulator.script(Rule::always(Fault::locked()).for_trading_id("t1").on(TelegramKind::Capture));
    shop.simulator.script(Rule::always(Fault::access_limit()).for_customer("d"));
    assert_eq!(code(&shop.send("020", &stored("t1", "c", &card)).await), ("0", ""));
    assert_eq!(code(&shop.send("020", &stored("t2", "d", &other)).await), ("1", "E002"));
    for _ in 0..2 {
        assert_eq!(code(&shop.send("022", &[("trading_id", "t1")]).await), ("1", "9005"));
    }
    shop.simulator.clear_script();
    assert_eq!(code(&shop.send("022", &[("trading_id", "t1")]).await), ("0", ""));
}

#[tokio::test]
async fn parameter_errors_come_before_a_scripted_decline() {
    let (shop, _) = prepared();
    shop.simulator.script(on_authorise(Fault::decline("2001", "\"1G02\"")));
    assert_eq!(code(&shop.send("020", &stored("t1", "c", "1")).await), ("1", "P025"));
    assert_eq!(shop.simulator.ledger().payment_count(), 0);
}

#[tokio::test]
async fn random_faults_strike_their_share() {
    let (shop, card) = prepared();
    let chances = vec![Chance { probability: 0.5, fault: Fault::locked() }];
    shop.simulator.set_random_faults(Some(RandomFaults { seed: 1, kinds: vec![TelegramKind::Authorise], chances }));
    let mut locked = 0;
    for number in 0..60 {
        let reply = shop.send("020", &stored(&format!("t{number}"), "c", &card)).await;
        locked += usize::from(reply["response_code"] == "9005");
    }
    assert!((15..45).contains(&locked), "{locked} of 60");
    shop.simulator.set_random_faults(None);
    assert_eq!(code(&shop.send("020", &stored("t", "c", &card)).await), ("0", ""));
}

#[tokio::test]
async fn two_difference_inquiries_at_once_are_9004() {
    let (shop, _) = prepared();
    shop.simulator
        .script(Rule::once(Fault::DelayAfter { milliseconds: 3_600_000 }).on(TelegramKind::DifferenceInquiry));
    let patient = client(&shop.simulator, true);
    let body = form(&with_credentials("091", &[]));
    let first = patient.post(shop.simulator.base_url() + path("091")).body(body);
    let waiting = tokio::spawn(first.send());
    until(|| shop.simulator.ledger().telegram_count(TelegramKind::DifferenceInquiry) == 1).await;
    assert_eq!(code(&read(&shop.try_send("091", &[]).await.unwrap())), ("1", "9004"));
    waiting.abort();
}
