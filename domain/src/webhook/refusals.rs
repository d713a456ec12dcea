/// Why a command on a webhook is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// There is no such webhook.
    #[error("this webhook does not exist; list those there are")]
    DoesNotExist,
    /// The id stands for another address.
    #[error("this webhook id is already used for another address; register the address under a new one")]
    IdTaken,
    /// Nothing is sent there for now.
    #[error("this webhook is disabled; enable it first")]
    Disabled,
    /// It was removed for good.
    #[error("this webhook was removed; register the address again")]
    Removed,
}
