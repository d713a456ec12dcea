//! What a change of settings touches, and what it leaves alone (S4), counted.

use super::groups::Group;
use crate::app::App;
use crate::console::Language;
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::Details;
use teiki_projections::subscription_list::{Counted, count_running};
use teiki_projections::{QueryError, failed_orders, order_list};

/// One thing that a change touches or leaves alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Whether it is touched.
    pub(crate) touched: bool,
    /// What it is, with how many there are.
    pub(crate) text: String,
}

/// What is being changed, and in which words it is told.
pub(super) struct Change<'a> {
    pub(super) app: &'a App,
    /// The settings as they would be.
    pub(super) after: &'a Details,
    pub(super) language: Language,
}

fn touched(text: String) -> Effect {
    Effect { touched: true, text }
}

fn left_alone(text: String) -> Effect {
    Effect { touched: false, text }
}

impl Change<'_> {
    /// What changing the settings of this form touches and leaves alone.
    pub(super) async fn effects(&self, group: Group) -> Result<Vec<Effect>, QueryError> {
        match group {
            Group::Connection => self.connection().await,
            Group::Contract => self.contract().await,
            Group::Sale => self.sale().await,
            Group::Method => self.method().await,
            Group::ThreeDSecure => self.three_d_secure().await,
            Group::Subscriptions => self.subscriptions().await,
            Group::Retries => self.retries().await,
            Group::Texts | Group::Design => Ok(vec![left_alone(self.t(
                "作成済の受注と継続中の定期購入は変更の影響を受けません。",
                "Orders and running subscriptions are not affected.",
            ))]),
            Group::Profile => Ok(vec![
                touched(
                    self.t(
                        "これから送るメールと、これから発行する帳票に使われます。",
                        "Mails and documents from now on.",
                    ),
                ),
                left_alone(
                    self.t("送信済のメールと発行済の帳票は変わりません。", "What was sent or issued stays as it is."),
                ),
            ]),
            Group::Notices => Ok(vec![left_alone(self.t(
                "受注と定期購入は変更の影響を受けません。届かない通知の内容は照会で確認します。",
                "Orders and subscriptions are not affected; changes are found by asking, too.",
            ))]),
        }
    }

    fn t(&self, japanese: &str, english: &str) -> String {
        self.language.t(japanese, english).to_owned()
    }

    /// The sentence with the number in the place of `{n}`.
    fn counted(&self, n: u64, japanese: &str, english: &str) -> String {
        self.language.t(japanese, english).replace("{n}", &grouped(n))
    }

    async fn orders(&self, statuses: &[&str]) -> Result<u64, QueryError> {
        order_list::count(&self.app.storage, self.after.shop_id, statuses).await
    }

    async fn running(&self, counted: Counted) -> Result<u64, QueryError> {
        count_running(&self.app.storage, self.after.shop_id, counted).await
    }

    /// Orders whose sale is not confirmed yet.
    async fn open(&self) -> Result<u64, QueryError> {
        self.orders(&["authorized"]).await
    }

    async fn sale(&self) -> Result<Vec<Effect>, QueryError> {
        let (open, captured) = (self.open().await?, self.orders(&["captured"]).await?);
        let running = self.running(Counted { by_card: true, ..Counted::default() }).await?;
        Ok(vec![
            touched(self.counted(
                running,
                "継続中のカード払いの定期購入 {n} 件は、次回の受注反映から新しい設定になります。",
                "{n} running subscriptions by card follow the new settings from their next order on.",
            )),
            left_alone(self.counted(
                open,
                "売上未確定の受注 {n} 件は変更の影響を受けません。引き続き売上確定が必要で、有効期間も変わりません。",
                "{n} orders to be confirmed are not affected: they still need confirming, and are valid as long as before.",
            )),
            left_alone(self.counted(
                captured,
                "消込済の受注 {n} 件は変更の影響を受けません。売上確定できるようになることはありません。",
                "{n} orders captured with their authorisation are not affected: they never become confirmable.",
            )),
        ])
    }

    async fn method(&self) -> Result<Vec<Effect>, QueryError> {
        let by_card = Counted { by_card: true, ..Counted::default() };
        let below = match self.after.goods_min.map(Yen::get) {
            None => 0,
            bound => self.running(Counted { goods_below: bound, ..by_card }).await?,
        };
        let above = match self.after.goods_max.map(Yen::get) {
            None => 0,
            bound => self.running(Counted { goods_above: bound, ..by_card }).await?,
        };
        let all = self.running(by_card).await?;
        Ok(vec![
            touched(self.counted(
                below + above,
                "商品金額が適用条件の範囲外となる定期購入 {n} 件は、次回の受注反映でオーソリが実行されません。",
                "{n} running subscriptions lie outside the range: nothing is authorised at their next order.",
            )),
            left_alone(self.counted(
                all.saturating_sub(below + above),
                "範囲内のカード払いの定期購入 {n} 件は、これまでどおりです。",
                "{n} running subscriptions by card go on as before.",
            )),
            left_alone(
                self.t("作成済の受注は変更の影響を受けません。", "Orders that were generated are not affected."),
            ),
        ])
    }

    async fn subscriptions(&self) -> Result<Vec<Effect>, QueryError> {
        let card = self.running(Counted { by_card: true, ..Counted::default() }).await?;
        let all = self.running(Counted::default()).await?;
        let next = if self.after.authorize_at_generation {
            self.counted(
                card,
                "継続中のカード払いの定期購入 {n} 件は、次回の受注反映と同時にオーソリを実行します。",
                "{n} running subscriptions by card are authorised with their next order.",
            )
        } else {
            self.counted(
                card,
                "継続中のカード払いの定期購入 {n} 件は、次回の受注反映でオーソリが実行されません。",
                "{n} running subscriptions by card: nothing is authorised at their next order.",
            )
        };
        Ok(vec![
            touched(next),
            touched(self.t(
                "支払方法と配送サイクルの選択肢、カードの利用は、新しい申し込みと変更から新しい設定になります。",
                "Methods, cycles and use of cards count for new subscriptions and changes.",
            )),
            left_alone(self.counted(
                all,
                "継続中の定期購入 {n} 件は続き、予定済の次回反映日は変わりません。反映タイミングはその次の予定からです。",
                "{n} running subscriptions go on; their next date stays, the lead time counts from the date after it.",
            )),
            left_alone(self.t("作成済の受注は変更の影響を受けません。", "Orders that were generated are not affected.")),
        ])
    }

    async fn contract(&self) -> Result<Vec<Effect>, QueryError> {
        let by_card = Counted { by_card: true, ..Counted::default() };
        let before = match self.after.contract_start {
            None => 0,
            first => self.running(Counted { next_before: first, ..by_card }).await?,
        };
        let behind = match self.after.contract_end {
            None => 0,
            last => self.running(Counted { next_after: last, ..by_card }).await?,
        };
        Ok(vec![
            touched(self.counted(
                before + behind,
                "次回反映日が契約期間外の定期購入 {n} 件は、オーソリが実行されません。",
                "{n} running subscriptions come up outside the contract period: nothing is authorised then.",
            )),
            left_alone(self.counted(
                self.open().await?,
                "売上未確定の受注 {n} 件は変更の影響を受けません。",
                "{n} orders to be confirmed are not affected.",
            )),
        ])
    }

    async fn connection(&self) -> Result<Vec<Effect>, QueryError> {
        let running = self.running(Counted { by_card: true, ..Counted::default() }).await?;
        Ok(vec![
            touched(self.counted(
                self.open().await?,
                "売上未確定の受注 {n} 件の売上確定・取引更新・キャンセルは、新しい接続設定で行います。",
                "{n} orders to be confirmed are captured, updated and cancelled through the new connection.",
            )),
            touched(self.counted(
                running,
                "継続中のカード払いの定期購入 {n} 件は、次回から新しい接続設定でオーソリを実行します。別のマーチャントのカードは使えません。",
                "{n} running subscriptions by card are authorised through it; cards of another merchant cannot be used.",
            )),
        ])
    }

    async fn three_d_secure(&self) -> Result<Vec<Effect>, QueryError> {
        Ok(vec![
            touched(self.t("これからの初回購入に使われます。", "First purchases from now on.")),
            left_alone(self.counted(
                self.running(Counted::default()).await?,
                "継続中の定期購入 {n} 件は変更の影響を受けません。次回以降の受注では使われません。",
                "{n} running subscriptions are not affected: renewals never use it.",
            )),
            left_alone(self.t(
                "3Dセキュアで認証済の受注は、金額変更をペイジェントの管理画面で行う必要があります。",
                "Orders that were authenticated keep being changed at Paygent's own pages.",
            )),
        ])
    }

    async fn retries(&self) -> Result<Vec<Effect>, QueryError> {
        Ok(vec![
            touched(self.counted(
                failed_orders::count(&self.app.storage, self.after.shop_id).await?,
                "オーソリに失敗している受注 {n} 件は、次の再オーソリから新しい規則に従います。",
                "{n} failed orders follow the new rule from their next attempt on.",
            )),
            left_alone(self.t("オーソリ済の受注は変更の影響を受けません。", "Authorised orders are not affected.")),
        ])
    }
}

/// A number with thousands' commas.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }
}
