/// Why a change of settings is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShopSettingsRefusal {
    /// There is no such shop.
    #[error("this shop does not exist; open it first")]
    DoesNotExist,
    /// A text does not have the form it must have.
    #[error("the {field} is not acceptable: {rule}")]
    Field {
        /// Which setting.
        field: &'static str,
        /// What would be accepted.
        rule: &'static str,
    },
    /// A text is too long or holds what cannot be shown.
    #[error("the {field} is not acceptable: at most {max} characters without control characters")]
    TooLong {
        /// Which setting.
        field: &'static str,
        /// Most characters.
        max: usize,
    },
    /// Changes inside changes inside changes.
    #[error("these changes cannot be made together; make them one after the other")]
    Nested,
    /// S6: the contract does not have the option.
    #[error("3-D Secure cannot be used: the contract option is not on record; ask Paygent and record it first")]
    NoThreeDSecureOption,
    /// S7: the contract does not have the option.
    #[error("cards cannot be linked: the card-vault option is not on record; ask Paygent and record it first")]
    NoCardVaultOption,
    /// S6, S7: what needs the option is switched on.
    #[error("the contract option for {0} is in use; switch that off first")]
    OptionInUse(&'static str),
    /// S9: the bounds exclude everything.
    #[error("the smallest goods amount is above the largest; swap or clear one of them")]
    EmptyRange,
    /// S17: the period ends before it starts.
    #[error("the contract period ends before it starts; correct one of the dates")]
    EmptyPeriod,
    /// S16: out of range.
    #[error("the order-generation lead time must be 0 to 90 days, not {0}")]
    LeadTime(u16),
    /// Validity of authorisations: out of range.
    #[error("authorisations are used for 1 to 60 days, and the warning begins within them, not {days} and {warn_days}")]
    Validity {
        /// Days of validity as given.
        days: u16,
        /// Days of warning as given.
        warn_days: u16,
    },
    /// The retry ladder cannot be climbed.
    #[error(transparent)]
    Ladder(#[from] crate::retry_policy::LadderError),
    /// S12: cards are not offered for subscriptions.
    #[error("this shop does not offer cards for subscriptions; switch on their use for subscriptions first")]
    CardNotOffered,
    /// S14: the method is not allowed.
    #[error("this shop does not allow that payment method for subscriptions; choose one of its settings")]
    MethodNotAllowed,
}
