//! Products: every event in words.

use teiki_domain::product::ProductEvent as Event;

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::ProductRegistered { product_id, name, unit_price, tax_percent } => {
            format!("商品を登録: {product_id} {name}、単価 {unit_price}(税率{tax_percent}%)")
        }
        Event::ProductChanged { name, unit_price, tax_percent } => {
            format!("商品を変更: {name}、単価 {unit_price}(税率{tax_percent}%)")
        }
        Event::ProductWithdrawn {} => "商品の販売を終了".to_owned(),
    }
}
