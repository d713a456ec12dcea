//! Products: every event in words.

use super::words::said;
use crate::console::Language;
use teiki_domain::product::ProductEvent as Event;

pub(super) fn text(l: Language, event: &Event) -> String {
    match event {
        Event::ProductRegistered { product_id, name, unit_price, tax_percent } => said!(
            l,
            "商品を登録: {product_id} {name}、単価 {unit_price}(税率{tax_percent}%)",
            "Product registered: {product_id} {name}, {unit_price} (tax {tax_percent}%)"
        ),
        Event::ProductChanged { name, unit_price, tax_percent } => said!(
            l,
            "商品を変更: {name}、単価 {unit_price}(税率{tax_percent}%)",
            "Product changed: {name}, {unit_price} (tax {tax_percent}%)"
        ),
        Event::ProductWithdrawn {} => l.t("商品の販売を終了", "Product withdrawn").to_owned(),
    }
}
