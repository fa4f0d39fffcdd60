//! Integer operators that say whether they overflow, written so that loops of them vectorize.

/// An integer with checked operators: the wrapped answer, and whether it is wrong.
pub(super) trait Integer: Copy {
    fn add(self, other: Self) -> (Self, bool);
    fn subtract(self, other: Self) -> (Self, bool);
    fn multiply(self, other: Self) -> (Self, bool);
    /// Truncated towards zero; fails for zero and where the answer does not fit.
    fn divide(self, other: Self) -> (Self, bool);
    /// With the sign of `self`; fails for zero.
    fn modulo(self, other: Self) -> (Self, bool);
    fn negate(self) -> (Self, bool);
    fn absolute(self) -> (Self, bool);
    fn is_zero(self) -> bool;
}

macro_rules! integer {
    ($native:ty, $wide:ty) => {
        impl Integer for $native {
            #[inline(always)]
            fn add(self, other: Self) -> (Self, bool) {
                let sum = self.wrapping_add(other);
                // Both operands have a sign that the sum has not.
                (sum, (self ^ sum) & (other ^ sum) < 0)
            }
            #[inline(always)]
            fn subtract(self, other: Self) -> (Self, bool) {
                let difference = self.wrapping_sub(other);
                (difference, (self ^ other) & (self ^ difference) < 0)
            }
            #[inline(always)]
            fn multiply(self, other: Self) -> (Self, bool) {
                let product = <$wide>::from(self) * <$wide>::from(other);
                let narrow = product as $native;
                (narrow, <$wide>::from(narrow) != product)
            }
            #[inline(always)]
            fn divide(self, other: Self) -> (Self, bool) {
                match self.checked_div(other) {
                    Some(quotient) => (quotient, false),
                    None => (0, true),
                }
            }
            #[inline(always)]
            fn modulo(self, other: Self) -> (Self, bool) {
                match other {
                    0 => (0, true),
                    other => (self.wrapping_rem(other), false),
                }
            }
            #[inline(always)]
            fn negate(self) -> (Self, bool) {
                (self.wrapping_neg(), self == Self::MIN)
            }
            #[inline(always)]
            fn absolute(self) -> (Self, bool) {
                (self.wrapping_abs(), self == Self::MIN)
            }
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0
            }
        }
    };
}
integer!(i16, i32);
integer!(i32, i64);
integer!(i64, i128);
