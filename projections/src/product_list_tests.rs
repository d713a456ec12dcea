use super::*;
use crate::testing::*;

const PRODUCT: &str = "02396-C-1";

fn product(event: Event) -> (&'static str, RecordedEvent) {
    (PRODUCT, RecordedEvent::Product(event))
}

fn registered(price: i64) -> (&'static str, RecordedEvent) {
    let (product_id, name) = (PRODUCT.parse().unwrap(), "クッキー".to_owned());
    product(Event::ProductRegistered { product_id, name, unit_price: yen(price), tax_percent: 8 })
}

fn folded(events: &[(&str, RecordedEvent)]) -> ProductRow {
    fold(&ProductList, events).unwrap().row(PRODUCT).unwrap()
}

#[test]
fn s2_a_product_shows_what_it_is_and_whether_it_is_on_sale() {
    let row = folded(&[registered(1_980)]);
    assert_eq!((row.shop_id.as_str(), row.code.as_str(), row.status.as_str()), (SHOP, "C-1", "on_sale"));
    assert_eq!((row.unit_price, row.tax_percent, row.registered_at), (1_980, 8, time(1)));
    let change = Event::ProductChanged { name: "大缶".to_owned(), unit_price: yen(2_480), tax_percent: 10 };
    let row = folded(&[registered(1_980), product(change), product(Event::ProductWithdrawn {})]);
    assert_eq!((row.name.as_str(), row.unit_price, row.tax_percent), ("大缶", 2_480, 10));
    assert_eq!((row.status.as_str(), row.withdrawn_at, row.updated_position), ("withdrawn", Some(time(3)), 3));
    let row = folded(&[registered(1_980), product(Event::ProductWithdrawn {}), registered(3_000)]);
    assert_eq!((row.status.as_str(), row.unit_price, row.withdrawn_at), ("on_sale", 3_000, None));
}
