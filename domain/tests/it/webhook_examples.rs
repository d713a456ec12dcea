//! A webhook as people manage it.

use crate::history::History;
use teiki_domain::webhook::{Webhook, WebhookCommand as Command, WebhookEvent as Event, WebhookRefusal as Refusal};

fn register(host: &str) -> Command {
    Command::Register {
        webhook_id: "02396-W00000001".parse().unwrap(),
        host: host.to_owned(),
        types: vec!["order.*".to_owned()],
        description: "倉庫".to_owned(),
    }
}

fn registered() -> History<Webhook> {
    let mut history = History::new();
    assert_eq!(history.tell(register("shop.example")).unwrap().len(), 1);
    history
}

#[test]
fn repeating_is_already_done_and_another_address_is_another_webhook() {
    let mut history = registered();
    assert_eq!(history.tell(register("shop.example")), Ok(vec![]));
    assert_eq!(history.tell(register("other.example")), Err(Refusal::IdTaken));
    let rotate = |secret| Command::RotateSecret { secret, overlap_hours: 1 };
    assert_eq!(history.tell(rotate(1)), Ok(vec![]), "the first secret came with the webhook");
    assert_eq!(history.tell(rotate(2)), Ok(vec![Event::WebhookSecretRotated { secret: 2, overlap_hours: 1 }]));
    assert_eq!(history.tell(rotate(2)), Ok(vec![]));
    assert_eq!(history.tell(Command::Enable), Ok(vec![]), "it was not disabled");
    let disable = Command::Disable { reason: "410".to_owned() };
    assert_eq!(history.tell(disable.clone()).unwrap().len(), 1);
    assert_eq!(history.tell(disable), Ok(vec![]));
    assert_eq!(history.state.details().unwrap().disabled_because.as_deref(), Some("410"));
    assert_eq!(history.tell(Command::Enable), Ok(vec![Event::WebhookEnabled {}]));
    assert_eq!(history.state.details().unwrap().disabled_because, None);
    history.check_replay();
}

#[test]
fn each_time_a_delivery_is_asked_for_again_is_on_record() {
    let mut history = registered();
    let again = || Command::RepeatDelivery { delivery: "msg_1".to_owned(), position: 7 };
    let repeated = Event::WebhookDeliveryRepeated { delivery: "msg_1".to_owned(), position: 7 };
    assert_eq!(history.tell(again()), Ok(vec![repeated.clone()]));
    assert_eq!(history.tell(again()), Ok(vec![repeated]));
    history.tell(Command::Disable { reason: "410".to_owned() }).unwrap();
    assert_eq!(history.tell(again()), Err(Refusal::Disabled), "nothing is sent there");
    history.tell(Command::Remove).unwrap();
    assert_eq!(history.tell(again()), Err(Refusal::Removed));
    history.check_replay();
}

#[test]
fn what_was_removed_or_never_was_takes_nothing() {
    for command in [Command::Enable, Command::Remove, Command::RotateSecret { secret: 2, overlap_hours: 0 }] {
        assert_eq!(History::<Webhook>::new().tell(command), Err(Refusal::DoesNotExist));
    }
    let mut history = registered();
    assert_eq!(history.tell(Command::Remove), Ok(vec![Event::WebhookRemoved {}]));
    assert_eq!(history.tell(Command::Remove), Ok(vec![]));
    for command in [register("shop.example"), Command::Enable, Command::RotateSecret { secret: 2, overlap_hours: 0 }] {
        assert_eq!(history.tell(command), Err(Refusal::Removed));
    }
    assert_eq!(history.state.details(), None);
    history.check_replay();
}
