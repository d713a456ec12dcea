//! S2: products are registered, changed and withdrawn.

use crate::history::History;
use crate::values::yen;
use teiki_domain::ids::ProductId;
use teiki_domain::product::{Content, Product, ProductCommand as Command, ProductRefusal as Refusal, Status};

fn product_id() -> ProductId {
    "02396-C-1".parse().unwrap()
}

fn content(name: &str, price: i64, tax_percent: u8) -> Content {
    Content { name: name.to_owned(), unit_price: yen(price), tax_percent }
}

fn register(name: &str, price: i64, tax_percent: u8) -> Command {
    Command::Register { product_id: product_id(), content: content(name, price, tax_percent) }
}

#[test]
fn s2_a_product_lives_from_its_registration_to_its_withdrawal_and_back() {
    let mut history = History::<Product>::new();
    history.tell(register("クッキー", 1_980, 8)).unwrap();
    assert_eq!(history.tell(register("クッキー", 1_980, 8)), Ok(vec![]));
    assert_eq!(history.tell(register("別の商品", 1_980, 8)), Err(Refusal::CodeTaken));
    let change = Command::Change { content: content("クッキー 大", 2_480, 8) };
    assert_eq!(history.tell(change.clone()).unwrap().len(), 1);
    assert_eq!(history.tell(change.clone()), Ok(vec![]));
    assert_eq!(history.tell(Command::Withdraw).unwrap().len(), 1);
    assert_eq!(history.tell(Command::Withdraw), Ok(vec![]));
    assert_eq!(history.tell(change), Err(Refusal::Withdrawn));
    history.tell(register("クッキー 新", 2_000, 10)).unwrap();
    let details = history.state.details().unwrap();
    assert_eq!(
        (details.status, details.name.as_str(), details.unit_price),
        (Status::OnSale, "クッキー 新", yen(2_000))
    );
    assert_eq!(details.product_id, product_id());
}

#[test]
fn s2_what_no_basket_could_hold_is_no_product() {
    let long = "あ".repeat(200);
    for (name, price, tax, refusal) in [
        ("", 1, 8, Some(Refusal::Name)),
        ("a\u{0}b", 1, 8, Some(Refusal::Name)),
        (&format!("{long}あ"), 1, 8, Some(Refusal::Name)),
        (&long, 0, 0, None),
        ("クッキー", 9_999_999, 10, None),
        ("クッキー", 10_000_000, 8, Some(Refusal::Price(yen(10_000_000)))),
        ("クッキー", 1, 9, Some(Refusal::Tax(9))),
    ] {
        let mut history = History::<Product>::new();
        assert_eq!(history.tell(register(name, price, tax)).err(), refusal, "{name} {price} {tax}");
        let mut history = History::<Product>::new();
        history.tell(register("クッキー", 1_980, 8)).unwrap();
        let change = Command::Change { content: content(name, price, tax) };
        assert_eq!(history.tell(change).err(), refusal, "changed: {name} {price} {tax}");
    }
}

#[test]
fn s2_ids_of_products_carry_their_shop() {
    let id = product_id();
    assert_eq!((id.shop().to_string(), id.code()), ("02396".to_owned(), "C-1"));
    let longest = format!("02396-{}", "a".repeat(40));
    for good in ["02396-1", "02396-C_1-b", longest.as_str()] {
        assert_eq!(good.parse::<ProductId>().unwrap().as_str(), good);
    }
    let too_long = format!("02396-{}", "a".repeat(41));
    for bad in
        ["", "02396", "02396-", "00000-C", "2396-C", "02396-C 1", "02396-商品", "02396-C\u{0}", too_long.as_str()]
    {
        assert!(bad.parse::<ProductId>().is_err(), "{bad:?}");
    }
}
