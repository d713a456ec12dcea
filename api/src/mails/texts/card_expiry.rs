//! The two forms about a buyer's card (K1, K3, K4, K6; manual pp. 48-49): 期限間近 and 期限切れ, with placeholders.

use crate::mails::Letter;
use crate::mails::placeholders::fill;
use crate::mails::shop_profile::ShopProfile;
use serde::{Deserialize, Serialize};
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_domain::ids::MemberId;
use teiki_domain::mail::MailKind;
use utoipa::ToSchema;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CardExpiryForm)]
pub enum Form {
    /// 期限間近: the card ends within three months.
    Close,
    /// 期限切れ: the card is past its end.
    Expired,
}

impl Form {
    /// The form that fits a card; none fits one that is valid for long.
    pub fn fitting(standing: ExpiryStanding) -> Option<Self> {
        match standing {
            ExpiryStanding::Valid => None,
            ExpiryStanding::Close => Some(Form::Close),
            ExpiryStanding::Expired => Some(Form::Expired),
        }
    }

    /// The kind of mail it is.
    pub fn kind(self) -> MailKind {
        match self {
            Form::Close => MailKind::CardClose,
            Form::Expired => MailKind::CardExpired,
        }
    }

    /// A stable name for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Close => "close",
            Form::Expired => "expired",
        }
    }
}

/// Every placeholder, in the order they are explained to operators.
pub const PLACEHOLDERS: [&str; 8] = [
    "［購入者名］",
    "［会員ID］",
    "［ショップ名］",
    "［マイページURL］",
    "［ショップ住所］",
    "［ショップメール］",
    "［ショップ電話］",
    "［ショップサイト］",
];

/// The fixed text, which K1 sends as it is and operators may change (K3, K4, K6).
pub fn default(form: Form) -> Letter {
    let (subject, what) = match form {
        Form::Close => (
            "《クレジットカード変更のお願い》有効期限が近づいています ［ショップ名］",
            "定期購入のお支払いにご登録いただいているクレジットカードの有効期限が近づいておりますので、\n\
             ご連絡いたします。\n\n\
             お手数ですが、有効期限が過ぎる前に、会員マイページよりご登録のクレジットカードを\n\
             ご変更くださいますようお願いいたします。",
        ),
        Form::Expired => (
            "《クレジットカード変更のお願い》有効期限が切れています ［ショップ名］",
            "定期購入のお支払いにご登録いただいているクレジットカードの有効期限が切れているため、\n\
             お支払いの手続きを完了できない状況です。\n\n\
             お手数ですが、会員マイページよりご登録のクレジットカードをご変更くださいますよう\n\
             お願いいたします。\n\
             なお、ほかのお支払方法をご希望の場合は、その旨ご連絡いただければ幸いです。",
        ),
    };
    let body = format!(
        "［購入者名］様\n\n\
         いつも当店をご利用いただき、誠にありがとうございます。\n\n\
         {what}\n\n\
         ━━━━━━━━━━━━━━━\n ご利用店: ［ショップ名］\n━━━━━━━━━━━━━━━\n\n\
         【クレジットカードのご変更手順】\n\
         1. 会員マイページへログインしてください\n\
         2. 「ご登録カード管理」の「設定」を押してください\n\
         3. 「クレジットカードを変更する」を押してください\n\
         4. 新しいクレジットカードの情報を入力してください\n\
         5. 「登録」を押してください\n\n\
         ■会員情報\n------------------------------------------------\n \
         会員ID: ［会員ID］\n 会員マイページ: ［マイページURL］\n\n\
         ご不明な点がございましたら、お問い合わせください。\n\
         お手数をおかけいたしますが、よろしくお願いいたします。\n\n\
         【お問い合わせ先】\n\
         ============================================================\n \
         ［ショップ名］\n ［ショップ住所］\n ［ショップメール］\n ［ショップ電話］\n ［ショップサイト］\n\
         ============================================================\n"
    );
    Letter { subject: subject.to_owned(), body }
}

/// The text for one buyer.
pub fn filled(text: &Letter, buyer: &str, member_id: &MemberId, shop: &ShopProfile) -> Letter {
    let values =
        [buyer, member_id.as_str(), &shop.name, &shop.my_page, &shop.address, &shop.mail, &shop.phone, &shop.site];
    let values: Vec<_> = PLACEHOLDERS.into_iter().zip(values).collect();
    // A line that held nothing but an empty value is left out.
    let line = |line: &str| {
        let filled = fill(line, &values);
        (!filled.trim().is_empty() || line.trim().is_empty()).then_some(filled)
    };
    let body = text.body.split('\n').filter_map(line).collect::<Vec<_>>().join("\n");
    let subject: String = fill(&text.subject, &values).chars().take(crate::mails::letter::SUBJECT_MAX).collect();
    Letter { subject: subject.trim().to_owned(), body }
}
