//! Floating-point operators: infinity out of finite numbers and zero out of others are errors, as in Postgres.

/// A float with checked operators: the answer, and whether it is wrong.
pub(super) trait Float: Copy {
    fn add(self, other: Self) -> (Self, bool);
    fn subtract(self, other: Self) -> (Self, bool);
    fn multiply(self, other: Self) -> (Self, bool);
    fn divide(self, other: Self) -> (Self, bool);
    fn is_zero(self) -> bool;
}

macro_rules! float {
    ($native:ty) => {
        impl Float for $native {
            #[inline(always)]
            fn add(self, other: Self) -> (Self, bool) {
                let sum = self + other;
                (
                    sum,
                    sum.is_infinite() & !self.is_infinite() & !other.is_infinite(),
                )
            }
            #[inline(always)]
            fn subtract(self, other: Self) -> (Self, bool) {
                Float::add(self, -other)
            }
            #[inline(always)]
            fn multiply(self, other: Self) -> (Self, bool) {
                let product = self * other;
                let overflow = product.is_infinite() & !self.is_infinite() & !other.is_infinite();
                (
                    product,
                    overflow | ((product == 0.0) & (self != 0.0) & (other != 0.0)),
                )
            }
            #[inline(always)]
            fn divide(self, other: Self) -> (Self, bool) {
                let quotient = self / other;
                let by_zero = (other == 0.0) & !self.is_nan();
                let overflow = quotient.is_infinite() & !self.is_infinite();
                let underflow = (quotient == 0.0) & (self != 0.0) & !other.is_infinite();
                (quotient, by_zero | overflow | underflow)
            }
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0.0
            }
        }
    };
}
float!(f32);
float!(f64);
