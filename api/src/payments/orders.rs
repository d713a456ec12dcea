//! What operators, billing services and workers may have done with an order's payment.

use super::{PaymentError, Payments};
use crate::command_gateway::{Because, Done};
use crate::shops::ShopError;
use chrono::NaiveDate;
use teiki_domain::basket::Basket;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::{OrderId, PaymentId, TransactionId};
use teiki_domain::member::Member;
use teiki_domain::order::{
    AuthorizeOrder, CardInForce, Cause, Details, Offers, Order, OrderCommand, OrderEvent, OrderRefusal,
};
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::{Status, Subscription};
use teiki_infrastructure::crash_points::reached;

impl Payments {
    /// Authorises an order on the member's card in force: after a failure (O17), after its authorisation ran out, or
    /// because the shop's policy says so. `attempt` is the number the attempt shall have, the next one if none is
    /// given; asked for twice with the same number, it is tried once.
    pub async fn authorize(
        &self,
        order: &OrderId,
        attempt: Option<u32>,
        cause: Cause,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        let ask = self.ask_for(order, attempt, cause).await?;
        self.order(order, OrderCommand::Authorize(Box::new(ask)), because).await
    }

    /// Brings the authorised amount to what the order costs (取引更新, O6).
    pub async fn update_transaction(&self, order: &OrderId, because: &Because) -> Result<Done<Order>, PaymentError> {
        let ask = self.ask_for(order, None, Cause::AmountUpdate).await?;
        self.order(order, OrderCommand::UpdateTransaction(Box::new(ask)), because).await
    }

    /// Confirms the sale of an authorised order (売上確定, O5). Confirmed before: says so, and sends nothing.
    pub async fn capture(&self, order: &OrderId, because: &Because) -> Result<Done<Order>, PaymentError> {
        let today = self.gateway.clock().today();
        self.order(order, OrderCommand::Capture { today }, because).await
    }

    /// Cancels the order and, with it, its payment (O10).
    pub async fn cancel(&self, order: &OrderId, because: &Because) -> Result<Done<Order>, PaymentError> {
        let today = self.gateway.clock().today();
        let done = self.order(order, OrderCommand::Cancel { today }, because).await?;
        // A notice that the payment was captured or cancelled at Paygent's console answers our request before Paygent
        // does, and what Paygent then says to it is old news: nobody must take that for a cancelled order.
        let overtaken =
            |details: &Details| !details.cancelled && details.operation.is_none() && details.failure.is_none();
        if done.aggregate.details().is_some_and(overtaken) {
            return Err(PaymentError::Overtaken(order.clone()));
        }
        Ok(done)
    }

    /// Changes what the order contains or costs (O6, O17). Paygent hears of it by 取引更新.
    pub async fn change_basket(
        &self,
        order: &OrderId,
        basket: Basket,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        self.order(order, OrderCommand::ChangeBasket(basket), because).await
    }

    /// Changes how the order is paid (O17).
    pub async fn change_method(
        &self,
        order: &OrderId,
        method: PaymentMethod,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        self.order(order, OrderCommand::ChangePaymentMethod(method), because).await
    }

    /// Waits no longer for an attempt without a known outcome (W8).
    pub async fn give_up(&self, order: &OrderId, attempt: u32, because: &Because) -> Result<Done<Order>, PaymentError> {
        Ok(self.gateway.execute::<Order>(order.as_str(), because, OrderCommand::GiveUp { attempt }).await?)
    }

    /// Cancels at Paygent a payment that pays nothing here (W8, W12).
    pub async fn release_surplus(
        &self,
        order: &OrderId,
        payment_id: PaymentId,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        self.order(order, OrderCommand::ReleaseSurplus { payment_id }, because).await
    }

    /// Lets a payment found late pay the order (W8).
    pub async fn accept_surplus(
        &self,
        order: &OrderId,
        payment_id: PaymentId,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        self.order(order, OrderCommand::AcceptSurplus { payment_id }, because).await
    }

    /// The order is done with (O11).
    pub async fn complete(&self, order: &OrderId, because: &Because) -> Result<Done<Order>, PaymentError> {
        self.order(order, OrderCommand::Complete, because).await
    }

    /// Sets or takes away the mark 入金チェック (O16). Nothing is asked of Paygent, so nobody's answer is waited for.
    pub async fn check_payment(
        &self,
        order: &OrderId,
        checked: bool,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        let command = OrderCommand::CheckPayment { checked };
        Ok(self.gateway.execute::<Order>(order.as_str(), because, command).await?)
    }

    /// What an operator may ask of the order as it stands; nothing for one that does not exist. No transaction ID is given
    /// out for it.
    pub async fn offers(&self, order: &Order) -> Result<Option<Offers>, PaymentError> {
        let Some(details) = order.details() else { return Ok(None) };
        // Stands for the one that an attempt would be given.
        let transaction_id = TransactionId::new(details.order_id.shop(), 1)?;
        let today = self.gateway.clock().today();
        let ask = self.ask_on(details, details.next_attempt(), Cause::Operator, transaction_id, today).await?;
        Ok(order.offers(&ask))
    }

    /// Decides, commits, calls. Refused before anything is sent or recorded: by the domain, or because Paygent cannot
    /// be called for this shop.
    async fn order(
        &self,
        order: &OrderId,
        command: OrderCommand,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        let Some(_under_way) = self.start_on(order) else { return Err(PaymentError::UnderWay(order.clone())) };
        let loaded = self.gateway.load::<Order>(order.as_str()).await?;
        if loaded.aggregate.decide(command.clone()).is_ok_and(|events| events.iter().any(OrderEvent::asks_paygent)) {
            self.shops.paygent(order.shop()).await?;
        }
        reached("W0");
        let done = self.gateway.execute_on::<Order>(order.as_str(), loaded, because, command).await?;
        let done = self.carry_out(done, because).await?;
        reached("W7");
        Ok(done)
    }

    /// Everything an attempt depends on, as it is now.
    async fn ask_for(
        &self,
        order: &OrderId,
        attempt: Option<u32>,
        cause: Cause,
    ) -> Result<AuthorizeOrder, PaymentError> {
        let loaded = self.gateway.load::<Order>(order.as_str()).await?;
        let Some(details) = loaded.aggregate.details() else {
            let refusal = OrderRefusal::DoesNotExist;
            return Err(PaymentError::Order(crate::command_gateway::CommandError::Refused(refusal)));
        };
        let shop = order.shop();
        let transaction_id = TransactionId::new(shop, self.serials.next(&format!("transaction:{shop}")).await?)?;
        let attempt = attempt.unwrap_or_else(|| details.next_attempt());
        self.ask_on(details, attempt, cause, transaction_id, self.gateway.clock().today()).await
    }

    async fn ask_on(
        &self,
        details: &Details,
        attempt: u32,
        cause: Cause,
        transaction_id: TransactionId,
        today: NaiveDate,
    ) -> Result<AuthorizeOrder, PaymentError> {
        let settings = self.shops.get(details.order_id.shop()).await?.settings;
        let subscription = self.gateway.load::<Subscription>(details.subscription_id.as_str()).await?;
        Ok(AuthorizeOrder {
            attempt,
            cause,
            transaction_id,
            card: self.card_in_force(details).await?,
            terms: settings.renewal_terms(),
            policy: settings.retry_policy.clone(),
            subscription_ended: subscription.aggregate.details().is_some_and(|details| details.status == Status::Ended),
            today,
        })
    }

    /// What would forbid an attempt of the retry ladder on `day`, as everything stands now. Nothing is intended and no
    /// transaction ID is given out.
    pub async fn forbids_ladder(
        &self,
        order: &OrderId,
        attempt: u32,
        day: NaiveDate,
    ) -> Result<Option<OrderRefusal>, PaymentError> {
        let loaded = self.gateway.load::<Order>(order.as_str()).await?;
        let Some((details, last)) =
            loaded.aggregate.details().and_then(|details| Some((details, details.attempts.last()?)))
        else {
            return Ok(Some(OrderRefusal::NothingFailed));
        };
        let ask = self.ask_on(details, attempt, Cause::Ladder, last.transaction_id.clone(), day).await?;
        Ok(loaded.aggregate.decide(OrderCommand::Authorize(Box::new(ask))).err())
    }

    async fn card_in_force(&self, details: &Details) -> Result<Option<CardInForce>, PaymentError> {
        let member = self.gateway.load::<Member>(details.member_id.as_str()).await?;
        let card = member.aggregate.card();
        Ok(card.map(|card| CardInForce { card_id: card.card_id.clone(), expiry: card.expiry }))
    }

    /// Whether Paygent can be called for the shop; to be asked before anything is intended.
    pub async fn can_call(&self, shop: teiki_domain::ids::ShopId) -> Result<(), ShopError> {
        self.shops.paygent(shop).await.map(drop)
    }
}
