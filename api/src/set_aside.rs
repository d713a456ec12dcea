//! Work set aside: why, kept as a code with its values and told in both languages; and letting it go on, which stands in
//! the history of what it is about (O12).

use crate::app::App;
use crate::command_gateway::{Because, CommandError};
use crate::console::Language;
use crate::erasure::{CARDS_KIND, EraseError};
use crate::words_engine;
use crate::workers::mails::{self, FollowError};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use teiki_domain::cqrs::{Decide, EventSourced};
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId};
use teiki_domain::member::{Member, MemberCommand};
use teiki_domain::order::{Order, OrderCommand};
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand};
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_projections::{QueryError, shop_list};

/// The kind of mails that could not be written.
pub(crate) const MAIL_KIND: &str = "mail";

/// Why work cannot go on. Stored in this form; texts in it are what a program or Paygent said, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", content = "values", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The next order of a subscription could not be made.
    RenewalFailed { error: String },
    /// A failed order could not be tried again.
    RetryFailed { error: String },
    /// Paygent's record and ours do not fit together. `about` names the request it holds back; none holds back nothing.
    Contradiction { why: String, about: Option<String> },
    /// Paygent refuses to cancel a replaced authorisation (W12).
    NotReleased { why: String },
    /// Nothing can be asked of Paygent for the shop.
    ShopCannot { error: String },
    /// Another notice came under a known number.
    NoticeDiffers { notice: u64, payment: String, amount: String },
    /// A notice will never come.
    NoticeLost { thrown_away: bool },
    /// What a notice tells cannot be found out.
    NoticeLeadsNowhere { payment: String, order: String, why: String },
    /// A notice tells of a payment that should be ours and is not.
    NoticeOfNoOrder { payment: String, yen: i64 },
    /// A mail could not be written; `position` is that of the event it follows from.
    MailNotWritten { position: i64, error: String },
    /// Cards of an erased member may still be at Paygent.
    CardsNotDeleted { code: String, detail: String },
}

impl Reason {
    /// As it is stored.
    pub(crate) fn stored(&self) -> String {
        // Texts and numbers; this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was stored; none where a former version stored a sentence.
    pub(crate) fn read(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }

    /// Its stable name.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::RenewalFailed { .. } => "renewal_failed",
            Self::RetryFailed { .. } => "retry_failed",
            Self::Contradiction { .. } => "contradiction",
            Self::NotReleased { .. } => "not_released",
            Self::ShopCannot { .. } => "shop_cannot",
            Self::NoticeDiffers { .. } => "notice_differs",
            Self::NoticeLost { .. } => "notice_lost",
            Self::NoticeLeadsNowhere { .. } => "notice_leads_nowhere",
            Self::NoticeOfNoOrder { .. } => "notice_of_no_order",
            Self::MailNotWritten { .. } => "mail_not_written",
            Self::CardsNotDeleted { .. } => "cards_not_deleted",
        }
    }

    fn english(&self) -> String {
        match self {
            Self::RenewalFailed { error } | Self::RetryFailed { error } => error.clone(),
            Self::Contradiction { why, .. } | Self::NotReleased { why } => why.clone(),
            Self::ShopCannot { error } => format!("open requests and notices of this shop wait: {error}"),
            Self::NoticeDiffers { notice, payment, amount } => format!(
                "a second notice came under number {notice}, about payment {payment} over {amount}; look it up at \
                 Paygent and run `teiki reconcile`"
            ),
            Self::NoticeLost { thrown_away } => {
                let what = match thrown_away {
                    true => "Paygent threw away notices before this one",
                    false => "Paygent keeps this notice no more",
                };
                format!("{what}; run `teiki reconcile --since` with the day before it")
            }
            Self::NoticeLeadsNowhere { payment, order, why } => {
                format!("a notice about payment {payment} of order {order} leads nowhere: {why}")
            }
            Self::NoticeOfNoOrder { payment, yen } => format!(
                "Paygent reports payment {payment} over {yen} yen under a transaction ID of this store that no order \
                 has; the store may be restored from an older backup: compare both before anything is charged"
            ),
            Self::MailNotWritten { error, .. } => format!("no mail could be written: {error}"),
            Self::CardsNotDeleted { code, detail } => format!(
                "cards of this erased member may still be at Paygent ({code} {detail}); {}",
                crate::erasure::AGAIN
            ),
        }
    }

    fn japanese(&self) -> String {
        // What the engine said is one of its sentences; what Paygent said stays in its own words.
        let told = |text: &str| words_engine::stored(Language::Japanese, text).trim_end_matches('。').to_owned();
        match self {
            Self::RenewalFailed { error } => {
                format!("受注を作成できませんでした。原因を取り除いてください({})", told(error))
            }
            Self::RetryFailed { error } => {
                format!("再オーソリを行えませんでした。原因を取り除いてください({})", told(error))
            }
            Self::Contradiction { why, .. } => {
                format!(
                    "ペイジェントの記録とこちらの記録が一致しません。ペイジェントの管理画面で確認してください({})",
                    told(why)
                )
            }
            Self::NotReleased { why } => format!(
                "置き換え前のオーソリの取消をペイジェントが受け付けません。ペイジェントの管理画面で取り消すか、保留を解除して\
                 もう一度依頼してください({})",
                told(why)
            ),
            Self::ShopCannot { error } => {
                format!(
                    "このショップではペイジェントに問い合わせできません。接続設定を確認してください({})",
                    told(error)
                )
            }
            Self::NoticeDiffers { notice, payment, amount } => format!(
                "差分通知 {notice} が異なる内容で再び届きました(決済ID {payment}、{amount})。ペイジェントで確認し、\
                 `teiki reconcile` を実行してください"
            ),
            Self::NoticeLost { thrown_away } => {
                let what = match thrown_away {
                    true => "ペイジェントがこれより前の差分通知を破棄しました",
                    false => "ペイジェントにこの差分通知が残っていません",
                };
                format!("{what}。前日の日付を付けて `teiki reconcile --since` を実行してください")
            }
            Self::NoticeLeadsNowhere { payment, order, why } => {
                format!("受注 {order} の決済ID {payment} の差分通知を処理できません({})", told(why))
            }
            Self::NoticeOfNoOrder { payment, yen } => format!(
                "決済ID {payment}({yen}円)の差分通知が届きましたが、この取引IDの受注がありません。古いバックアップから復元した\
                 可能性があります。請求を行う前に、ペイジェントの記録と照合してください"
            ),
            Self::MailNotWritten { error, .. } => {
                format!("メールを作成できませんでした。原因を取り除いてください({})", told(error))
            }
            Self::CardsNotDeleted { code, detail } => format!(
                "個人情報を削除した会員のカードがペイジェントに残っている可能性があります({code} {detail})。削除をもう一度\
                 行ってください"
            ),
        }
    }
}

/// A stored reason in the language of whoever reads it; a former version's sentence as it is.
pub(crate) fn told(stored: &str, language: Language) -> String {
    match (Reason::read(stored), language) {
        (None, _) => stored.to_owned(),
        (Some(reason), Language::Japanese) => reason.japanese(),
        (Some(reason), Language::English) => reason.english(),
    }
}

/// What kind of work it is.
pub(crate) fn work(language: Language, kind: &str) -> &'static str {
    match kind {
        "renewal" => language.t("受注の作成", "an order to be made"),
        "payment" => language.t("決済結果の照会", "what became of a payment"),
        "release" => language.t("置き換えたオーソリの取消", "the cancel of a replaced authorisation"),
        "retry" => language.t("再オーソリ", "another attempt"),
        "notice" => language.t("ペイジェントの差分通知", "a notice of Paygent"),
        "shop" => language.t("ショップの接続", "the shop's connection"),
        "cards" => language.t("会員カードの削除", "the deletion of a member's cards"),
        MAIL_KIND => language.t("メールの作成", "a mail to be written"),
        _ => language.t("その他の処理", "other work"),
    }
}

/// Sets a unit of work aside, or renews its reason.
pub(crate) async fn put(
    app: &App,
    kind: &str,
    subject: &str,
    date: Option<NaiveDate>,
    reason: &Reason,
    run: &str,
) -> Result<(), SetAsideError> {
    set_aside::put(&app.storage, kind, subject, date, &reason.stored(), app.clock.now(), run).await
}

/// Why work was not released.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseError {
    /// The list.
    #[error(transparent)]
    List(#[from] SetAsideError),
    /// The history.
    #[error("the release cannot be put on record ({0}); the work stays set aside")]
    Record(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shops.
    #[error(transparent)]
    Shops(#[from] QueryError),
    /// The mail could not be tried again.
    #[error("the mail cannot be tried again ({0}); the work stays set aside")]
    Mail(Box<FollowError>),
    /// The cards could not be asked for again.
    #[error("{0}; the work stays set aside")]
    Cards(Box<EraseError>),
    /// It belongs to nobody.
    #[error("{0} belongs to no shop of this store, so nobody can let it go on")]
    NoShop(String),
}

/// Lets one unit of work go on; says whether there was one. Who let it go on stands in the history first, so that none
/// goes on without. A mail and the deletion of cards are tried at once, everything else by its worker's next round; what
/// still cannot go on is set aside again. `shop` is whose list it was released from, where that is known.
pub(crate) async fn release(
    app: &App,
    shop: Option<ShopId>,
    kind: &str,
    subject: &str,
    because: &Because,
) -> Result<bool, ReleaseError> {
    // A name with control characters was never given, and not every store can be asked for one.
    if kind.contains(char::is_control) || subject.contains(char::is_control) {
        return Ok(false);
    }
    let Some(stored) = set_aside::reason(&app.storage, kind, subject).await? else { return Ok(false) };
    record(app, shop, kind, subject, because).await?;
    reached("release");
    if kind != MAIL_KIND && kind != CARDS_KIND {
        return Ok(set_aside::release(&app.storage, kind, subject).await?);
    }
    if kind == CARDS_KIND
        && let Ok(member) = subject.parse::<MemberId>()
    {
        // Takes it off the list, or sets it aside again.
        crate::erasure::erase(app, &member, because).await.map_err(|error| ReleaseError::Cards(Box::new(error)))?;
        return Ok(true);
    }
    let position = match Reason::read(&stored) {
        Some(Reason::MailNotWritten { position, .. }) => Some(position),
        _ => None,
    };
    let written = mails::again(app, subject, position).await.map_err(|error| ReleaseError::Mail(Box::new(error)))?;
    if written {
        set_aside::release(&app.storage, kind, subject).await?;
    }
    Ok(true)
}

/// Puts a release into the history of what it is about, or of the shop where that is nothing with a history.
async fn record(
    app: &App,
    shop: Option<ShopId>,
    kind: &str,
    subject: &str,
    because: &Because,
) -> Result<(), ReleaseError> {
    let work = kind.to_owned();
    if let Ok(order) = subject.parse::<OrderId>()
        && on::<Order>(app, order.as_str(), because, OrderCommand::RecordReleased { work: work.clone() }).await?
    {
        return Ok(());
    }
    // Members and subscriptions are numbered in the same form; the kind says which is meant.
    if kind != "cards"
        && let Ok(id) = subject.parse::<SubscriptionId>()
        && on::<Subscription>(app, id.as_str(), because, SubscriptionCommand::RecordReleased { work: work.clone() })
            .await?
    {
        return Ok(());
    }
    if let Ok(id) = subject.parse::<MemberId>()
        && on::<Member>(app, id.as_str(), because, MemberCommand::RecordReleased { work: work.clone() }).await?
    {
        return Ok(());
    }
    let shop = match shop {
        Some(shop) => shop,
        None => shop_of(app, subject).await?,
    };
    let command = ShopSettingsCommand::RecordReleased { work, subject: subject.to_owned() };
    match on::<ShopSettings>(app, &shop.to_string(), because, command).await? {
        true => {
            app.shops.forget(shop);
            Ok(())
        }
        false => Err(ReleaseError::NoShop(subject.to_owned())),
    }
}

/// Puts it into one history; says whether there is one.
async fn on<A: EventSourced>(
    app: &App,
    id: &str,
    because: &Because,
    command: <A as Decide>::Command,
) -> Result<bool, ReleaseError>
where
    <A as Decide>::Command: Clone + std::fmt::Debug,
{
    match app.gateway.execute::<A>(id, because, command).await {
        Ok(_) => Ok(true),
        // There is nothing of this name.
        Err(CommandError::Refused(_)) => Ok(false),
        Err(error) => Err(ReleaseError::Record(error.to_string())),
    }
}

/// The shop whose work it is: an id begins with the shop's digits, the name of a notice with the merchant's.
async fn shop_of(app: &App, subject: &str) -> Result<ShopId, ReleaseError> {
    let digits = subject.split('-').next().unwrap_or(subject);
    if let Ok(shop) = digits.parse::<ShopId>() {
        return Ok(shop);
    }
    let merchant = subject.split(':').next().unwrap_or(subject);
    for row in shop_list::all(&app.storage).await? {
        let Ok(shop) = row.shop_id.parse::<ShopId>() else { continue };
        let Ok(read) = app.shops.get(shop).await else { continue };
        if read.settings.connection.as_ref().is_some_and(|(known, ..)| known == merchant) {
            return Ok(shop);
        }
    }
    Err(ReleaseError::NoShop(subject.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_kept_as_code_and_values_and_told_in_both_languages() {
        let error = "no \"key\" <b>".to_owned();
        let (order, payment) = ("02396-D0001-20260401".to_owned(), "30001".to_owned());
        for reason in [
            Reason::RenewalFailed { error: error.clone() },
            Reason::RetryFailed { error: error.clone() },
            Reason::Contradiction { why: error.clone(), about: Some("void:1:30001".to_owned()) },
            Reason::NotReleased { why: error.clone() },
            Reason::ShopCannot { error: error.clone() },
            Reason::NoticeDiffers { notice: 7, payment: payment.clone(), amount: "8,390円".to_owned() },
            Reason::NoticeLost { thrown_away: true },
            Reason::NoticeLost { thrown_away: false },
            Reason::NoticeLeadsNowhere { payment: payment.clone(), order, why: error.clone() },
            Reason::NoticeOfNoOrder { payment, yen: 8_390 },
            Reason::MailNotWritten { position: 3, error },
            Reason::CardsNotDeleted { code: "P021".to_owned(), detail: "契約".to_owned() },
        ] {
            let stored = reason.stored();
            assert_eq!(Reason::read(&stored), Some(reason.clone()), "{stored}");
            assert!(stored.contains(&format!("\"code\":\"{}\"", reason.code())), "{stored}");
            let (japanese, english) = (told(&stored, Language::Japanese), told(&stored, Language::English));
            assert!(japanese.chars().any(|c| ('ぁ'..='ん').contains(&c)), "{japanese}");
            assert!(!english.is_empty() && !english.contains("\"code\""), "{english}");
        }
        assert_eq!(told("a sentence of before", Language::Japanese), "a sentence of before");
        // What the engine says inside is said in Japanese too.
        let inner = Reason::ShopCannot { error: crate::shops::ShopError::NoTransport.to_string() };
        let said = told(&inner.stored(), Language::Japanese);
        assert!(
            said.contains("エンジンにペイジェントの接続先が設定されていません") && !said.contains("engine"),
            "{said}"
        );
    }
}
