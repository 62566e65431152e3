//! Quantities by value: `0.5` = `500m`, `1Ki` = `1024`. Owns the grammar of `resource.Quantity` and nothing else of it.

use std::cmp::Ordering;

/// Whether two quantities are the same amount; `None` where either is none.
///
/// The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: sign, decimal digits, then a binary suffix, a decimal
/// suffix or an exponent.
pub fn quantity_eq(a: &str, b: &str) -> Option<bool> {
    let (a, b) = (Amount::read(a)?, Amount::read(b)?);
    Some(a.is_equal(&b))
}

/// `± digits × 10^ten × 2^two`, digits without zeros at either end.
struct Amount {
    negative: bool,
    digits: String,
    ten: i32,
    two: u32,
}

impl Amount {
    fn read(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 64 {
            return None;
        }
        let (ten, two) = scale(suffix)?;
        let joined = format!("{whole}{fraction}");
        let digits = joined.trim_start_matches('0');
        let kept = digits.trim_end_matches('0');
        let ten = ten + i32::try_from(digits.len() - kept.len()).ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Self { negative, digits: kept.to_owned(), ten, two })
    }

    fn is_equal(&self, other: &Self) -> bool {
        if self.digits.is_empty() || other.digits.is_empty() {
            return self.digits.is_empty() && other.digits.is_empty();
        }
        if self.negative != other.negative {
            return false;
        }
        if self.two == other.two {
            return self.digits == other.digits && self.ten == other.ten;
        }
        let (low_two, low_ten) = (self.two.min(other.two), self.ten.min(other.ten));
        let of = |amount: &Self| amount.scaled(amount.two - low_two, amount.ten - low_ten);
        matches!((of(self), of(other)), (Some(a), Some(b)) if a.cmp(&b) == Ordering::Equal)
    }

    /// As a whole number; `None` beyond 128 bits, further than any quantity can be kept.
    fn scaled(&self, two: u32, ten: i32) -> Option<u128> {
        let digits: u128 = self.digits.parse().ok()?;
        let tens = 10_u128.checked_pow(u32::try_from(ten).ok()?)?;
        digits.checked_mul(tens)?.checked_mul(1_u128.checked_shl(two)?)
    }
}

/// The powers of ten and of two that a suffix stands for.
fn scale(suffix: &str) -> Option<(i32, u32)> {
    Some(match suffix {
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "" => (0, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        _ => (exponent(suffix)?, 0),
    })
}

fn exponent(suffix: &str) -> Option<i32> {
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let value: i32 = digits.parse().ok()?;
    (value.abs() <= 64).then_some(value)
}
