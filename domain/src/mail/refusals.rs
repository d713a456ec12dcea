/// Why a command on a mail is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailRefusal {
    /// There is no such mail.
    #[error("this mail does not exist; look for it in the list of mails")]
    DoesNotExist,
    /// It is to go to a member and names none.
    #[error("a mail to a member must name the member; say whom it is about")]
    NoMember,
    /// The member, the subscription or the order belongs to another shop than the mail.
    #[error("a mail belongs to the shop of its member, subscription and order; name those of one shop")]
    OtherShop,
    /// It was sent.
    #[error("this mail was sent already; write a new one instead")]
    Sent,
    /// The member was erased.
    #[error("the member this mail is about was erased; nothing is sent any more")]
    Dropped,
    /// A try is reported that was never begun.
    #[error("this mail was tried {known} times, so there is no try {given} to report; read the mail again")]
    NoSuchAttempt {
        /// The number reported.
        given: u32,
        /// Tries so far.
        known: u32,
    },
}
