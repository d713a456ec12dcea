//! 定期購入明細: one subscription, what comes next, and everything that can be done with it.
//!
//! | file | page |
//! |---|---|
//! | [`page`] | the subscription itself |
//! | [`acts`] | 1回お休み, 休止, 再開, 終了 |
//! | [`next_date`], [`cycle`], [`items`], [`method`] | one form each for what is changed |
//! | [`start`] | a new subscription, for orders by phone |
//!
//! A button is enabled exactly when the domain accepts its command; the reason beside a disabled one is the domain's own.

pub(crate) mod acts;
pub(crate) mod cycle;
mod cycle_fields;
mod item_fields;
pub(crate) mod items;
pub(crate) mod method;
pub(crate) mod next_date;
pub(crate) mod page;
pub(crate) mod start;

use super::{Flash, Form, Frame, Language, Page, Signed, written};
use crate::app::App;
use crate::command_gateway::CommandError;
use crate::history::{self, Entry};
use crate::http::{Problem, unavailable};
use crate::words_subscription as words;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::SubscriptionId;
use teiki_domain::shop_settings::Details as Settings;
use teiki_domain::subscription::{Details, Status, Subscription, SubscriptionCommand as Command, SubscriptionRefusal};

/// The number in an address.
pub(crate) type Id = Result<Path<String>, PathRejection>;

/// Dates of a preview.
const PREVIEW: usize = 10;

/// A subscription as its pages need it.
pub(super) struct Loaded {
    pub(super) id: SubscriptionId,
    pub(super) state: Subscription,
    pub(super) details: Details,
    /// The last sequence number of its stream: what forms are held against.
    pub(super) version: usize,
    pub(super) settings: Arc<Settings>,
    pub(super) today: NaiveDate,
}

impl Loaded {
    /// Reads the subscription; one of another shop is none.
    pub(super) async fn read(app: &App, signed: &Signed, id: Id) -> Result<Self, Page> {
        let Path(text) = id?;
        let none = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such subscription");
        let id: SubscriptionId = text.parse().map_err(|_| none())?;
        signed.owns(id.shop())?;
        let settings = app.shops.get(id.shop()).await?.settings;
        let loaded = app.gateway.load::<Subscription>(id.as_str()).await.map_err(|error| unavailable(&error))?;
        let details = loaded.aggregate.details().cloned().ok_or_else(none)?;
        let today = app.clock.today();
        Ok(Self { id, state: loaded.aggregate, details, version: loaded.sequence, settings, today })
    }

    pub(super) fn path(&self) -> String {
        format!("/subscriptions/{}", self.id)
    }

    /// The next dates as people read them: generation and delivery.
    pub(super) fn dates(&self, language: Language) -> Vec<(String, String)> {
        dates(language, &self.details, self.settings.lead_days)
    }
}

/// What can be done with a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Skip,
    NextDate,
    Cycle,
    Items,
    Method,
    Pause,
    Resume,
    End,
}

impl Loaded {
    /// Why it cannot be done by whoever looks at the page: the person may not, or the domain would refuse. None: it can.
    pub(super) fn closed(&self, frame: &Frame, doing: Doing) -> Option<String> {
        if !frame.may_act() {
            return Some(frame.t("操作する権限がありません", "your account does not allow it").to_owned());
        }
        let (today, lead_days, details) = (self.today, self.settings.lead_days, &self.details);
        // What is asked with the present content is accepted exactly when another content would be looked at.
        let here = details.next.map_or(today, |next| next.delivery_date);
        let command = match doing {
            Doing::Skip => Command::SkipNext { delivery_date: None, today, lead_days },
            Doing::NextDate => Command::ChangeNextDate { delivery_date: here, today, lead_days },
            Doing::Cycle => {
                let from = details.delivery_window(today, lead_days).earliest;
                Command::ChangeCycle { cycle: details.cycle, from, today, lead_days }
            }
            Doing::Items => Command::ChangeBasket { basket: details.basket.clone() },
            Doing::Method => Command::ChangePaymentMethod { payment_method: details.payment_method.clone() },
            Doing::Pause => Command::Pause,
            Doing::Resume => Command::Resume { today, lead_days },
            // Ending what has ended is accepted, since it is done; there is nothing to be done all the same.
            Doing::End if details.status == Status::Ended => {
                return Some(words::refusal(frame.language, &SubscriptionRefusal::Ended));
            }
            Doing::End => Command::End,
        };
        let refused = self.state.decide(command).err();
        refused.map(|refusal| words::refusal(frame.language, &refusal))
    }
}

/// The next dates of a subscription as people read them: generation and delivery.
pub(super) fn dates(language: Language, details: &Details, lead_days: u16) -> Vec<(String, String)> {
    let shown = |date| written::with_weekday(language, date);
    let dates = details.upcoming(lead_days).take(PREVIEW);
    dates.map(|dates| (shown(dates.generation_date), shown(dates.delivery_date))).collect()
}

/// What came of a form.
pub(super) enum Came {
    /// Done, and the tables show it.
    Done,
    /// Refused, in words.
    Refused(String),
    /// Somebody changed the subscription after the page was drawn: what happened since.
    Changed(Vec<Since>),
}

/// Something that happened while a form was filled in.
pub(super) struct Since {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) what: String,
}

/// Carries a command out for a form, and waits until the tables show it.
pub(super) async fn carry_out(
    app: &App,
    signed: &Signed,
    form: &Form,
    loaded: &Loaded,
    command: Command,
    (language, reason): (Language, &str),
) -> Result<Came, Page> {
    let because = form.because_of_version(app, signed, reason);
    match app.gateway.execute::<Subscription>(loaded.id.as_str(), &because, command).await {
        Ok(_) => {
            app.settle().await?;
            Ok(Came::Done)
        }
        Err(CommandError::Refused(refusal)) => Ok(Came::Refused(words::refusal(language, &refusal))),
        Err(CommandError::Changed { .. }) => {
            let seen = form.version().unwrap_or(0);
            let since = history::of_subscription_alone(app, &loaded.id).await?;
            Ok(Came::Changed(since.iter().skip(seen).map(|entry| Since::new(language, entry)).collect()))
        }
        Err(error @ CommandError::Contended { .. }) => {
            Err(Problem::new(StatusCode::CONFLICT, "contended", error.to_string()).into())
        }
        Err(error) => Err(unavailable(&error).into()),
    }
}

impl Since {
    pub(super) fn new(language: Language, entry: &Entry) -> Self {
        Self {
            at: written::local_time(&entry.recorded_at),
            who: entry.who(language).to_owned(),
            what: entry.what(language).to_owned(),
        }
    }
}

/// What stands above a form that was not carried out.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) text: Option<String>,
    pub(super) since: Vec<Since>,
}

impl Wrong {
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), since: vec![] }
    }

    pub(super) fn changed(language: Language, since: Vec<Since>) -> Self {
        let text = language.t(
            "画面を開いた後に、この定期購入が変更されました。下の変更内容を確認してください。入力した内容は残っています。このまま登録する場合は、もう一度ボタンを押してください。",
            "The subscription was changed after you opened the page. See below what was changed. What you typed is kept; send it again if it still holds.",
        );
        Self { text: Some(text.to_owned()), since }
    }

    /// The status of the page that says so.
    pub(super) fn status(&self) -> StatusCode {
        match (&self.text, self.since.is_empty()) {
            (None, _) => StatusCode::OK,
            (Some(_), true) => StatusCode::UNPROCESSABLE_ENTITY,
            (Some(_), false) => StatusCode::CONFLICT,
        }
    }
}

/// The page with this status.
pub(super) fn at(status: StatusCode, mut page: Response) -> Response {
    if page.status() == StatusCode::OK {
        *page.status_mut() = status;
    }
    page
}

/// What an action without a form of its own came to, told on the subscription's page.
pub(super) fn leave(frame: &Frame, loaded: &Loaded, came: Came, done: &str) -> Response {
    let flash = match came {
        Came::Done => Flash::done(done),
        Came::Refused(text) => Flash::failed(text),
        Came::Changed(since) => {
            let what = since.last().map(|since| format!("({} {})", since.who, since.what)).unwrap_or_default();
            let text = frame.t(
                "画面を開いた後にこの定期購入が変更されたため、行いませんでした。現在の内容を確認してください",
                "The subscription was changed after you opened the page, so nothing was done. Look at it as it is now",
            );
            Flash::failed(format!("{text}{what}"))
        }
    };
    frame.leave(&loaded.path(), &flash)
}
