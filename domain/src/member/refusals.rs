/// Why a command on a member is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// There is no such member.
    #[error("this member does not exist; register the member first")]
    DoesNotExist,
    /// Erased for good.
    #[error("this member was erased, and the id is not used again; register the person under another id")]
    Erased,
    /// Only the cards of erased members are deleted.
    #[error("this member is not erased; their cards stay")]
    NotErased,
    /// No such registration.
    #[error("this member has no card registration {0}")]
    NoSuchRegistration(u32),
    /// What is reported contradicts what was recorded.
    #[error("card registration {0} already ended differently; compare with Paygent by hand")]
    Contradiction(u32),
}
