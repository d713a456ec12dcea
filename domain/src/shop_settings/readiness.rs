//! What keeps a shop from selling subscriptions (S1).

use super::state::Details;
use super::values::ShopText;

/// One thing that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// ①-④: without them nothing can be paid.
    Connection,
    /// Somebody has to confirm that a normal purchase works.
    NormalPurchase,
    /// The contract does not allow subscriptions, as far as it is on record.
    SubscriptionsOption,
    /// The contract has no card vault, as far as it is on record.
    CardVaultOption,
    /// One of the texts every shop must show.
    Text(ShopText),
    /// No product is on sale.
    Product,
    /// ⑰: cards are not used for subscriptions.
    UseForSubscriptions,
    /// ⑫: cards are not linked to members.
    CardLinking,
    /// Ⓑ: no payment method may be used.
    PaymentMethods,
    /// No delivery cycle is offered.
    DeliveryCycles,
    /// 受注一覧への反映タイミング was never set.
    LeadTime,
    /// The cart's pages were never looked at and saved.
    CartPages,
    /// The my-page's settings were never looked at and saved.
    MyPage,
}

impl Missing {
    /// Everything that can be missing, in the order it is best done.
    pub const ALL: [Self; 16] = [
        Self::Connection,
        Self::NormalPurchase,
        Self::SubscriptionsOption,
        Self::CardVaultOption,
        Self::Text(ShopText::LegalNotice),
        Self::Text(ShopText::PrivacyPolicy),
        Self::Text(ShopText::MemberTerms),
        Self::Text(ShopText::ShippingGuide),
        Self::Product,
        Self::UseForSubscriptions,
        Self::CardLinking,
        Self::PaymentMethods,
        Self::DeliveryCycles,
        Self::LeadTime,
        Self::CartPages,
        Self::MyPage,
    ];

    /// A stable name for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::NormalPurchase => "normal_purchase",
            Self::SubscriptionsOption => "subscriptions_option",
            Self::CardVaultOption => "card_vault_option",
            Self::Text(text) => text.as_str(),
            Self::Product => "product",
            Self::UseForSubscriptions => "use_for_subscriptions",
            Self::CardLinking => "card_linking",
            Self::PaymentMethods => "payment_methods",
            Self::DeliveryCycles => "delivery_cycles",
            Self::LeadTime => "lead_time",
            Self::CartPages => "cart_pages",
            Self::MyPage => "my_page",
        }
    }

    /// What is missing and what to do, in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Connection => "the connection to Paygent is not entered; enter merchant ID, connect ID and secrets",
            Self::NormalPurchase => "nobody confirmed that a normal purchase works; try one and confirm it",
            Self::SubscriptionsOption => "no contract option for subscriptions is on record; ask Paygent and record it",
            Self::CardVaultOption => "no contract option for the card vault is on record; ask Paygent and record it",
            Self::Text(ShopText::LegalNotice) => "the legal notice is empty; write it",
            Self::Text(ShopText::PrivacyPolicy) => "the privacy policy is empty; write it",
            Self::Text(ShopText::MemberTerms) => "the member terms are empty; write them",
            Self::Text(ShopText::ShippingGuide) => "the shipping guide is empty; write it",
            Self::Product => "no product is on sale; register one",
            Self::UseForSubscriptions => "cards are not used for subscriptions; switch that on",
            Self::CardLinking => "cards are not linked to members; switch that on",
            Self::PaymentMethods => "no payment method may be used for subscriptions; choose at least one",
            Self::DeliveryCycles => "no delivery cycle is offered; choose at least one",
            Self::LeadTime => "the order-generation lead time was never set; set it",
            Self::CartPages => "the settings of the cart's pages were never saved; look at them and save them",
            Self::MyPage => "the settings of the my-page were never saved; look at them and save them",
        }
    }

    fn is_missing(self, shop: &Details, products_on_sale: bool) -> bool {
        match self {
            Self::Connection => shop.connection.is_none(),
            Self::NormalPurchase => !shop.normal_purchase_works,
            Self::SubscriptionsOption => !shop.contract_options.subscriptions,
            Self::CardVaultOption => !shop.contract_options.card_vault,
            Self::Text(text) => shop.text(text).trim().is_empty(),
            Self::Product => !products_on_sale,
            Self::UseForSubscriptions => !shop.use_for_subscriptions,
            Self::CardLinking => !shop.card_linking,
            Self::PaymentMethods => shop.methods.is_empty(),
            Self::DeliveryCycles => shop.delivery_cycles.is_empty(),
            Self::LeadTime => !shop.lead_time_set,
            Self::CartPages => shop.cart_texts.is_none(),
            Self::MyPage => shop.my_page.is_none(),
        }
    }
}

/// What keeps the shop from selling subscriptions (S1); nothing: it is ready. `products_on_sale`: whether at least one
/// product is on sale.
pub fn readiness(shop: &Details, products_on_sale: bool) -> Vec<Missing> {
    Missing::ALL.into_iter().filter(|item| item.is_missing(shop, products_on_sale)).collect()
}
