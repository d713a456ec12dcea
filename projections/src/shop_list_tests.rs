use super::*;
use crate::testing::*;

#[test]
fn s4_s17_a_shop_shows_the_settings_in_force() {
    let opened = shop(Event::ShopOpened { shop_id: SHOP.parse().unwrap(), name: "クッキー堂".into() });
    let row: ShopRow = fold(&ShopList, std::slice::from_ref(&opened)).unwrap().row(SHOP).unwrap();
    assert_eq!((row.sale_mode.as_str(), row.authorize_at_generation, row.connected), ("authorize_only", false, false));

    let row: ShopRow = fold(
        &ShopList,
        &[
            opened,
            shop(Event::SaleModeChanged { sale_mode: SaleMode::AuthorizeAndCapture }),
            shop(Event::LeadTimeChanged { days: 5 }),
            shop(Event::ApplicabilityChanged { min: Some(yen(500)), max: None }),
            shop(Event::AuthorizeAtGenerationChanged { enabled: true }),
            shop(Event::ContractPeriodChanged { start: Some(date("2026-04-01")), end: None }),
        ],
    )
    .unwrap()
    .row(SHOP)
    .unwrap();
    assert_eq!((row.sale_mode.as_str(), row.lead_days), ("authorize_and_capture", 5));
    assert_eq!((row.goods_min, row.goods_max), (Some(500), None));
    assert!(row.authorize_at_generation);
    assert_eq!((row.contract_start, row.contract_end), (Some(date("2026-04-01")), None));
    assert_eq!(row.updated_position, 6);
}
