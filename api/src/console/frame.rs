//! What stands around every page: menu, who is signed in, language, and what was just done.

use super::flash::Flash;
use super::form::{KEY, TOKEN, VERSION};
use super::language::Language;
use super::session::{Signed, secure};
use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use std::convert::Infallible;
use std::sync::Arc;
use teiki_infrastructure::operators::Role;

/// Pages of the menu: address, Japanese, English.
const MENU: &[(&str, &str, &str)] = &[
    ("/", "本日", "Today"),
    ("/orders", "受注一覧", "Orders"),
    ("/orders/completed", "受注完了一覧", "Completed orders"),
    ("/orders/cancelled", "受注キャンセル一覧", "Cancelled orders"),
    ("/subscriptions", "定期購入一覧", "Subscriptions"),
    ("/cards", "カード管理", "Cards"),
    ("/members", "会員", "Members"),
    ("/upcoming", "今後の更新", "Nights to come"),
    ("/retries", "再オーソリ予定", "Attempts to come"),
    ("/set-aside", "保留一覧", "Set aside"),
    (WAYBILLS, "送り状データ", "Waybills"),
    ("/mails", "メール一覧", "Mails"),
    ("/products", "商品", "Products"),
    ("/settings", "設定", "Settings"),
    (ACCOUNTS, "アカウント", "Accounts"),
];
/// The page that only managers see.
const ACCOUNTS: &str = "/accounts";
/// The page that is nothing without personal data.
const WAYBILLS: &str = "/waybills";

/// What stands around a page. Every page's template has it as `frame`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The language of the page.
    pub(crate) language: Language,
    /// Who is signed in; nobody on the sign-in page.
    pub(crate) signed: Option<Signed>,
    /// What was just done.
    pub(crate) flash: Option<Flash>,
    /// The day it is in Tokyo.
    pub(crate) today: String,
    /// Whether cookies are for secure connections alone.
    pub(super) secure: bool,
    address: String,
    path: String,
    new_key: String,
}

/// One entry of the menu.
pub(crate) struct Entry {
    pub(crate) href: &'static str,
    pub(crate) text: &'static str,
    pub(crate) current: bool,
}

impl Frame {
    pub(super) fn new(app: &App, signed: Option<Signed>, headers: &HeaderMap, uri: &Uri) -> Self {
        Self {
            language: Language::of(headers),
            signed,
            flash: Flash::of(headers),
            today: app.clock.today().to_string(),
            secure: secure(app, headers),
            address: uri.path_and_query().map_or("/", |whole| whole.as_str()).to_owned(),
            path: uri.path().to_owned(),
            new_key: app.gateway.new_id().to_string(),
        }
    }

    /// The one of two texts that is in the page's language.
    pub(crate) fn t<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        self.language.t(japanese, english)
    }

    /// The menu, with the entry marked that the page belongs to.
    pub(crate) fn menu(&self) -> Vec<Entry> {
        let under = |href: &str| {
            let rest = self.path.strip_prefix(href);
            rest.is_some_and(|rest| rest.is_empty() || (href != "/" && rest.starts_with('/')))
        };
        let best = MENU.iter().map(|(href, ..)| *href).filter(|href| under(href)).max_by_key(|href| href.len());
        let entry = |(href, japanese, english): &(&'static str, &'static str, &'static str)| Entry {
            href,
            text: self.language.t(japanese, english),
            current: Some(*href) == best,
        };
        let open = |href: &str| match href {
            ACCOUNTS => self.may_manage(),
            WAYBILLS => self.sees_personal_data(),
            _ => true,
        };
        MENU.iter().filter(|(href, ..)| open(href)).map(entry).collect()
    }

    /// Where the language is switched.
    pub(crate) fn switch(&self) -> String {
        let to = self.t("en", "ja");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("to", to).append_pair("back", &self.address);
        format!("/language?{}", query.finish())
    }

    /// The name of who is signed in.
    pub(crate) fn person(&self) -> &str {
        self.signed.as_ref().map_or("", |signed| &signed.operator.name)
    }

    /// What stands before the title of a page that shows what is wrong.
    pub(crate) fn in_title(&self) -> &'static str {
        self.language.t("エラー: ", "Error: ")
    }

    /// What the person's role is called.
    pub(crate) fn role(&self) -> &'static str {
        match self.signed.as_ref().map(|signed| signed.operator.role) {
            Some(Role::Manager) => self.language.t("管理者", "manager"),
            Some(Role::Operator) => self.language.t("担当者", "operator"),
            Some(Role::Auditor) => self.language.t("監査", "auditor"),
            None => "",
        }
    }

    /// Whether the person may work on orders and subscriptions.
    pub(crate) fn may_act(&self) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.operator.role >= Role::Operator)
    }

    /// Whether the person may change settings and accounts.
    pub(crate) fn may_manage(&self) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.operator.role >= Role::Manager)
    }

    /// The hidden fields every form of ours has. HTML: written with `|safe`.
    pub(crate) fn fields(&self) -> String {
        let token = self.signed.as_ref().map_or(String::new(), Signed::token);
        format!(
            "<input type=\"hidden\" name=\"{TOKEN}\" value=\"{token}\">\
             <input type=\"hidden\" name=\"{KEY}\" value=\"{}\">",
            self.new_key
        )
    }

    /// The hidden fields of a form that changes what the page shows at `version`. HTML: written with `|safe`.
    pub(crate) fn fields_of(&self, version: &usize) -> String {
        format!("{}<input type=\"hidden\" name=\"{VERSION}\" value=\"{version}\">", self.fields())
    }
}

impl FromRequestParts<Arc<App>> for Frame {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Frame::new(app, parts.extensions.get::<Signed>().cloned(), &parts.headers, &parts.uri))
    }
}
