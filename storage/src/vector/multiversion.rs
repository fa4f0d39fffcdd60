//! Hot loops compiled twice: for the baseline processor and for AVX2, picked at run time.
//!
//! A loop is a [`Kernel`] whose `run` (and everything it calls) is `#[inline(always)]`, so that its body lands inside the function
//! that carries the target features. Both versions compute the same; there are no hand-written intrinsics to keep in step.

/// A loop worth compiling for wider registers.
pub trait Kernel {
    /// What it computes.
    type Output;
    /// Computes it. Must be `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// Runs a kernel in the widest version this processor has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: every enabled feature was just found on this processor.
        return unsafe { run_avx2(kernel) };
    }
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("popcnt")
        && std::arch::is_x86_feature_detected!("lzcnt")
        && std::arch::is_x86_feature_detected!("fma")
}

/// # Safety
/// The processor must have the features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
