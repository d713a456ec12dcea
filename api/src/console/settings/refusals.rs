//! Why a setting was refused, beside its field and in the language of the page.

use crate::console::Language;
use teiki_domain::shop_settings::ShopSettingsRefusal as Refusal;

/// The field a refusal is about and what is wrong; `field` is what the command was made of.
pub(super) fn told(refusal: &Refusal, field: &str, language: Language) -> (String, String) {
    let at = match refusal {
        Refusal::Field { field: named, .. } | Refusal::TooLong { field: named, .. } => match *named {
            "instalment note" => "note".to_owned(),
            "payment method name" => "external_methods".to_owned(),
            "delivery cycles" => "cycles".to_owned(),
            // The text of a page, of a note or of the my-page: the field it was typed into.
            "text" | "shop name" => field.to_owned(),
            named => named.to_lowercase().replace(' ', "_"),
        },
        Refusal::OptionInUse("3-D Secure") => "three_d_secure".to_owned(),
        _ => field.to_owned(),
    };
    let sentence = match language {
        Language::English => refusal.to_string(),
        Language::Japanese => japanese(refusal),
    };
    (at, sentence)
}

fn japanese(refusal: &Refusal) -> String {
    match refusal {
        Refusal::DoesNotExist => "この店舗はまだ開設されていません".to_owned(),
        Refusal::Field { field, .. } => rule(field).to_owned(),
        Refusal::TooLong { max, .. } => {
            format!("{max} 文字以内で、制御文字を含めずに入力してください")
        }
        Refusal::EmptyRange => "下限が上限を超えています。どちらかを直してください".to_owned(),
        Refusal::EmptyPeriod => "開始日が終了日より後です。どちらかを直してください".to_owned(),
        Refusal::LeadTime(_) => "0〜90 の日数を入力してください".to_owned(),
        Refusal::Validity { .. } => "利用する日数は 1〜60、警告を始める日はその日数以内で入力してください".to_owned(),
        Refusal::Ladder(_) => "1〜60 の日数を小さい順に、10個まで入力してください".to_owned(),
        Refusal::NoThreeDSecureOption => {
            "導入オプションの契約が記録されていません。ペイジェントへ確認し、契約の画面で記録してください".to_owned()
        }
        Refusal::NoCardVaultOption => {
            "カードお預かり機能の契約が記録されていません。ペイジェントへ確認し、契約の画面で記録してください"
                .to_owned()
        }
        Refusal::OptionInUse(_) => {
            "この契約を使う設定が「利用する」になっています。先にその設定を外してください".to_owned()
        }
        Refusal::CardNotOffered => "定期購入でカード決済を利用する設定になっていません".to_owned(),
        Refusal::MethodNotAllowed => "この支払方法は定期購入で利用できません".to_owned(),
        Refusal::Nested => "まとめて変更できません。1つずつ変更してください".to_owned(),
    }
}

/// What would be accepted, by the domain's name of the field.
fn rule(field: &str) -> &'static str {
    match field {
        "merchant ID" => "1〜9 桁の数字で入力してください",
        "connect ID" => "1〜32 文字の半角英数字で入力してください",
        "instalment note" => "500 文字以内で入力してください",
        "payment method name" => "支払方法の名称は 1〜60 文字で入力してください",
        "name" | "shop name" => "1〜200 文字で入力してください",
        "display name" => "1〜60 文字で入力してください",
        "from name" => "60 文字以内で、改行を含めずに入力してください",
        "postal code" => "7 桁の数字を 100-0001 のように入力してください",
        "phone" => "数字・ハイフン・括弧で、20 文字以内で入力してください",
        "mail" => "メールアドレスを shop@example.jp のように入力してください",
        "copies" => "メールアドレスを1行に1つ、10件まで入力してください",
        "site URL" | "my page URL" => "https:// または http:// で始まるアドレスを入力してください",
        "registration number" => "T と 13 桁の数字で入力してください",
        "merchant name" => "25 文字までの半角英数字で入力してください。利用するときは必須です",
        "hash key" => "利用するときは必須です。入力してください",
        "image" => "https:// で始まるアドレスを入力してください",
        "alt" => "画像の説明を 1〜100 文字で入力してください",
        "main color" | "background color" => "色を #1f5fa8 のように入力してください",
        "delivery cycles" => "20 個まで選択してください",
        _ => "入力内容を確認してください",
    }
}
