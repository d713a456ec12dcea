//! What the buttons of an order do: one command each, carried out once however often the form comes, with a sentence about
//! what came of it (O5-O10, O16, O17).

use super::conflict::Conflict;
use super::{detail, order_id};
use crate::app::App;
use crate::bulk::refused;
use crate::command_gateway::{Because, CommandError, Done};
use crate::console::{Flash, Form, Frame, Language, Page, PageResult, Signed};
use crate::http::{Problem, internal};
use crate::payments::{PaymentError, Payments};
use crate::{words_engine, words_order};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use teiki_domain::declines;
use teiki_domain::ids::{OrderId, PaymentId};
use teiki_domain::order::{Cause, Order, OrderCommand, Withheld};

/// How often, and how long, somebody else at the same order is waited for.
const TURNS: u32 = 20;
const TURN: Duration = Duration::from_millis(100);

/// A command that takes nothing but the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Update,
    Capture,
    Authorize,
    Complete,
    Cancel,
    GiveUp,
    AcceptSurplus,
    RefundSurplus,
    Check,
    Uncheck,
}

impl Action {
    const ALL: [Action; 10] = [
        Action::Update,
        Action::Capture,
        Action::Authorize,
        Action::Complete,
        Action::Cancel,
        Action::GiveUp,
        Action::AcceptSurplus,
        Action::RefundSurplus,
        Action::Check,
        Action::Uncheck,
    ];

    /// Its name in addresses.
    pub(super) fn code(self) -> &'static str {
        match self {
            Action::Update => "update",
            Action::Capture => "capture",
            Action::Authorize => "authorize",
            Action::Complete => "complete",
            Action::Cancel => "cancel",
            Action::GiveUp => "give-up",
            Action::AcceptSurplus => "accept-surplus",
            Action::RefundSurplus => "refund-surplus",
            Action::Check => "check",
            Action::Uncheck => "uncheck",
        }
    }

    pub(super) fn of(code: &str) -> Result<Self, Page> {
        let found = Self::ALL.into_iter().find(|action| action.code() == code);
        found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").into())
    }

    /// What people call it.
    pub(super) fn name(self, language: Language) -> &'static str {
        let (japanese, english) = match self {
            Action::Update => ("取引更新", "Updating the transaction"),
            Action::Capture => ("売上確定", "Confirming the sale"),
            Action::Authorize => ("再オーソリ", "Authorising again"),
            Action::Complete => ("受注処理完了", "Completing the order"),
            Action::Cancel => ("受注キャンセル", "Cancelling the order"),
            Action::GiveUp => ("待機終了", "Waiting no longer"),
            Action::AcceptSurplus => ("余分な決済の充当", "Accepting the surplus payment"),
            Action::RefundSurplus => ("余分な決済の返金", "Refunding the surplus payment"),
            Action::Check => ("入金チェック", "Checking the payment"),
            Action::Uncheck => ("入金チェックの解除", "Taking the check away"),
        };
        language.t(japanese, english)
    }

    /// As [`Self::name`], in the language of the page.
    pub(super) fn text(self, frame: &Frame) -> &'static str {
        self.name(frame.language)
    }

    fn done(self, language: Language) -> &'static str {
        let (japanese, english) = match self {
            Action::Update => ("取引を更新しました。", "The transaction is updated."),
            Action::Capture => ("売上を確定しました。", "The sale is confirmed."),
            Action::Authorize => ("オーソリを行いました。オーソリOKです。", "The card is authorised."),
            Action::Complete => ("受注完了一覧へ移動しました。", "The order moved to the completed list."),
            Action::Cancel => ("受注をキャンセルしました。", "The order is cancelled."),
            Action::GiveUp => ("結果の待機を終了しました。", "The attempt is not waited for any more."),
            Action::AcceptSurplus => ("決済をこの受注の支払に充当しました。", "The payment pays this order now."),
            Action::RefundSurplus => ("余分な決済を取り消しました。", "The surplus payment is given back."),
            Action::Check => ("入金チェックを「済」にしました。", "The payment is marked as checked."),
            Action::Uncheck => ("入金チェックを解除しました。", "The mark is taken away."),
        };
        language.t(japanese, english)
    }

    /// Whether Paygent is asked for it.
    fn asks(self) -> bool {
        !matches!(self, Action::Complete | Action::GiveUp | Action::AcceptSurplus | Action::Check | Action::Uncheck)
    }

    /// Whether the order would accept it now, as its own page asks.
    pub(super) async fn would(self, app: &App, order: &Order) -> Result<Result<(), Withheld>, Page> {
        let Some(offers) = app.payments.offers(order).await.map_err(Problem::from)? else { return Ok(Ok(())) };
        let surplus = order.details().and_then(|details| details.undecided()).map(|booked| booked.payment_id.clone());
        let decided = |command: fn(PaymentId) -> OrderCommand| match surplus.clone() {
            Some(payment_id) => order.would_accept(command(payment_id)),
            None => Err(Withheld::Already),
        };
        Ok(match self {
            Action::Update => offers.update_transaction,
            Action::Capture => offers.capture,
            Action::Authorize => offers.authorize,
            Action::Complete => offers.complete,
            Action::Cancel => offers.cancel,
            Action::GiveUp => offers.give_up,
            Action::AcceptSurplus => decided(|payment_id| OrderCommand::AcceptSurplus { payment_id }),
            Action::RefundSurplus => decided(|payment_id| OrderCommand::ReleaseSurplus { payment_id }),
            Action::Check | Action::Uncheck => offers.check_payment,
        })
    }

    fn reason(self) -> &'static str {
        match self {
            Action::Update => "the transaction was updated",
            Action::Capture => "the sale was confirmed",
            Action::Authorize => "the card was tried again",
            Action::Complete => "the order was completed",
            Action::Cancel => "the order was cancelled",
            Action::GiveUp => "the attempt was given up",
            Action::AcceptSurplus => "the surplus payment was accepted",
            Action::RefundSurplus => "the surplus payment was given back",
            Action::Check | Action::Uncheck => "the payment check was changed",
        }
    }
}

/// The command of this button of the form: two buttons of one page are two commands, one pressed twice is one.
pub(super) fn of_button(because: Because, button: &str) -> Because {
    let digest = Sha256::digest(format!("{}/{button}", because.command_id));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    Because { command_id: id, correlation_id: id, ..because }
}

/// `POST /orders/{id}/act/{action}`.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    named: Result<Path<(String, String)>, PathRejection>,
    form: Form,
) -> PageResult {
    let Path((id, action)) = named?;
    let (id, action) = (order_id(Ok(Path(id)), &signed)?, Action::of(&action)?);
    // A mark may be set by whoever comes; everything else is for the order that the page showed.
    let because = match action {
        Action::Check | Action::Uncheck => form.because(&app, &signed, action.reason()),
        _ => form.because_of_version(&app, &signed, action.reason()),
    };
    let because = of_button(because, action.code());
    let payment = || form.get("payment_id").parse::<PaymentId>();
    let payment_id = match action {
        Action::AcceptSurplus | Action::RefundSurplus => {
            Some(payment().map_err(|error| Problem::validation("payment_id", error.to_string()))?)
        }
        _ => None,
    };
    let attempt = form.get("attempt").parse().unwrap_or_default();
    // Whoever goes away does not leave Paygent's answer unrecorded: the work goes on by itself.
    let (payments, order) = (app.payments.clone(), id.clone());
    let work = in_turn(move || {
        carry_out(payments.clone(), order.clone(), action, attempt, payment_id.clone(), because.clone())
    });
    let done = app.spawn(work).await.map_err(|_| internal())?;
    app.settle().await?;
    let name = action.name(frame.language);
    match done {
        Ok(done) => {
            let flash = told(frame.language, name, action.done(frame.language), &done, action.asks());
            Ok(frame.leave(&format!("/orders/{id}"), &flash))
        }
        Err(error) if is_changed(&error) => {
            let conflict = Conflict::since(&app, frame.language, &id, form.version().unwrap_or(0), name).await?;
            detail::draw(&app, frame, &id, Some(conflict), "").await
        }
        Err(error) => {
            let flash = Flash::failed(not_done(frame.language, name, error)?);
            Ok(frame.leave(&format!("/orders/{id}"), &flash))
        }
    }
}

/// Somebody else at the same order is waited for a little: what they did is told then, and a form sent twice finds what
/// came of it.
pub(super) async fn in_turn<F>(mut work: impl FnMut() -> F) -> Result<Done<Order>, PaymentError>
where
    F: Future<Output = Result<Done<Order>, PaymentError>>,
{
    for _ in 0..TURNS {
        match work().await {
            Err(PaymentError::UnderWay(_)) => tokio::time::sleep(TURN).await,
            done => return done,
        }
    }
    work().await
}

async fn carry_out(
    payments: Payments,
    id: OrderId,
    action: Action,
    attempt: u32,
    payment_id: Option<PaymentId>,
    because: Because,
) -> Result<Done<Order>, PaymentError> {
    match (action, payment_id) {
        (Action::AcceptSurplus, Some(payment)) => payments.accept_surplus(&id, payment, &because).await,
        (Action::RefundSurplus, Some(payment)) => payments.release_surplus(&id, payment, &because).await,
        (Action::Update, _) => payments.update_transaction(&id, &because).await,
        (Action::Capture, _) => payments.capture(&id, &because).await,
        (Action::Authorize, _) => payments.authorize(&id, None, Cause::Operator, &because).await,
        (Action::Complete, _) => payments.complete(&id, &because).await,
        (Action::Cancel, _) => payments.cancel(&id, &because).await,
        (Action::Check, _) => payments.check_payment(&id, true, &because).await,
        (Action::Uncheck, _) => payments.check_payment(&id, false, &because).await,
        (Action::GiveUp | Action::AcceptSurplus | Action::RefundSurplus, _) => {
            payments.give_up(&id, attempt, &because).await
        }
    }
}

/// Whether somebody changed the order after the page was drawn.
pub(super) fn is_changed(error: &PaymentError) -> bool {
    matches!(error, PaymentError::Order(CommandError::Changed { .. }))
}

/// What came of it, for the next page. Of what asks nothing of Paygent only the sentence is told.
pub(super) fn told(language: Language, name: &str, sentence: &str, done: &Done<Order>, asks: bool) -> Flash {
    if !asks {
        return Flash::done(sentence);
    }
    let details = done.aggregate.details();
    // Sent again, the form finds what came of it the first time.
    let before = details.filter(|_| done.events.is_empty()).and_then(|details| details.failure.as_ref());
    let before = before.map(|(code, detail)| (code.as_str(), detail.as_str()));
    if let Some((code, detail)) = refused(done).or(before) {
        if code.is_empty() {
            return Flash::failed(match language {
                Language::Japanese => format!("{name}: ペイジェントへ接続できませんでした。もう一度行ってください。"),
                Language::English => format!("{name}: Paygent was not reached; do it again."),
            });
        }
        let meaning = declines::means(code, detail);
        let (meaning, detail) = (language.t(meaning.ja, meaning.en), words_engine::stored(language, detail));
        return Flash::failed(match language {
            Language::Japanese => {
                format!("{name}は受け付けられませんでした。ペイジェントの回答: コード {code} {detail}({meaning})")
            }
            Language::English => format!("{name}: Paygent refused. Its answer: code {code} {detail} ({meaning})"),
        });
    }
    if details.is_some_and(|details| details.operation.is_some()) {
        return Flash::notice(match language {
            Language::Japanese => {
                format!("{name}: ペイジェントの結果を待っています。結果は自動で確認し、この画面に表示します。")
            }
            Language::English => format!("{name}: Paygent's answer is not known yet; it is asked for by itself."),
        });
    }
    Flash::done(sentence)
}

/// Why it was not done, as a sentence; what is no fault of the order's is a problem of its own.
pub(super) fn not_done(language: Language, name: &str, error: PaymentError) -> Result<String, Page> {
    if let Some(refusal) = error.refusal() {
        let why = words_order::refusal(language, refusal);
        return Ok(match language {
            Language::Japanese => format!("{name}は行えませんでした。{why}。"),
            Language::English => format!("{name} was not done: {why}."),
        });
    }
    if let PaymentError::UnderWay(_) = error {
        let text = "この受注は処理中です。結果が表示されてから、必要であればもう一度行ってください。";
        return Ok(language.t(text, "The order is being worked on; look at what comes of it first.").to_owned());
    }
    if error.is_unavailable() {
        return Err(error.into());
    }
    Ok(crate::console::problem_sentence(language, &Problem::from(error)))
}
