//! The settings forms, one file each: which fields there are, and which commands come of them.

mod connection;
mod contract;
mod design;
mod method;
mod notices;
mod profile;
mod retries;
mod sale;
mod subscriptions;
mod texts;
mod three_d_secure;

use super::field::Field;
use super::reader::Reader;
use crate::console::Language;
use teiki_domain::shop_settings::{Details, ShopSettingsCommand as Command};

/// A settings form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// ①-④.
    Connection,
    /// What the contract allows, its period, and whether a normal purchase works.
    Contract,
    /// ⑤ and for how long authorisations are used.
    Sale,
    /// ⑥⑦, ⑬-⑯.
    Method,
    /// ⑧-⑪.
    ThreeDSecure,
    /// ⑫, ⑰, Ⓐ-Ⓒ, cycles, lead time.
    Subscriptions,
    /// Retries of failed authorisations.
    Retries,
    /// Texts every shop must show.
    Texts,
    /// Cart's pages and my-page.
    Design,
    /// Name, contact, mails, invoices, waybills.
    Profile,
    /// The key of Paygent's notices.
    Notices,
}

impl Group {
    /// All of them, in the order of the menu.
    pub(crate) const ALL: [Self; 11] = [
        Self::Connection,
        Self::Contract,
        Self::Sale,
        Self::Method,
        Self::ThreeDSecure,
        Self::Subscriptions,
        Self::Retries,
        Self::Texts,
        Self::Design,
        Self::Profile,
        Self::Notices,
    ];

    /// Its place below `/settings/`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Contract => "contract",
            Self::Sale => "sale",
            Self::Method => "method",
            Self::ThreeDSecure => "three-d-secure",
            Self::Subscriptions => "subscriptions",
            Self::Retries => "retries",
            Self::Texts => "texts",
            Self::Design => "design",
            Self::Profile => "profile",
            Self::Notices => "notices",
        }
    }

    /// The form at this place.
    pub(crate) fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.path() == path)
    }

    /// Its name.
    pub(crate) fn title(self, language: Language) -> &'static str {
        match self {
            Self::Connection => language.t("ペイジェント接続設定", "Connection to Paygent"),
            Self::Contract => language.t("契約", "Contract"),
            Self::Sale => language.t("同時売上フラグ・オーソリの有効期間", "Sale mode and validity"),
            Self::Method => language.t("支払方法の表示と適用条件", "Payment method"),
            Self::ThreeDSecure => language.t("3Dセキュア 2.0", "3-D Secure 2.0"),
            Self::Subscriptions => language.t("定期購入設定", "Subscriptions"),
            Self::Retries => language.t("再オーソリ", "Retries"),
            Self::Texts => language.t("特定商取引法・規約など", "Legal texts"),
            Self::Design => language.t("カート画面・マイページ", "Cart and my-page"),
            Self::Profile => language.t("店舗情報・メール・請求書・送り状", "Shop, mails, invoices, waybills"),
            Self::Notices => language.t("差分通知", "Paygent's notices"),
        }
    }

    /// What it is about, in one sentence.
    pub(crate) fn about(self, language: Language) -> &'static str {
        match self {
            Self::Connection => language.t(
                "ペイジェントから通知された①〜④を入力します。パスワードと鍵は保存後に表示されません。",
                "What Paygent told you. Password and key are not shown again.",
            ),
            Self::Contract => language.t(
                "ペイジェントとの契約内容と契約期間を記録します。期間外の受注反映ではオーソリが実行されません。",
                "What the contract with Paygent allows, and its period. Outside it nothing is authorised.",
            ),
            Self::Sale => language.t(
                "オーソリと同時に売上処理を行うか、後から売上確定するか。いつでも変更できますが、受注は反映時の設定のままです。",
                "Whether a sale is confirmed with its authorisation. An order keeps the mode it was generated under.",
            ),
            Self::Method => language.t(
                "注文手続き画面とサンクスメールに表示する名称・注意書き・ロゴと、利用できる商品金額の範囲。",
                "Name, notes and logo shown to buyers, and the goods amounts for which cards are used.",
            ),
            Self::ThreeDSecure => language.t(
                "初回購入のみに使われます。ペイジェントで導入オプションの契約がある場合のみ利用できます。",
                "Used on first purchases only, and only with the contract option.",
            ),
            Self::Subscriptions => language.t(
                "定期購入でのカードの利用、与信の同時実行、支払方法、配送サイクル、受注一覧への反映タイミング。",
                "Use of cards for subscriptions, authorisation, payment methods, cycles and lead time.",
            ),
            Self::Retries => language.t(
                "オーソリに失敗した受注を、何日後に自動で再オーソリするか。",
                "After how many days failed authorisations are tried again by themselves.",
            ),
            Self::Texts => language.t(
                "購入者に必ず表示する4つの文書。本文、または掲載ページのアドレスを入力します。",
                "Four texts every shop must show: the text itself, or the address it stands at.",
            ),
            Self::Design => language.t(
                "定期購入カートの各画面と会員マイページのコメント、色、ロゴ。",
                "Comments, colours and logo of the cart's pages and of the my-page.",
            ),
            Self::Profile => language.t(
                "メールと帳票に表示する店舗の情報、控えの送り先、請求書の発行者、送り状の運送会社。",
                "What mails and documents say about the shop.",
            ),
            Self::Notices => language.t(
                "ペイジェント側の変更を受け取るための鍵。未設定のときは定期的に照会します。",
                "The key Paygent's notices are signed with. Without it, changes are asked for.",
            ),
        }
    }

    /// Whether a change is shown with what it affects, to be confirmed, before it is made. Forms with secrets are not
    /// shown again: the secrets would have to be.
    pub(crate) fn confirms(self) -> bool {
        !matches!(self, Self::Connection | Self::ThreeDSecure | Self::Notices)
    }

    /// Its fields with what is in force.
    pub(crate) fn fields(self, shop: &Details, language: Language) -> Vec<Field> {
        let fields = match self {
            Self::Connection => connection::fields,
            Self::Contract => contract::fields,
            Self::Sale => sale::fields,
            Self::Method => method::fields,
            Self::ThreeDSecure => three_d_secure::fields,
            Self::Subscriptions => subscriptions::fields,
            Self::Retries => retries::fields,
            Self::Texts => texts::fields,
            Self::Design => design::fields,
            Self::Profile => profile::fields,
            Self::Notices => notices::fields,
        };
        fields(shop, language)
    }

    /// What was typed, as commands, each with the field a refusal is about unless it says so itself.
    pub(super) fn commands(self, read: &mut Reader<'_>, shop: &Details) -> Vec<(&'static str, Command)> {
        let commands = match self {
            Self::Connection => connection::commands,
            Self::Contract => contract::commands,
            Self::Sale => sale::commands,
            Self::Method => method::commands,
            Self::ThreeDSecure => three_d_secure::commands,
            Self::Subscriptions => subscriptions::commands,
            Self::Retries => retries::commands,
            Self::Texts => texts::commands,
            Self::Design => design::commands,
            Self::Profile => profile::commands,
            Self::Notices => notices::commands,
        };
        commands(read, shop)
    }
}
