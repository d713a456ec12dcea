use paygent_simulator::TestCard;
use rstest::rstest;

use crate::support::{Fields, Shop, code};

async fn store(shop: &Shop, card: &TestCard, fields: &[(&str, &str)]) -> Fields {
    let token = shop.simulator.issue_token(card);
    shop.send("025", &[&[("customer_id", "c"), ("card_token", &token)], fields].concat()).await
}

/// The records of a CSV reply, read strictly: every field quoted, records ended by CRLF.
fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).unwrap();
    let lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
    let fields = |line: &str| -> Vec<String> {
        let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap();
        inner.split("\",\"").map(|field| field.replace("\"\"", "\"")).collect()
    };
    lines.map(fields).collect()
}

#[tokio::test]
async fn a_card_is_stored_listed_and_deleted() {
    let shop = Shop::open();
    let first = store(&shop, &TestCard::working(), &[("cardholder_name", "TARO"), ("add_info4", "x")]).await;
    assert_eq!((code(&first), first["num_of_cards"].as_str()), (("0", ""), "1"));
    assert_eq!((first["masked_card_number"].as_str(), first["card_valid_term"].as_str()), ("************1000", "1235"));
    let second = store(&shop, &TestCard::new("3580000000001111", 2026, 4), &[]).await;
    assert_eq!(second["num_of_cards"], "2");
    shop.pay("t1", &[]).await;
    shop.simulator.set_now("2026-05-01T00:00:00Z".parse().unwrap());

    let list = records(&shop.try_send("027", &[("customer_id", "c")]).await.unwrap());
    assert_eq!(list[0], ["1", "0", "", ""]);
    assert_eq!((list[1][0].as_str(), list[1][2].as_str(), list[1].len()), ("2", "customer_card_id", 13));
    assert_eq!(
        list[2],
        ["3", "c", &first["customer_card_id"], "************1000", "1235", "", "VISA", "TARO", "", "", "", "x", "0"]
    );
    assert_eq!(
        list[3],
        [
            "3",
            "c",
            &second["customer_card_id"],
            "************1111",
            "0426",
            "202604011200",
            "JCB",
            "",
            "",
            "",
            "",
            "",
            "1"
        ]
    );
    assert_eq!(list[4], ["4", "2"]);

    let one = [("customer_id", "c"), ("customer_card_id", second["customer_card_id"].as_str())];
    assert_eq!(records(&shop.try_send("027", &one).await.unwrap()).last().unwrap(), &["4", "1"]);
    assert_eq!(shop.send("026", &one).await["num_of_cards"], "1");
    assert_eq!(code(&shop.send("026", &one).await), ("1", "P022"));
    assert_eq!(shop.send("026", &[("customer_id", "c"), ("customer_card_id", "")]).await["num_of_cards"], "0");
    assert_eq!(code(&shop.send("026", &[("customer_id", "c")]).await), ("1", "P022"));
}

#[rstest]
#[case::nobody(&[("customer_id", "nobody")], "P026")]
#[case::no_customer(&[], "P005")]
#[case::wrong_password(&[("connect_password", "guess")], "P002")]
#[tokio::test]
async fn kind_027_answers_errors_as_csv_with_records_1_and_4_only(
    #[case] fields: &[(&str, &str)],
    #[case] expected: &str,
) {
    let shop = Shop::open();
    let list = records(&shop.try_send("027", fields).await.unwrap());
    assert_eq!(list.len(), 2);
    assert_eq!(list[0][..3], ["1", "1", expected]);
    assert_eq!(list[1], ["4", "0"]);
}

#[tokio::test]
async fn an_eleventh_card_is_refused_and_keeps_its_token() {
    let shop = Shop::open();
    shop.simulator.seed_cards(["c"; 10], &TestCard::working());
    let token = shop.simulator.issue_token(&TestCard::working());
    let fields = [("customer_id", "c"), ("card_token", token.as_str())];
    assert_eq!(code(&shop.send("025", &fields).await), ("1", "P023"));
    assert_eq!(code(&shop.send("025", &[("customer_id", "d"), fields[1]]).await), ("0", ""));
}

#[tokio::test]
async fn only_a_validity_check_asks_the_card_network() {
    let shop = Shop::open();
    let refused = store(&shop, &TestCard::ending("8202"), &[("valid_check_flg", "1")]).await;
    assert_eq!((code(&refused), refused["response_detail"].as_str()), (("1", "2001"), "\"1G02\""));
    assert!(shop.simulator.ledger().cards("c").is_empty());
    assert_eq!(code(&store(&shop, &TestCard::ending("8202"), &[("valid_check_flg", "0")]).await), ("0", ""));
    assert_eq!(shop.simulator.ledger().payment_count(), 0);
}

#[tokio::test]
async fn a_new_expiry_is_checked_and_the_number_cannot_change() {
    let shop = Shop::open();
    let card = store(&shop, &TestCard::working(), &[("add_info1", "kept")]).await;
    let update = |fields: &[(&'static str, &str)]| {
        let mut all = vec![("customer_id", "c"), ("customer_card_id", card["customer_card_id"].as_str())];
        all.extend_from_slice(fields);
        let all: Vec<(String, String)> = all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let shop = &shop;
        async move {
            let all: Vec<(&str, &str)> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            shop.send("116", &all).await
        }
    };
    assert_eq!(update(&[("card_valid_term", "0140")]).await["card_valid_term"], "0140");
    assert_eq!(update(&[("cardholder_name", "HANAKO")]).await["card_valid_term"], "0140");
    assert_eq!(code(&update(&[("card_valid_term", "1340")]).await), ("1", "P010"));
    assert_eq!(code(&update(&[("card_valid_term", "0326")]).await), ("1", "P010"));
    assert_eq!(code(&update(&[("customer_card_id", "1")]).await), ("1", "P025"));
    let same = shop.simulator.issue_token(&TestCard::new("4900000000001000", 2039, 2));
    assert_eq!(update(&[("card_token", &same)]).await["card_valid_term"], "0239");
    let other = shop.simulator.issue_token(&TestCard::ending("1001"));
    assert_eq!(code(&update(&[("card_token", &other)]).await), ("1", "P010"));
    let list = records(&shop.try_send("027", &[("customer_id", "c")]).await.unwrap());
    assert_eq!(list[2][4..9], ["0239", "", "VISA", "HANAKO", "kept"]);

    let failing = store(&shop, &TestCard::ending("9000"), &[]).await;
    let fields = [("customer_card_id", failing["customer_card_id"].as_str()), ("card_valid_term", "0140")];
    assert_eq!(code(&update(&fields).await), ("1", "2008"));
}

#[tokio::test]
async fn customer_ids_are_letters_digits_and_underscores() {
    let shop = Shop::open();
    let token = shop.simulator.issue_token(&TestCard::working());
    for (customer, expected) in [("a-b", "P008"), ("abcdefghijklmnopqrstuvwxyz", "P009"), ("", "P006"), ("a_B9", "")] {
        let reply = shop.send("025", &[("customer_id", customer), ("card_token", &token)]).await;
        assert_eq!(reply["response_code"], expected, "{customer}");
    }
}
