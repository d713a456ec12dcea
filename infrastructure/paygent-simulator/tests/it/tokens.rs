use chrono::{DateTime, TimeDelta, Utc};
use paygent_simulator::TestCard;
use rstest::rstest;
use sha2::{Digest, Sha256};

use crate::support::{NOW, Shop, client, code};

const GOOD: [(&str, &str); 7] = [
    ("merchant_id", "12345"),
    ("token_generate_key", "simulator_token_key"),
    ("card_number", "4900000000001000"),
    ("card_expire_year", "35"),
    ("card_expire_month", "12"),
    ("card_cvc", "123"),
    ("card_name", "TARO"),
];

async fn request(shop: &Shop, change: (&str, &str)) -> serde_json::Value {
    let fields = GOOD.map(|(key, value)| if key == change.0 { change } else { (key, value) });
    let url = shop.simulator.base_url() + "/n/token/request";
    client(&shop.simulator, false).post(url).form(&fields).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_browser_obtains_a_token_that_pays() {
    let shop = Shop::open();
    let reply = request(&shop, ("", "")).await;
    assert_eq!(reply["result"], "0000");
    let part = |name: &str| reply["tokenizedCardObject"][name].as_str().unwrap().to_owned();
    let token = part("token");
    assert!(token.starts_with("tok_") && token.len() <= 30, "{token}");
    assert_eq!((part("masked_card_number").as_str(), part("valid_until").len()), ("************1000", 14));
    let all = token.clone() + &part("masked_card_number") + &part("valid_until") + &part("fingerprint");
    let hash = hex::encode(Sha256::digest(all + "receipt_simulator_token_key"));
    assert_eq!(reply["hc"], hash);
    let pay = [("payment_amount", "1"), ("payment_class", "10"), ("card_token", token.as_str())];
    assert_eq!(code(&shop.send("020", &pay).await), ("0", ""));
}

#[rstest]
#[case("merchant_id", "", "1100")]
#[case("merchant_id", "9", "1100")]
#[case("token_generate_key", "", "1200")]
#[case("token_generate_key", "guess", "1201")]
#[case("card_number", "", "1300")]
#[case("card_number", "4900-0000", "1301")]
#[case("card_expire_year", "", "1400")]
#[case("card_expire_year", "2035", "1401")]
#[case("card_expire_month", "", "1500")]
#[case("card_expire_month", "xx", "1501")]
#[case("card_expire_month", "13", "1502")]
#[case("card_cvc", "12", "1601")]
#[tokio::test]
async fn token_requests_are_checked(#[case] key: &str, #[case] value: &str, #[case] expected: &str) {
    assert_eq!(request(&Shop::open(), (key, value)).await["result"], expected);
}

#[rstest]
#[case("2026-04-01T03:00:00Z", "26", "04", "0000")]
#[case("2026-04-30T15:00:00Z", "26", "04", "1502")]
#[case("2026-04-01T03:00:00Z", "46", "04", "0000")]
#[case("2026-04-01T03:00:00Z", "46", "05", "1502")]
#[tokio::test]
async fn e2_the_expiry_lies_between_this_month_and_twenty_years_ahead(
    #[case] now: DateTime<Utc>,
    #[case] year: &str,
    #[case] month: &str,
    #[case] expected: &str,
) {
    let shop = Shop::open();
    shop.simulator.set_now(now);
    let mut fields = GOOD;
    (fields[3].1, fields[4].1) = (year, month);
    let url = shop.simulator.base_url() + "/n/token/request";
    let reply: serde_json::Value = shop.client.post(url).form(&fields).send().await.unwrap().json().await.unwrap();
    assert_eq!(reply["result"], expected);
}

#[tokio::test]
async fn only_a_successful_telegram_spends_a_token() {
    let shop = Shop::open();
    let token = shop.simulator.issue_token(&TestCard::working());
    let fields = |amount| [("payment_amount", amount), ("payment_class", "10"), ("card_token", token.as_str())];
    assert_eq!(code(&shop.send("020", &fields("0")).await), ("1", "P014"));
    assert_eq!(code(&shop.send("020", &fields("1")).await), ("0", ""));
    assert_eq!(code(&shop.send("020", &fields("1")).await), ("1", "2022"));
    let store = [("customer_id", "c"), ("card_token", token.as_str())];
    assert_eq!(code(&shop.send("025", &store).await), ("1", "2022"));
    assert_eq!(code(&shop.send("025", &[store[0], ("card_token", "tok_none")]).await), ("1", "2021"));
}

#[tokio::test]
async fn a_declined_payment_does_not_spend_its_token() {
    let shop = Shop::open();
    let token = shop.simulator.issue_token(&TestCard::ending("8202"));
    let pay = [("payment_amount", "1"), ("payment_class", "10"), ("card_token", token.as_str())];
    for _ in 0..2 {
        assert_eq!(code(&shop.send("020", &pay).await), ("1", "2001"));
    }
}

#[tokio::test]
async fn tokens_lapse_and_cards_expire_behind_them() {
    let shop = Shop::with(|config| config.token_lifetime = std::time::Duration::from_secs(90 * 86_400));
    let short = shop.simulator.issue_token(&TestCard::new("4900000000001000", 2026, 4));
    let long = shop.simulator.issue_token(&TestCard::working());
    shop.simulator.set_now("2026-05-02T00:00:00Z".parse().unwrap());
    let store = |token| [("customer_id", "c"), ("card_token", token)];
    assert_eq!(code(&shop.send("025", &store(&short)).await), ("1", "P010"));
    shop.simulator.set_now(NOW.parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(91));
    assert_eq!(code(&shop.send("025", &store(&long)).await), ("1", "2020"));
}

#[tokio::test]
async fn the_browser_script_is_served_without_a_certificate() {
    let shop = Shop::open();
    let url = shop.simulator.base_url() + "/js/PaygentToken.js";
    let script = client(&shop.simulator, false).get(url).send().await.unwrap().text().await.unwrap();
    assert!(script.contains("createToken"));
}
