//! `PUT` of each part of what a shop says about itself.

use super::*;
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::problem::{Problem, unavailable};
use crate::http::request::field;
use crate::http::shop_settings::{seal, settings};
use crate::http::shops::{Id, ShopView, change, shop};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use std::sync::Arc;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand as Command};

settings! {
    /// `PUT /v1/shops/{id}/name`: the shop's name as buyers read it.
    name("/v1/shops/{id}/name", "rename_shop", NewShopName) about "name"
        NewShopName { name } => Command::Rename(name);

    /// `PUT /v1/shops/{id}/profile`: how buyers reach the shop.
    profile("/v1/shops/{id}/profile", "change_shop_profile", ShopProfile) about "address"
        ShopProfile { postal_code, address, phone, mail, site_url, my_page_url } => Command::ChangeProfile(
            of::ShopProfile { postal_code, address, phone, mail, site_url, my_page_url }
        );

    /// `PUT /v1/shops/{id}/mail-sender`: who mails to buyers come from, and who at the shop reads along.
    mail_sender("/v1/shops/{id}/mail-sender", "change_mail_sender", MailSender) about "from_name"
        MailSender { from_name, copies } => Command::ChangeMailSender(of::MailSender { from_name, copies });

    /// `PUT /v1/shops/{id}/invoice-issuer`: who issues invoices and receipts.
    invoice_issuer("/v1/shops/{id}/invoice-issuer", "change_invoice_issuer", InvoiceIssuer) about "issuer_name"
        InvoiceIssuer { issuer_name, registration_number } => Command::ChangeInvoiceIssuer(
            of::InvoiceIssuer { issuer_name, registration_number }
        );

    /// `PUT /v1/shops/{id}/waybill-carrier`: whose format waybill data has (O14).
    waybill_carrier("/v1/shops/{id}/waybill-carrier", "change_waybill_carrier", NewWaybillCarrier) about "carrier"
        NewWaybillCarrier { carrier } => Command::ChangeWaybillCarrier(carrier);

    /// `PUT /v1/shops/{id}/contract-options`: what the contract with Paygent allows (S1, S6, S7).
    contract_options("/v1/shops/{id}/contract-options", "change_contract_options", ContractOptions)
        about "three_d_secure"
        ContractOptions { subscriptions, card_vault, three_d_secure } => Command::ChangeContractOptions(
            of::ContractOptions { subscriptions, card_vault, three_d_secure }
        );

    /// `PUT /v1/shops/{id}/normal-purchase`: whether a normal purchase works, as somebody tried (S1).
    normal_purchase("/v1/shops/{id}/normal-purchase", "confirm_normal_purchase", NormalPurchase) about "works"
        NormalPurchase { works } => Command::ConfirmNormalPurchase(works);

    /// `PUT /v1/shops/{id}/card-linking`: whether cards are linked to members (S7); needs the card-vault option.
    card_linking("/v1/shops/{id}/card-linking", "change_card_linking", CardLinking) about "enabled"
        CardLinking { enabled } => Command::ChangeCardLinking(enabled);

    /// `PUT /v1/shops/{id}/display-name`: name of the payment method, on the payment page and in mails (S8).
    display_name("/v1/shops/{id}/display-name", "change_display_name", NewDisplayName) about "display_name"
        NewDisplayName { display_name } => Command::ChangeDisplayName(display_name);

    /// `PUT /v1/shops/{id}/payment-notes`: notes on the payment method (S10).
    payment_notes("/v1/shops/{id}/payment-notes", "change_payment_notes", PaymentNotes) about "text"
        PaymentNotes { text, on_payment_page, in_thanks_mail } => Command::ChangePaymentNotes(
            of::PaymentNotes { text: unix_lines(&text), on_payment_page, in_thanks_mail }
        );

    /// `PUT /v1/shops/{id}/payment-logo`: logo of the payment method (S11).
    payment_logo("/v1/shops/{id}/payment-logo", "change_payment_logo", NewPaymentLogo) about "logo"
        NewPaymentLogo { logo } => Command::ChangePaymentLogo(logo.map(Into::into));

    /// `PUT /v1/shops/{id}/legal-notice`: the legal notice (特定商取引法) every shop must show (S1).
    legal_notice("/v1/shops/{id}/legal-notice", "change_legal_notice", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::LegalNotice, &text);

    /// `PUT /v1/shops/{id}/privacy-policy`: the privacy policy every shop must show (S1).
    privacy_policy("/v1/shops/{id}/privacy-policy", "change_privacy_policy", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::PrivacyPolicy, &text);

    /// `PUT /v1/shops/{id}/member-terms`: the member terms every shop must show (S1).
    member_terms("/v1/shops/{id}/member-terms", "change_member_terms", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::MemberTerms, &text);

    /// `PUT /v1/shops/{id}/shipping-guide`: the shipping guide every shop must show (S1).
    shipping_guide("/v1/shops/{id}/shipping-guide", "change_shipping_guide", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::ShippingGuide, &text);

    /// `PUT /v1/shops/{id}/delivery-cycles`: delivery cycles buyers may choose from (S1).
    delivery_cycles("/v1/shops/{id}/delivery-cycles", "change_delivery_cycles", NewDeliveryCycles)
        about "delivery_cycles"
        NewDeliveryCycles { delivery_cycles } => {
            let cycles = delivery_cycles.iter().enumerate();
            let cycles = cycles.map(|(i, text)| field(&format!("delivery_cycles[{i}]"), text.parse()));
            Command::ChangeDeliveryCycles(cycles.collect::<Result<_, Problem>>()?)
        };

    /// `PUT /v1/shops/{id}/cart-texts`: comments of the cart's pages (S18).
    cart_texts("/v1/shops/{id}/cart-texts", "change_cart_texts", CartTexts) about "cart_upper"
        CartTexts { cart_upper, cart_lower, steps_upper, done } => {
            let [cart_upper, cart_lower, steps_upper, done] =
                [cart_upper, cart_lower, steps_upper, done].map(|text| unix_lines(&text));
            Command::ChangeCartTexts(of::CartTexts { cart_upper, cart_lower, steps_upper, done })
        };

    /// `PUT /v1/shops/{id}/cart-design`: colours and logo of the cart's pages (S18).
    cart_design("/v1/shops/{id}/cart-design", "change_cart_design", CartDesign) about "main_color"
        CartDesign { main_color, background_color, logo } => Command::ChangeCartDesign(
            of::CartDesign { main_color, background_color, logo: logo.map(Into::into) }
        );

    /// `PUT /v1/shops/{id}/my-page`: settings of the my-page (S1).
    my_page("/v1/shops/{id}/my-page", "change_my_page", MyPage) about "comment"
        MyPage { comment } => Command::ChangeMyPage(of::MyPage { comment: unix_lines(&comment) });
}

/// `PUT /v1/shops/{id}/three-d-secure`: 3-D Secure on first purchases (S6).
#[utoipa::path(put, path = "/v1/shops/{id}/three-d-secure", operation_id = "change_three_d_secure", tag = "shops",
    params(crate::http::schema::ShopPath), request_body = NewThreeDSecure, responses((status = 200, body = ShopView)))]
pub(in crate::http) async fn three_d_secure(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<NewThreeDSecure>, JsonRejection>,
) -> Result<Json<ShopView>, Problem> {
    let Json(NewThreeDSecure { enabled, merchant_name, hash_key, attempt_control }) = body?;
    let shop = shop(&id)?;
    let kept = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(|error| unavailable(&error))?;
    let kept = kept.aggregate.details().and_then(|details| details.three_d_secure.hash_key.clone());
    let hash_key = match hash_key {
        Some(key) => Some(seal(&app, shop, "hash_key", &key, kept)?),
        None => kept,
    };
    let new = of::ThreeDSecure { enabled, merchant_name, hash_key, attempt_control };
    change(&app, &caller, shop, Command::ChangeThreeDSecure(new), "enabled").await
}

fn text_of(page: of::ShopText, text: &str) -> Command {
    Command::ChangeText { page, text: unix_lines(text) }
}
