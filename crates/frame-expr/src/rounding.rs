//! Rounding of decimals and whole numbers to multiples of a power of ten, and of floats to decimals.

/// Which of the two nearest multiples is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The one that is not above.
    Down,
    /// The one that is not below.
    Up,
    /// The nearer one; of two, the one away from zero.
    Nearest,
}

impl Direction {
    /// How many times 10 to the `power` the value is, rounded.
    pub(crate) fn multiples(self, value: i128, power: u32) -> i128 {
        let Some(unit) = 10_i128.checked_pow(power) else {
            // The unit is more than twice as large as any decimal.
            return match self {
                Self::Down if value < 0 => -1,
                Self::Up if value > 0 => 1,
                _ => 0,
            };
        };
        let (quotient, remainder) = (value.div_euclid(unit), value.rem_euclid(unit));
        let is_up = match self {
            Self::Down => false,
            Self::Up => remainder > 0,
            Self::Nearest if value < 0 => remainder > unit - remainder,
            Self::Nearest => remainder >= unit - remainder && remainder > 0,
        };
        quotient + i128::from(is_up)
    }
}

/// The multiple of 10 to the `power` that is nearest; `None` if it does not fit.
pub(crate) fn nearest(value: i128, power: u32) -> Option<i128> {
    match Direction::Nearest.multiples(value, power) {
        0 => Some(0),
        multiples => multiples.checked_mul(10_i128.checked_pow(power)?),
    }
}

/// A float rounded to `digits` decimals, or, if negative, to tens, hundreds and so on; halves away from zero.
pub(crate) fn float(value: f64, digits: i64) -> f64 {
    if digits == 0 || !value.is_finite() {
        return value.round();
    }
    let power = 10_f64.powi(digits.unsigned_abs().min(400) as i32);
    if digits < 0 {
        return if power.is_finite() { (value / power).round() * power } else { 0.0 };
    }
    let scaled = value * power;
    // Floats from 2⁵² on have no decimals.
    if scaled.is_finite() && scaled.abs() < 4_503_599_627_370_496.0 { scaled.round() / power } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero_and_bounds_hold() {
        for (value, down, up, near) in [(25, 2, 3, 3), (-25, -3, -2, -3), (24, 2, 3, 2), (-24, -3, -2, -2), (30, 3, 3, 3), (0, 0, 0, 0)] {
            assert_eq!(Direction::Down.multiples(value, 1), down, "{value}");
            assert_eq!(Direction::Up.multiples(value, 1), up, "{value}");
            assert_eq!(Direction::Nearest.multiples(value, 1), near, "{value}");
        }
        assert_eq!(Direction::Up.multiples(1, 60), 1);
        assert_eq!(nearest(-7, 60), Some(0));
        assert_eq!(nearest(15 * 10_i128.pow(37), 38), None);
    }

    #[test]
    fn floats_keep_what_cannot_be_rounded() {
        assert_eq!(float(2.345, 2), 2.35);
        assert_eq!(float(-2.5, 0), -3.0);
        assert_eq!(float(1234.0, -2), 1200.0);
        assert_eq!(float(1e300, 300), 1e300);
        assert_eq!(float(1.5, -400), 0.0);
        assert!(float(f64::NAN, 2).is_nan());
    }
}
