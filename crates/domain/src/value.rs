//! Values of an order that come from outside: parsed at the door, then trusted.

use crate::key::{Key, KeyError};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Whose order it is: the same characters as a [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber(Key);

impl AccountNumber {
    /// The account number as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for AccountNumber {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many pieces are ordered: 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

impl Quantity {
    /// The most pieces of one order: far above any real one, far below what overflows a total.
    pub const MAX: u32 = 1_000_000;

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i128> for Quantity {
    type Error = QuantityError;

    fn try_from(given: i128) -> Result<Self, QuantityError> {
        match u32::try_from(given) {
            Ok(pieces @ 1..=Self::MAX) => Ok(Self(pieces)),
            Ok(_) | Err(_) => Err(QuantityError),
        }
    }
}

/// A quantity outside 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Quantity::MAX)]
pub struct QuantityError;

/// The client's own name for a request (`Idempotency-Key`): 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    /// The most characters it may have.
    pub const LEN_MAX: usize = 255;

    /// The order id that this account's use of the key always leads to (UUID version 5).
    ///
    /// Two accounts with the same key get different orders.
    pub fn order_id(&self, account: &AccountNumber) -> Key {
        let name = format!("{account}\n{}", self.0);
        Uuid::new_v5(&ORDER_NAMESPACE, name.as_bytes()).into()
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, IdempotencyKeyError> {
        let fits = (1..=Self::LEN_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.into()));
        }
        Err(IdempotencyKeyError)
    }
}

/// A text that is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::LEN_MAX)]
pub struct IdempotencyKeyError;

/// What an order was placed with, as a digest that later changes of the order do not touch.
///
/// A repeat of the same placement has the same fingerprint; another placement under the same id
/// has another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Uuid);

impl Fingerprint {
    /// The digest (UUID version 5) of a placement.
    pub fn of(account: &AccountNumber, quantity: Quantity) -> Self {
        let name = format!("{account}\n{}", quantity.get());
        Self(Uuid::new_v5(&FINGERPRINT_NAMESPACE, name.as_bytes()))
    }
}

impl FromStr for Fingerprint {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Namespaces of the two digests: random, and fixed for ever, since ids at rest depend on them.
const ORDER_NAMESPACE: Uuid = Uuid::from_u128(0x9d7c_24b1_5c0e_4f6a_8f0b_3e61_a2d4_77c8);
const FINGERPRINT_NAMESPACE: Uuid = Uuid::from_u128(0x41b8_66d2_e9f3_4a0d_b1c7_05d8_2f9e_6a35);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_run_from_one_to_the_maximum() {
        for given in [1, 3, i128::from(Quantity::MAX)] {
            assert_eq!(i128::from(Quantity::try_from(given).unwrap().get()), given);
        }
        for given in [0, -1, i128::from(Quantity::MAX) + 1, i128::MAX, i128::MIN] {
            assert_eq!(Quantity::try_from(given), Err(QuantityError), "{given}");
        }
    }

    #[test]
    fn an_idempotency_key_leads_to_one_order_per_account() {
        let key: IdempotencyKey = "checkout-81".parse().unwrap();
        let (a, b) = ("A-17".parse().unwrap(), "B-2".parse().unwrap());
        assert_eq!(key.order_id(&a).as_str(), "3996d12d-4865-572c-a9f5-04354060791c");
        assert_ne!(key.order_id(&a), key.order_id(&b));
    }

    #[test]
    fn an_idempotency_key_is_visible_ascii() {
        for wrong in ["", " ", "a b", "a\n", "é", &"x".repeat(256)] {
            assert_eq!(wrong.parse::<IdempotencyKey>(), Err(IdempotencyKeyError), "{wrong:?}");
        }
        assert!("x".repeat(255).parse::<IdempotencyKey>().is_ok());
    }

    #[test]
    fn a_fingerprint_tells_placements_apart_and_survives_text() {
        let account: AccountNumber = "A-17".parse().unwrap();
        let quantity = |pieces| Quantity::try_from(pieces).unwrap();
        let three = Fingerprint::of(&account, quantity(3));
        assert_eq!(three, Fingerprint::of(&account, quantity(3)));
        assert_ne!(three, Fingerprint::of(&account, quantity(4)));
        assert_eq!(three, three.to_string().parse().unwrap());
    }
}
