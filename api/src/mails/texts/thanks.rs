//! サンクスメール and its copy to the shop (C5 b, C6, S8, S10).

use super::parts::{RULE, basket, date, method, signature};
use crate::mails::Letter;
use crate::mails::shop_profile::ShopProfile;
use chrono::NaiveDate;
use teiki_domain::basket::Basket;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::ids::SubscriptionId;
use teiki_domain::payment_method::PaymentMethod;

/// What a thanks mail tells of.
#[derive(Debug, Clone)]
pub struct Thanks<'a> {
    /// 購入者名.
    pub buyer: &'a str,
    /// The subscription that began.
    pub subscription_id: &'a SubscriptionId,
    /// What is delivered each time.
    pub basket: &'a Basket,
    /// How each order is paid.
    pub payment_method: &'a PaymentMethod,
    /// How often.
    pub cycle: DeliveryCycle,
    /// The first delivery.
    pub first_delivery: NaiveDate,
    /// The shop.
    pub shop: &'a ShopProfile,
}

/// To the buyer.
pub fn to_buyer(thanks: &Thanks<'_>) -> Letter {
    Letter {
        subject: format!("定期購入のお申し込みありがとうございます {}", thanks.shop.name), body: body(thanks)
    }
}

/// The copy to the shop.
pub fn to_shop(thanks: &Thanks<'_>) -> Letter {
    let subject = format!("【定期購入受注通知メール】{} {}様", thanks.subscription_id, thanks.buyer);
    let subject = subject.chars().take(crate::mails::letter::SUBJECT_MAX).collect();
    let note = "定期購入のお申し込みがありました。以下は購入者様へお送りしたメールの写しです。";
    Letter { subject, body: format!("{note}\n\n{RULE}\n\n{}", body(thanks)) }
}

fn body(thanks: &Thanks<'_>) -> String {
    let Thanks { buyer, subscription_id, basket: content, payment_method, cycle, first_delivery, shop } = thanks;
    let mut text = format!(
        "{buyer}様\n\n\
         この度は{}の定期購入にお申し込みいただき、誠にありがとうございます。\n\
         以下の内容で承りましたので、ご確認ください。\n\n\
         ■定期購入\n{RULE}\n 定期購入番号: {subscription_id}\n お届けサイクル: {}\n 初回お届け日: {}\n\n",
        shop.name,
        cycle.describe_ja(),
        date(*first_delivery),
    );
    text.push_str(&basket(content));
    text.push_str(&format!("\n■お支払い\n{RULE}\n お支払方法: {}\n", method(payment_method, shop)));
    if payment_method.is_card() {
        // C6: no other mail says that the payment is done.
        text.push_str(
            " お支払いの完了をお知らせするメールは、別途お送りしておりません。\n \
             本メールをもってお知らせに代えさせていただきますので、ご了承ください。\n",
        );
    }
    if !shop.thanks_note.is_empty() {
        let note: String = shop.thanks_note.lines().map(|line| format!(" {line}\n")).collect();
        text.push_str(&note);
    }
    if !shop.my_page.is_empty() {
        let page = &shop.my_page;
        text.push_str(&format!(
            "\n次回以降のご予定の確認やカードの変更は、会員マイページをご利用ください。\n {page}\n"
        ));
    }
    text.push('\n');
    text.push_str(&signature(shop));
    text
}
