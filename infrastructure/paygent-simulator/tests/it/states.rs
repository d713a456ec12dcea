//! The state table of the protocol as examples, and revisions.

use chrono::{DateTime, TimeDelta, Utc};
use paygent_simulator::{RevisionTradingId, TestCard};
use rstest::rstest;

use crate::support::{NOW, Shop, code};

/// Brings a payment into a status and returns its `payment_id`.
async fn bring_to(shop: &Shop, status: &str) -> String {
    let later = || shop.simulator.set_now(NOW.parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(60));
    let (last_four, sales_mode) = match status {
        "10" => ("8283", "0"),
        "11" => ("8202", "0"),
        "20" | "32" | "33" => ("1000", "0"),
        _ => ("1000", "1"),
    };
    shop.pay_with("t1", last_four, sales_mode).await;
    match status {
        "32" => drop(shop.send("021", &[("trading_id", "t1")]).await),
        "60" => drop(shop.send("023", &[("trading_id", "t1")]).await),
        "33" | "41" => later(),
        _ => {}
    }
    let payment_id = shop.simulator.ledger().payments("t1")[0].payment_id.clone();
    assert_eq!(shop.status(&payment_id).await, status);
    payment_id
}

#[rstest]
#[case("10", "021", "2004", "10")]
#[case("10", "022", "2004", "10")]
#[case("10", "023", "2004", "10")]
#[case("11", "020", "2001", "11")]
#[case("11", "021", "2004", "11")]
#[case("11", "022", "2004", "11")]
#[case("11", "023", "2004", "11")]
#[case("20", "020", "2001", "20")]
#[case("20", "021", "", "32")]
#[case("20", "022", "", "40")]
#[case("20", "023", "2004", "20")]
#[case("32", "020", "2001", "32")]
#[case("32", "021", "", "32")]
#[case("32", "022", "2004", "32")]
#[case("32", "023", "2004", "32")]
#[case("33", "020", "2001", "33")]
#[case("33", "021", "", "33")]
#[case("33", "022", "2007", "33")]
#[case("33", "023", "2004", "33")]
#[case("40", "020", "2001", "40")]
#[case("40", "021", "2004", "40")]
#[case("40", "022", "", "40")]
#[case("40", "023", "", "60")]
#[case("41", "020", "2001", "41")]
#[case("41", "021", "2004", "41")]
#[case("41", "022", "", "41")]
#[case("41", "023", "2007", "41")]
#[case("60", "020", "2001", "60")]
#[case("60", "021", "2004", "60")]
#[case("60", "022", "2004", "60")]
#[case("60", "023", "", "60")]
#[tokio::test]
async fn each_telegram_does_in_each_status_what_the_table_says(
    #[case] from: &str,
    #[case] kind: &str,
    #[case] expected: &str,
    #[case] to: &str,
    #[values("payment_id", "trading_id")] named_by: &str,
) {
    let shop = Shop::open();
    let payment_id = bring_to(&shop, from).await;
    let id = if kind == "020" || named_by == "payment_id" {
        ("payment_id", payment_id.as_str())
    } else {
        ("trading_id", "t1")
    };
    let reply = shop.send(kind, &[id]).await;
    assert_eq!(reply["response_code"], expected);
    assert_eq!(reply["result"], if expected.is_empty() { "0" } else { "1" });
    assert_eq!(shop.status(&payment_id).await, to);
    if expected.is_empty() {
        assert_eq!((&reply["payment_id"], reply["trading_id"].as_str()), (&payment_id, "t1"));
    }
}

#[tokio::test]
async fn a_payment_that_is_not_there_is_2006() {
    let shop = Shop::open();
    for kind in ["021", "022", "023"] {
        assert_eq!(code(&shop.send(kind, &[("trading_id", "none")]).await), ("1", "2006"));
        assert_eq!(code(&shop.send(kind, &[("payment_id", "1")]).await), ("1", "2006"));
        assert_eq!(code(&shop.send(kind, &[]).await), ("1", "P005"));
    }
}

#[rstest]
#[case("028", "20", "0", "700", Some("700"))]
#[case("028", "20", "1", "300", Some("700"))]
#[case("029", "40", "0", "1", Some("1"))]
#[case("029", "40", "1", "999", Some("1"))]
#[tokio::test]
async fn a_revision_makes_a_new_payment_and_cancels_the_old_one(
    #[case] kind: &str,
    #[case] status: &str,
    #[case] flag: &str,
    #[case] amount: &str,
    #[case] total: Option<&str>,
) {
    let shop = Shop::open();
    let base = bring_to(&shop, status).await;
    let fields = [("payment_id", base.as_str()), ("payment_amount", amount), ("reduction_flag", flag)];
    let revised = shop.send(kind, &fields).await;
    assert_eq!(code(&revised), ("0", ""));
    assert_eq!(revised["base_payment_id"], base);
    assert_eq!(Some(revised["reduced_amount"].as_str()), total);
    assert_eq!(shop.status(&base).await, if kind == "028" { "32" } else { "60" });
    let inquiry = shop.send("094", &[("payment_id", &revised["payment_id"])]).await;
    assert_eq!((inquiry["payment_status"].as_str(), Some(inquiry["payment_amount"].as_str())), (status, total));
    let ledger = shop.simulator.ledger();
    assert_eq!((ledger.payment_count(), ledger.authorisations("t1")), (2, 1));
    assert_eq!(code(&shop.send("094", &[("trading_id", "t1")]).await), ("1", "13002"));
}

#[rstest]
#[case::same("028", "20", "0", "1000", "2013")]
#[case::higher("029", "40", "0", "1001", "2013")]
#[case::everything("028", "20", "1", "1000", "P014")]
#[case::zero("028", "20", "0", "0", "P014")]
#[case::unknown_flag("028", "20", "2", "1", "P010")]
#[case::no_flag("028", "20", "", "1", "P006")]
#[case::authorised_as_sale("029", "20", "0", "1", "2004")]
#[case::sale_as_authorised("028", "40", "0", "1", "2004")]
#[case::lapsed("028", "33", "0", "1", "2007")]
#[case::period_over("029", "41", "0", "1", "2007")]
#[tokio::test]
async fn a_revision_that_cannot_be_is_refused_and_changes_nothing(
    #[case] kind: &str,
    #[case] status: &str,
    #[case] flag: &str,
    #[case] amount: &str,
    #[case] expected: &str,
) {
    let shop = Shop::open();
    let base = bring_to(&shop, status).await;
    let fields = [("payment_id", base.as_str()), ("payment_amount", amount), ("reduction_flag", flag)];
    assert_eq!(code(&shop.send(kind, &fields).await), ("1", expected));
    assert_eq!(shop.status(&base).await, status);
    assert_eq!(shop.simulator.ledger().payment_count(), 1);
}

#[tokio::test]
async fn revisions_can_be_told_to_leave_the_trading_id_unambiguous() {
    let shop = Shop::with(|config| config.revision_trading_id = RevisionTradingId::Empty);
    shop.simulator.seed_cards(["c"], &TestCard::working());
    shop.pay("t1", &[]).await;
    let fields = [("trading_id", "t1"), ("payment_amount", "1"), ("reduction_flag", "0")];
    assert_eq!(shop.send("028", &fields).await["trading_id"], "");
    assert_eq!(shop.send("094", &[("trading_id", "t1")]).await["payment_status"], "32");
}
