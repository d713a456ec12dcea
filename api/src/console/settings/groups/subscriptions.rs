//! 定期購入設定: ⑫ (S7), ⑰ (S12), Ⓐ (S13), Ⓑ (S14), Ⓒ (S15), lead time (S16), cycles on offer (S1).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::shop_settings::{Details, ShopSettingsCommand as Command};

/// Cycles that are offered for choosing beside those in force.
const COMMON: [&str; 12] = [
    "days:30",
    "weeks:1:mon",
    "weeks:1:fri",
    "weeks:2:mon",
    "weeks:2:fri",
    "months:1:1",
    "months:1:10",
    "months:1:15",
    "months:1:20",
    "months:1:31",
    "months:2:1",
    "months:3:1",
];

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let words = |cycle: &DeliveryCycle| match l {
        Language::Japanese => cycle.describe_ja(),
        Language::English => cycle.describe_en(),
    };
    let mut cycles: Vec<_> = shop.delivery_cycles.iter().map(|cycle| (cycle.to_string(), words(cycle), true)).collect();
    for cycle in COMMON.iter().filter_map(|text| text.parse::<DeliveryCycle>().ok()) {
        if !shop.delivery_cycles.contains(&cycle) {
            cycles.push((cycle.to_string(), words(&cycle), false));
        }
    }
    let external = shop.methods.iter().filter_map(|method| match method {
        PaymentMethod::Card => None,
        PaymentMethod::External { name } => Some(name.as_str()),
    });
    let external: Vec<_> = external.collect();
    vec![
        Field::switch("use_for_subscriptions", l.t("⑰ 定期購入でカード決済を利用する", "⑰ Use cards for subscriptions"), shop.use_for_subscriptions)
            .under(l.t("カード決済", "Cards")),
        Field::switch("card_linking", l.t("⑫ クレジットカードを会員に紐づける", "⑫ Link cards to members"), shop.card_linking)
            .hint(l.t("定期購入には必須です。カードお預かり機能の契約が必要です", "required for subscriptions; needs the card vault")),
        Field::switch("authorize_at_generation", l.t("Ⓐ 与信を同時に実行する", "Ⓐ Authorise at generation"), shop.authorize_at_generation)
            .hint(l.t("外すと、受注は反映されますがオーソリは実行されません", "off: orders are generated without authorisation")),
        Field::switch("card_expiry_mails", l.t("Ⓒ カード有効期限のメールを自動送信する", "Ⓒ Send card-expiry mails"), shop.card_expiry_mails),
        Field::switch("card", l.t("Ⓑ クレジットカード決済", "Ⓑ Card"), shop.methods.contains(&PaymentMethod::Card))
            .under(l.t("定期購入で対応する支払方法", "Payment methods for subscriptions")),
        Field::new("external_methods", l.t("Ⓑ その他の支払方法(1行に1つ)", "Ⓑ Other methods (one a line)"), Kind::Lines(1_400), external.join("\n"))
            .hint(l.t("代金引換、銀行振込など、ペイジェントを通さない方法", "settled outside, such as cash on delivery")),
        Field::new("cycles", l.t("選べる配送サイクル", "Delivery cycles on offer"), Kind::Boxes(cycles), "")
            .under(l.t("配送サイクルと受注の反映", "Cycles and generation")),
        Field::new("more_cycles", l.t("ほかの配送サイクル(1行に1つ)", "More cycles (one a line)"), Kind::Lines(600), "")
            .hint(l.t(
                "例: days:45(45日ごと)、weeks:3:fri(3週間ごとの金曜)、months:1:25(毎月25日)、months:2:2nd-tue(2か月ごとの第2火曜)",
                "such as days:45, weeks:3:fri, months:1:25 or months:2:2nd-tue",
            )),
        Field::new("lead_days", l.t("受注一覧への反映タイミング", "Order-generation lead time"), Kind::Number(l.t("日前(配送日の)", "days before delivery")), if shop.lead_time_set { shop.lead_days.to_string() } else { String::new() })
            .hint(l.t("0〜90", "0 to 90")),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let mut methods = vec![];
    if read.switch("card") {
        methods.push(PaymentMethod::Card);
    }
    for name in read.list("external_methods") {
        let method = PaymentMethod::External { name };
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let mut cycles: Vec<DeliveryCycle> = vec![];
    let chosen = read.form.all("cycles").into_iter().map(|text| ("cycles", text.to_owned()));
    let more = read.list("more_cycles").into_iter().map(|text| ("more_cycles", text));
    for (field, text) in chosen.chain(more).collect::<Vec<_>>() {
        match text.parse() {
            Ok(cycle) if cycles.contains(&cycle) => {}
            Ok(cycle) => cycles.push(cycle),
            Err(_) => read.fail(
                field,
                "配送サイクルの書き方が正しくありません。下の例のように入力してください",
                "one of them is no delivery cycle; write them as in the examples",
            ),
        }
    }
    let mut commands = vec![
        ("use_for_subscriptions", Command::ChangeUseForSubscriptions(read.switch("use_for_subscriptions"))),
        ("card_linking", Command::ChangeCardLinking(read.switch("card_linking"))),
        ("authorize_at_generation", Command::ChangeAuthorizeAtGeneration(read.switch("authorize_at_generation"))),
        ("card_expiry_mails", Command::ChangeCardExpiryMails(read.switch("card_expiry_mails"))),
        ("external_methods", Command::ChangePaymentMethods(methods)),
        ("cycles", Command::ChangeDeliveryCycles(cycles)),
    ];
    if let Some(days) = read.number("lead_days") {
        commands.push(("lead_days", Command::ChangeLeadTime(days)));
    }
    commands
}
