use paygent_simulator::{Merchant, TelegramKind, TestCard};
use rstest::rstest;

use crate::support::{Shop, code, stored};

#[tokio::test]
async fn a_stored_card_authorises_and_the_reply_describes_it() {
    let shop = Shop::open();
    let paid = shop.pay("01234000000000000001", &[]).await;
    assert_eq!(code(&paid), ("0", ""));
    assert_eq!(paid["trading_id"], "01234000000000000001");
    assert_eq!(paid["masked_card_number"], "************1000");
    assert_eq!(paid["card_valid_term"], "1235");
    let record = shop.simulator.ledger().payment(&paid["payment_id"]).unwrap();
    assert_eq!((record.status, record.amount), (20, 1000));
    assert_eq!(record.customer_id.as_deref(), Some("c"));
}

#[tokio::test]
async fn sales_mode_1_captures_at_once() {
    let shop = Shop::open();
    let paid = shop.pay("t1", &[("sales_mode", "1")]).await;
    assert_eq!(shop.status(&paid["payment_id"]).await, "40");
}

#[rstest]
#[case("1000", "", "", "20")]
#[case("5123", "", "", "20")]
#[case("2000", "", "", "20")]
#[case("3000", "", "", "20")]
#[case("8150", "2002", "\"1C50\"", "11")]
#[case("8202", "2001", "\"1G02\"", "11")]
#[case("8212", "2001", "\"1G12\"", "11")]
#[case("8283", "2003", "\"1G83\"", "10")]
#[case("8555", "2002", "\"1K55\"", "11")]
#[case("8612", "2001", "\"1P12\"", "11")]
#[case("8000", "2002", "\"2999\"", "11")]
#[case("9000", "2008", "\"1C50\"", "11")]
#[tokio::test]
async fn sandbox_cards_decide_by_their_last_four_digits(
    #[case] last_four: &str,
    #[case] expected: &str,
    #[case] detail: &str,
    #[case] status: &str,
) {
    let shop = Shop::open();
    let paid = shop.pay_with("t1", last_four, "0").await;
    assert_eq!((paid["response_code"].as_str(), paid["response_detail"].as_str()), (expected, detail));
    // Only success and 2003 name the payment, but 094 finds the failed one all the same.
    assert_eq!(paid["payment_id"].is_empty(), matches!(expected, "2001" | "2002" | "2008"));
    let inquiry = shop.send("094", &[("trading_id", "t1")]).await;
    assert_eq!(inquiry["payment_status"], status);
}

#[rstest]
#[case("2000", "2002")]
#[case("3000", "2008")]
#[tokio::test]
async fn cards_whose_cancels_fail_keep_their_payments_as_they_are(#[case] last_four: &str, #[case] expected: &str) {
    let shop = Shop::open();
    shop.pay_with("t1", last_four, "0").await;
    assert_eq!(code(&shop.send("021", &[("trading_id", "t1")]).await), ("1", expected));
    assert_eq!(code(&shop.send("022", &[("trading_id", "t1")]).await), ("0", ""));
    assert_eq!(code(&shop.send("023", &[("trading_id", "t1")]).await), ("1", expected));
    assert_eq!(shop.simulator.ledger().payments("t1")[0].status, 40);
}

#[rstest]
#[case::zero("payment_amount", "0", "P014")]
#[case::negative("payment_amount", "-1", "P014")]
#[case::letters("payment_amount", "1e3", "P008")]
#[case::eight_digits("payment_amount", "10000000", "P009")]
#[case::no_amount("payment_amount", "", "P006")]
#[case::no_class("payment_class", "", "P006")]
#[case::unknown_class("payment_class", "11", "P010")]
#[case::instalments_without_count("payment_class", "61", "P005")]
#[case::unknown_sales_mode("sales_mode", "2", "P010")]
#[case::other_stock_mode("stock_card_mode", "7", "P010")]
#[case::no_customer("customer_id", "", "P006")]
#[case::no_card("customer_card_id", "", "P006")]
#[case::unknown_card("customer_card_id", "1", "P025")]
#[case::other_customers_card("customer_id", "d", "P025")]
#[case::raw_number("card_number", "4900000000001000", "2023")]
#[case::unknown_authentication("3ds_auth_id", "x", "31008")]
#[tokio::test]
async fn parameters_are_checked_before_anything_is_booked(
    #[case] key: &str,
    #[case] value: &str,
    #[case] expected: &str,
) {
    let shop = Shop::open();
    let reply = shop.pay("t1", &[(key, value)]).await;
    assert_eq!(code(&reply), ("1", expected));
    if expected.starts_with('P') && expected < "P011" {
        let named = if expected == "P005" { "split_count" } else { key };
        assert!(reply["response_detail"].starts_with(&format!("\"{named}\"")), "{reply:?}");
    }
    assert_eq!(shop.simulator.ledger().payment_count(), 0);
}

#[tokio::test]
async fn a_key_that_is_missing_is_p005() {
    let shop = Shop::open();
    let reply = shop.send("020", &[("payment_class", "10")]).await;
    assert_eq!(code(&reply), ("1", "P005"));
    let reply = shop.send("020", &[("payment_class", "10"), ("payment_amount", "1")]).await;
    assert_eq!(code(&reply), ("1", "P005"));
    assert!(reply["response_detail"].starts_with("\"card_token\""));
}

#[tokio::test]
async fn e3_a_stored_card_past_its_month_is_p010_and_books_nothing() {
    let shop = Shop::open();
    let card = shop.simulator.seed_cards(["d"], &TestCard::new("4900000000001000", 2026, 4)).remove(0);
    assert_eq!(code(&shop.send("020", &stored("t1", "d", &card)).await), ("0", ""));
    // The last second of April in Japan, then the first of May.
    shop.simulator.set_now("2026-04-30T14:59:59Z".parse().unwrap());
    assert_eq!(code(&shop.send("020", &stored("t2", "d", &card)).await), ("0", ""));
    shop.simulator.set_now("2026-04-30T15:00:00Z".parse().unwrap());
    let reply = shop.send("020", &stored("t3", "d", &card)).await;
    assert_eq!(code(&reply), ("1", "P010"));
    assert!(reply["response_detail"].contains("card_valid_term"));
    assert!(reply["response_detail"].contains("有効期限"));
    assert!(shop.simulator.ledger().payments("t3").is_empty());
}

#[tokio::test]
async fn options_that_are_not_contracted_are_refused() {
    let mut merchant = Merchant::demonstration();
    (merchant.card_vault, merchant.reduction, merchant.payment_classes) = (false, false, vec![10]);
    let shop = Shop::with(|config| config.merchants = vec![merchant]);
    assert_eq!(code(&shop.pay("t1", &[]).await), ("1", "P024"));
    assert_eq!(code(&shop.pay("t1", &[("payment_class", "80")]).await), ("1", "P030"));
    assert_eq!(code(&shop.send("025", &[("customer_id", "c")]).await), ("1", "P021"));
    let revise = [("trading_id", "t1"), ("payment_amount", "1"), ("reduction_flag", "0")];
    assert_eq!(code(&shop.send("028", &revise).await), ("1", "P029"));
}

#[tokio::test]
async fn a_doubled_trading_id_makes_a_second_payment_and_becomes_ambiguous() {
    let shop = Shop::open();
    let first = shop.pay("t1", &[]).await;
    let second = shop.pay("t1", &[]).await;
    assert_ne!(first["payment_id"], second["payment_id"]);
    for kind in ["021", "022", "023"] {
        assert_eq!(code(&shop.send(kind, &[("trading_id", "t1")]).await), ("1", "2005"), "{kind}");
    }
    for kind in ["028", "029"] {
        let fields = [("trading_id", "t1"), ("payment_amount", "1"), ("reduction_flag", "0")];
        assert_eq!(code(&shop.send(kind, &fields).await), ("1", "2005"), "{kind}");
    }
    assert_eq!(code(&shop.send("094", &[("trading_id", "t1")]).await), ("1", "13002"));
    assert_eq!(code(&shop.send("022", &[("payment_id", &second["payment_id"])]).await), ("0", ""));
    let ledger = shop.simulator.ledger();
    assert_eq!(ledger.authorisations("t1"), 2);
    assert_eq!(ledger.doubled_trading_ids().into_iter().collect::<Vec<_>>(), [("t1".to_owned(), 2)]);
    assert_eq!(ledger.telegram_count(TelegramKind::Authorise), 2);
}

#[tokio::test]
async fn a_payment_left_in_status_10_can_be_retried_three_times() {
    let shop = Shop::open();
    let card = shop.simulator.seed_cards(["c"], &TestCard::ending("8283")).remove(0);
    let good = shop.simulator.seed_cards(["d"], &TestCard::working()).remove(0);
    let first = shop.send("020", &stored("t1", "c", &card)).await;
    let other = shop.send("020", &stored("t2", "c", &card)).await;
    let again = |id: String, customer: &'static str, card: String| {
        let shop = &shop;
        async move {
            let mut fields = stored("t1", customer, &card);
            fields.push(("payment_id", &id));
            shop.send("020", &fields).await
        }
    };
    let fixed = again(first["payment_id"].clone(), "d", good.clone()).await;
    assert_eq!((code(&fixed), &fixed["payment_id"]), (("0", ""), &first["payment_id"]));
    assert_eq!(code(&again(first["payment_id"].clone(), "d", good).await), ("1", "2001"));
    for expected in ["10", "10", "11"] {
        assert_eq!(code(&again(other["payment_id"].clone(), "c", card.clone()).await), ("1", "2003"));
        assert_eq!(shop.status(&other["payment_id"]).await, expected);
    }
    assert_eq!(code(&again(other["payment_id"].clone(), "c", card).await), ("1", "2001"));
    assert_eq!(shop.simulator.ledger().payment_count(), 2);
}

#[tokio::test]
async fn the_card_of_an_earlier_payment_can_be_used_for_fourteen_months() {
    let shop = Shop::open();
    shop.pay("t1", &[]).await;
    let refer = |id: &'static str, earlier: &'static str| {
        let fields =
            [("trading_id", id), ("payment_amount", "5"), ("payment_class", "10"), ("ref_trading_id", earlier)];
        let shop = &shop;
        async move { shop.send("020", &fields).await }
    };
    assert_eq!(code(&refer("t2", "t1").await), ("0", ""));
    assert_eq!(code(&refer("t3", "none").await), ("1", "2009"));
    shop.simulator.set_now("2027-07-01T00:00:00Z".parse().unwrap());
    assert_eq!(code(&refer("t3", "t1").await), ("1", "2009"));
}
