//! What a shop says about itself, as part of its settings.

use super::*;
use teiki_domain::shop_settings::Details;

/// S6 without its secret.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ThreeDSecureView {
    enabled: bool,
    merchant_name: String,
    has_hash_key: bool,
    #[schema(schema_with = crate::http::schema::attempt_control)]
    attempt_control: of::AttemptControl,
}

/// What a shop says about itself, as part of its settings.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct About {
    /// How buyers reach the shop.
    profile: ShopProfile,
    /// Who mails come from.
    mail_sender: MailSender,
    /// Who issues invoices.
    invoice_issuer: InvoiceIssuer,
    /// O14: whose format waybill data has; null until chosen.
    #[schema(schema_with = crate::http::schema::waybill_carrier_or_null)]
    waybill_carrier: Option<of::WaybillCarrier>,
    /// S1, S6, S7: what the contract with Paygent allows.
    contract_options: ContractOptions,
    /// S1: whether somebody confirmed that a normal purchase works.
    normal_purchase_works: bool,
    /// S6: 3-D Secure on first purchases.
    three_d_secure: ThreeDSecureView,
    /// S7: whether cards are linked to members.
    card_linking: bool,
    /// S8: name of the payment method.
    display_name: String,
    /// S10: notes on the payment method.
    payment_notes: PaymentNotes,
    /// S11: logo of the payment method; null: none.
    #[schema(nullable)]
    payment_logo: Option<Picture>,
    /// S1: texts every shop must show.
    texts: ShopTexts,
    /// S1: delivery cycles buyers may choose from.
    delivery_cycles: Vec<String>,
    /// S18: comments of the cart's pages; null until they were saved once.
    #[schema(nullable)]
    cart_texts: Option<CartTexts>,
    /// S18: colours and logo of the cart's pages.
    cart_design: CartDesign,
    /// S1: settings of the my-page; null until they were saved once.
    #[schema(nullable)]
    my_page: Option<MyPage>,
}

impl From<&Details> for About {
    fn from(settings: &Details) -> Self {
        let shop = settings.clone();
        let of::ShopProfile { postal_code, address, phone, mail, site_url, my_page_url } = shop.profile;
        let of::MailSender { from_name, copies } = shop.mail_sender;
        let of::InvoiceIssuer { issuer_name, registration_number } = shop.invoice_issuer;
        let of::ContractOptions { subscriptions, card_vault, three_d_secure } = shop.contract_options;
        let of::PaymentNotes { text, on_payment_page, in_thanks_mail } = shop.payment_notes;
        let of::CartDesign { main_color, background_color, logo } = shop.cart_design;
        let page = |page| settings.text(page).to_owned();
        Self {
            profile: ShopProfile { postal_code, address, phone, mail, site_url, my_page_url },
            mail_sender: MailSender { from_name, copies },
            invoice_issuer: InvoiceIssuer { issuer_name, registration_number },
            waybill_carrier: shop.waybill_carrier,
            contract_options: ContractOptions { subscriptions, card_vault, three_d_secure },
            normal_purchase_works: shop.normal_purchase_works,
            three_d_secure: ThreeDSecureView {
                enabled: shop.three_d_secure.enabled,
                merchant_name: shop.three_d_secure.merchant_name,
                has_hash_key: shop.three_d_secure.hash_key.is_some(),
                attempt_control: shop.three_d_secure.attempt_control,
            },
            card_linking: shop.card_linking,
            display_name: shop.display_name,
            payment_notes: PaymentNotes { text, on_payment_page, in_thanks_mail },
            payment_logo: shop.payment_logo.map(Into::into),
            texts: ShopTexts {
                legal_notice: page(of::ShopText::LegalNotice),
                privacy_policy: page(of::ShopText::PrivacyPolicy),
                member_terms: page(of::ShopText::MemberTerms),
                shipping_guide: page(of::ShopText::ShippingGuide),
            },
            delivery_cycles: shop.delivery_cycles.iter().map(ToString::to_string).collect(),
            cart_texts: shop.cart_texts.map(|of::CartTexts { cart_upper, cart_lower, steps_upper, done }| CartTexts {
                cart_upper,
                cart_lower,
                steps_upper,
                done,
            }),
            cart_design: CartDesign { main_color, background_color, logo: logo.map(Into::into) },
            my_page: shop.my_page.map(|of::MyPage { comment }| MyPage { comment }),
        }
    }
}
