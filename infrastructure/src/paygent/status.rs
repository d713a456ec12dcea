//! Where a payment stands at Paygent.

use std::fmt;

/// Status of a payment (`payment_status`). Codes without a name here pass through whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// 10, applied: refused for a reason that may be mended (2003), nothing booked.
    Applied,
    /// 11, authorisation refused.
    Refused,
    /// 20, authorised, not captured.
    Authorised,
    /// 32, authorisation cancelled.
    AuthorisationCancelled,
    /// 33, authorisation expired after 60 days.
    AuthorisationExpired,
    /// 40, cleared (消込済): captured, can still be refunded.
    Captured,
    /// 41, cleared and past the 60 days in which it can be refunded.
    CapturedFinal,
    /// 60, sale cancelled: refunded.
    SaleCancelled,
    /// Any other code, such as the passing 30, 31, 42 and 50.
    Other(String),
}

impl PaymentStatus {
    /// The code as it travels.
    pub fn code(&self) -> &str {
        match self {
            Self::Applied => "10",
            Self::Refused => "11",
            Self::Authorised => "20",
            Self::AuthorisationCancelled => "32",
            Self::AuthorisationExpired => "33",
            Self::Captured => "40",
            Self::CapturedFinal => "41",
            Self::SaleCancelled => "60",
            Self::Other(code) => code,
        }
    }
}

impl From<&str> for PaymentStatus {
    fn from(code: &str) -> Self {
        match code {
            "10" => Self::Applied,
            "11" => Self::Refused,
            "20" => Self::Authorised,
            "32" => Self::AuthorisationCancelled,
            "33" => Self::AuthorisationExpired,
            "40" => Self::Captured,
            "41" => Self::CapturedFinal,
            "60" => Self::SaleCancelled,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_code_passes_through_whole() {
        for code in ["10", "11", "20", "30", "31", "32", "33", "40", "41", "42", "50", "60", "99", "new"] {
            let status = PaymentStatus::from(code);
            assert_eq!(status.code(), code);
            let named = matches!(code, "10" | "11" | "20" | "32" | "33" | "40" | "41" | "60");
            assert_eq!(matches!(status, PaymentStatus::Other(_)), !named, "{code}");
        }
    }
}
