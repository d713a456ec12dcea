use crate::values::yen;
use teiki_domain::product::ProductEvent as Event;

pub(crate) fn product() -> Vec<Event> {
    vec![
        Event::ProductRegistered {
            product_id: "02396-C-1".parse().unwrap(),
            name: "クッキーの定期便 <12枚> \"缶\"".to_owned(),
            unit_price: yen(1_980),
            tax_percent: 8,
        },
        Event::ProductRegistered {
            product_id: "02396-0".parse().unwrap(),
            name: "図書カード".to_owned(),
            unit_price: yen(0),
            tax_percent: 0,
        },
        Event::ProductChanged { name: "クッキー 大缶".to_owned(), unit_price: yen(9_999_999), tax_percent: 10 },
        Event::ProductWithdrawn {},
    ]
}
