use sha2::{Digest, Sha256};

use crate::support::{NOW, Shop, code};

#[tokio::test]
async fn kind_094_shows_dates_in_japan_amount_and_card() {
    let shop = Shop::open();
    let paid = shop.pay("t1", &[]).await;
    shop.simulator.set_now("2026-04-01T15:00:00Z".parse().unwrap());
    shop.send("022", &[("trading_id", "t1")]).await;
    shop.simulator.set_now("2026-04-02T15:00:01Z".parse().unwrap());
    shop.send("023", &[("trading_id", "t1")]).await;
    let facts = shop.send("094", &[("trading_id", "t1"), ("payment_type", "02")]).await;
    let expected = [
        ("result", "0"),
        ("trading_id", "t1"),
        ("payment_type", "02"),
        ("payment_status", "60"),
        ("payment_amount", "1000"),
        ("payment_init_date", "20260401120000"),
        ("authorized_date", "20260401120000"),
        ("payment_date", "20260402000000"),
        ("cancel_date", "20260403000001"),
        ("payment_class", "10"),
        ("customer_id", "c"),
        ("masked_card_number", "************1000"),
        ("card_valid_term", "1235"),
    ];
    for (key, value) in expected {
        assert_eq!(facts[key], value, "{key}");
    }
    assert_eq!(facts["payment_id"], paid["payment_id"]);
}

#[tokio::test]
async fn kind_094_knows_no_other_payments() {
    let shop = Shop::open();
    shop.pay("t1", &[]).await;
    for fields in [
        [("payment_id", "9"), ("", "")],
        [("trading_id", "t2"), ("", "")],
        [("trading_id", "t1"), ("payment_type", "03")],
    ] {
        assert_eq!(code(&shop.send("094", &fields).await), ("1", "13001"));
    }
    assert_eq!(code(&shop.send("094", &[]).await), ("1", "P005"));
}

#[tokio::test]
async fn kind_091_hands_out_every_change_once_in_order_and_again_by_id() {
    let shop = Shop::open();
    shop.pay("t1", &[]).await;
    shop.send("022", &[("trading_id", "t1")]).await;
    let mut seen = Vec::new();
    loop {
        let notice = shop.send("091", &[]).await;
        if notice["success_code"] == "1" {
            break;
        }
        let text = format!("{}{}t1021000notice_simulator_token_key", notice["payment_notice_id"], notice["payment_id"]);
        assert_eq!(notice["hc"], hex::encode(Sha256::digest(text)));
        seen.push((
            notice["success_code"].clone(),
            notice["payment_notice_id"].clone(),
            notice["payment_status"].clone(),
        ));
    }
    assert_eq!(seen, [("0", "1", "20"), ("0", "2", "40")].map(|(a, b, c)| (a.into(), b.into(), c.into())));
    let again = shop.send("091", &[("payment_notice_id", "1")]).await;
    assert_eq!((again["payment_status"].as_str(), again["trading_id"].as_str()), ("20", "t1"));
    assert_eq!(shop.send("091", &[("payment_notice_id", "3")]).await["success_code"], "1");
}

#[tokio::test]
async fn kind_091_says_when_unread_records_were_purged_after_seven_days() {
    let shop = Shop::open();
    shop.pay("t1", &[]).await;
    shop.simulator.set_now("2026-04-09T00:00:00Z".parse().unwrap());
    shop.pay("t2", &[]).await;
    let notice = shop.send("091", &[]).await;
    assert_eq!((notice["success_code"].as_str(), notice["trading_id"].as_str()), ("2", "t2"));
    assert_eq!(shop.send("091", &[("payment_notice_id", "1")]).await["success_code"], "1");
}

#[tokio::test]
async fn kind_091_reports_authorisations_that_lapsed() {
    let shop = Shop::open();
    shop.pay("t1", &[]).await;
    shop.send("091", &[]).await;
    shop.simulator.set_now(NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::days(60));
    let notice = shop.send("091", &[]).await;
    assert_eq!((notice["trading_id"].as_str(), notice["payment_status"].as_str()), ("t1", "33"));
}
