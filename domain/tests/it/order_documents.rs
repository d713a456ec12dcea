//! O13: which documents an order allows in which state, and the numbers they go by.

use crate::order_asking::{Told, cancel, capture, done, state};
use crate::values::{cases, day, yen};
use proptest::prelude::*;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::money::Yen;
use teiki_domain::order::{
    Call, DocumentKind, DocumentNumber, FoundBy, IssueDocument, OrderCommand as Command, OrderEvent as Event,
    OrderRefusal as Refusal,
};
use teiki_domain::payment_method::PaymentMethod;

fn issue(kind: DocumentKind, content: &str, layout: u32) -> Command {
    Command::IssueDocument(IssueDocument {
        kind,
        content: content.to_owned(),
        layout,
        wording: None,
        today: day("2026-04-02"),
    })
}

fn number(history: &mut Told, kind: DocumentKind, content: &str) -> Option<String> {
    match history.tell(issue(kind, content, 1)).unwrap().as_slice() {
        [] => None,
        [Event::DocumentIssued { number, kind: issued, .. }] => {
            assert_eq!((number.kind(), *issued), (kind, kind));
            Some(number.to_string())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn o13_what_each_state_allows() {
    // Per state: order slip, delivery note, invoice, receipt.
    let table = "
        requested   | yes | yes | yes | NoReceipt
        authorised  | yes | yes | yes | NoReceipt
        edited up   | yes | yes | yes | NoReceipt
        confirmed   | yes | yes | NoInvoice | yes
        captured    | yes | yes | NoInvoice | yes
        failed      | yes | yes | yes | NoReceipt
        cancelled   | yes | OnlyOrderSlip | OnlyOrderSlip | OnlyOrderSlip
        completed   | yes | yes | NoInvoice | yes
        external    | yes | yes | yes | NoReceipt
        received    | yes | yes | yes | yes
        refunded    | yes | yes | GivenBack | NoReceipt
        voided      | yes | yes | GivenBack | NoReceipt
        late        | yes | yes | yes | NoReceipt";
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        for (kind, expected) in DocumentKind::ALL.into_iter().zip(&cells[1..]) {
            let mut history = state(cells[0]);
            let seen = match history.tell(issue(kind, "a", 1)) {
                Ok(events) => {
                    assert_eq!(events.len(), 1);
                    "yes"
                }
                Err(refusal) => {
                    let sentence = refusal.to_string();
                    assert!(sentence.len() > 25 && !sentence.ends_with('.'), "{sentence}");
                    match refusal {
                        Refusal::NoReceipt(_) => "NoReceipt",
                        Refusal::NoInvoice => "NoInvoice",
                        Refusal::GivenBack => "GivenBack",
                        Refusal::OnlyOrderSlip => "OnlyOrderSlip",
                        other => panic!("{other}"),
                    }
                }
            };
            assert_eq!(seen, *expected, "{} · {kind:?}", cells[0]);
        }
    }
}

#[test]
fn o13_the_same_document_has_one_number_and_a_changed_one_another() {
    let mut history = state("confirmed");
    let slip = DocumentKind::OrderSlip;
    assert_eq!(number(&mut history, slip, "a").unwrap(), "02396-S00000012-20260401-S1");
    assert_eq!(number(&mut history, slip, "a"), None, "asked for again, it is there already");
    assert_eq!(number(&mut history, slip, "b").unwrap(), "02396-S00000012-20260401-S2");
    assert_eq!(number(&mut history, slip, "a").unwrap(), "02396-S00000012-20260401-S3", "numbers are not used again");
    assert_eq!(number(&mut history, DocumentKind::Receipt, "a").unwrap(), "02396-S00000012-20260401-R1");
    let other_layout = history.tell(issue(slip, "a", 2)).unwrap();
    assert!(matches!(&other_layout[..], [Event::DocumentIssued { layout: 2, .. }]), "{other_layout:?}");
    let issued = &history.state.details().unwrap().documents;
    assert_eq!(issued.len(), 5);
    assert!(issued.iter().all(|issued| issued.issued_on == day("2026-04-02")));
    history.check_replay();
}

#[test]
fn o13_o16_a_receipt_is_for_what_was_received_and_for_nothing_else() {
    let receipt = || issue(DocumentKind::Receipt, "a", 1);
    let mut history = state("received");
    let details = history.state.details().unwrap();
    let (costs, basket) = (details.basket.total().unwrap(), details.basket.clone());
    let dearer = Basket::new(
        basket.lines().iter().map(|line| Line { quantity: line.quantity + 1, ..line.clone() }).collect(),
        Charge::Fixed(Yen::ZERO),
        Charge::Fixed(Yen::ZERO),
    );
    let dearer = dearer.unwrap();
    history.tell(Command::ChangeBasket(dearer.clone())).unwrap();
    let refused = Refusal::PaidOtherwise { costs: dearer.total().unwrap(), paid: costs };
    assert_eq!(history.tell(receipt()), Err(refused));
    history.tell(Command::ChangeBasket(basket)).unwrap();
    assert_eq!(history.tell(receipt()).unwrap().len(), 1);
    // A mark from before it was settled outside says nothing of what was received since.
    let mut failed = state("failed");
    failed.tell(Command::CheckPayment { checked: true }).unwrap();
    failed.tell(Command::ChangePaymentMethod(PaymentMethod::External { name: "代引".into() })).unwrap();
    assert_eq!(failed.tell(receipt()), Err(Refusal::NoReceipt("external")));
    // Completed it is settled (O11), and the mark cannot be set any more.
    failed.tell(Command::Complete).unwrap();
    assert_eq!(failed.tell(receipt()).unwrap().len(), 1);
}

#[test]
fn o13_documents_stay_with_an_order_that_is_cancelled_and_no_new_receipt_joins_them() {
    let mut history = state("confirmed");
    number(&mut history, DocumentKind::Receipt, "a").unwrap();
    history.tell(cancel()).unwrap();
    assert_eq!(
        history.tell(issue(DocumentKind::Receipt, "a", 1)),
        Err(Refusal::NoReceipt("refund_requested")),
        "what is on its way back is not receipted"
    );
    history.tell(done(Call::Refund, 771)).unwrap();
    assert_eq!(history.tell(issue(DocumentKind::Receipt, "a", 1)), Err(Refusal::OnlyOrderSlip));
    assert_eq!(history.state.details().unwrap().documents.len(), 1);
}

#[test]
fn o13_a_receipt_names_what_was_paid_and_nothing_else() {
    let mut history = state("authorised");
    history.tell(capture()).unwrap();
    history.tell(done(Call::Capture, 771)).unwrap();
    let details = history.state.details().unwrap();
    let (attempt, payment_id) = (1, details.paying().unwrap().payment_id.clone());
    let lowered = Event::AmountRevised {
        attempt,
        base_payment_id: payment_id.clone(),
        payment_id,
        amount: yen(3_000),
        found_by: FoundBy::Notice,
    };
    teiki_domain::cqrs::Decide::apply(&mut history.state, &lowered);
    let refused = history.tell(issue(DocumentKind::Receipt, "a", 1));
    assert_eq!(refused, Err(Refusal::PaidOtherwise { costs: yen(3_500), paid: yen(3_000) }));
}

#[test]
fn o13_while_an_amount_is_to_be_quoted_there_is_the_order_slip_alone() {
    let mut history = state("failed");
    let lines = history.state.details().unwrap().basket.lines().to_vec();
    let quoted = Basket::new(lines, Charge::ToBeQuoted, Charge::Fixed(yen(0))).unwrap();
    history.tell(Command::ChangeBasket(quoted)).unwrap();
    for kind in [DocumentKind::DeliveryNote, DocumentKind::Invoice, DocumentKind::Receipt] {
        assert_eq!(history.tell(issue(kind, "a", 1)), Err(Refusal::AmountToBeQuoted), "{kind:?}");
    }
    number(&mut history, DocumentKind::OrderSlip, "a").unwrap();
}

#[test]
fn o13_a_document_number_has_one_form() {
    let number: DocumentNumber = "02396-S00000012-20260401-R12".parse().unwrap();
    assert_eq!(number.order().as_str(), "02396-S00000012-20260401");
    assert_eq!((number.kind(), number.which()), (DocumentKind::Receipt, 12));
    assert_eq!(number.before().unwrap().to_string(), "02396-S00000012-20260401-R11");
    let first: DocumentNumber = "02396-S00000012-20260401-S1".parse().unwrap();
    assert_eq!(first.before(), None);
    for bad in [
        "",
        "R1",
        "02396-S1-20260401",
        "02396-S1-20260401-R0",
        "02396-S1-20260401-R01",
        "02396-S1-20260401-X1",
        "02396-S1-20260401-R",
        "02396-S1-20260401-R4294967296",
        "02396-S1-20260401-r1",
        "02396-S1-20260401-R1-R1",
        "-領1",
    ] {
        assert!(bad.parse::<DocumentNumber>().is_err(), "{bad}");
    }
    assert_eq!(serde_json::to_string(&number).unwrap(), "\"02396-S00000012-20260401-R12\"");
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn o13_any_text_is_a_number_or_an_error(text in "\\PC{0,40}|02396-S1-2026040[0-9]-[SDIRX]?[0-9]{0,12}") {
        if let Ok(number) = text.parse::<DocumentNumber>() {
            prop_assert_eq!(number.to_string(), text);
        }
    }
}
