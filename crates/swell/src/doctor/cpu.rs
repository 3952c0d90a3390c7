//! Processors: whether guests can be compiled for them, and what they lack.

use crate::doctor::check::Check;
use crate::figure::count;

const NAME: &str = "processor";

/// Architectures that the engine compiles for.
const KNOWN: [&str; 4] = ["x86_64", "aarch64", "riscv64", "s390x"];

/// Looks at the processors of this machine.
pub fn look() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    judge(std::env::consts::ARCH, cores, &missing())
}

/// Vector instructions that guests profit from and that this processor lacks.
#[cfg(target_arch = "x86_64")]
fn missing() -> Vec<&'static str> {
    let known = [
        ("SSSE3", std::arch::is_x86_feature_detected!("ssse3")),
        ("SSE4.1", std::arch::is_x86_feature_detected!("sse4.1")),
        ("SSE4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("POPCNT", std::arch::is_x86_feature_detected!("popcnt")),
        ("AVX", std::arch::is_x86_feature_detected!("avx")),
    ];
    known.into_iter().filter(|(_, here)| !here).map(|(name, _)| name).collect()
}

/// Other processors have what guests need, or are not known at all.
#[cfg(not(target_arch = "x86_64"))]
fn missing() -> Vec<&'static str> {
    Vec::new()
}

/// What that means.
pub fn judge(architecture: &str, cores: usize, missing: &[&str]) -> Check {
    let found = format!("{architecture}, {}", count(cores, "core"));
    if !KNOWN.contains(&architecture) {
        let finding = format!("{found}: WebAssembly cannot be compiled for it");
        return Check::fail(NAME, finding, format!("use one of {}", KNOWN.join(", ")));
    }
    if !missing.is_empty() {
        let finding = format!("{found}, without {}", missing.join(", "));
        return Check::warn(
            NAME,
            finding,
            "guests run, but vector code is slower; in a virtual machine, pass the host's \
             processor through",
        );
    }
    Check::ok(NAME, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn processors_are_judged() {
        for (architecture, missing, level, words) in [
            ("x86_64", &[][..], Level::Ok, "x86_64, 2 cores"),
            ("x86_64", &["AVX"], Level::Warn, "without AVX"),
            ("mips", &[], Level::Fail, "cannot be compiled"),
        ] {
            let check = judge(architecture, 2, missing);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.finding.contains(words), "{check:?}");
        }
    }
}
