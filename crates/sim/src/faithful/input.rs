//! What do the published simulators read? Functions with whole numbers, and calls in trace order.
//!
//! Both originals know a function by three integers only and a call by its time and
//! its function. The order of calls with the same time is part of the input: it
//! decides who finds a free container. Reading files is left to others.

use thiserror::Error;

/// One function, in the words of the originals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Memory of one container, in MB (`mem_size`).
    pub mem_mb: u32,
    /// Length of a run in a new container, in ms: column `Maximum` of the Azure
    /// trace (`run_time`).
    pub cold_ms: u32,
    /// Length of a run in a warm container, in ms: column `Average` of the Azure
    /// trace (`warm_time`).
    pub warm_ms: u32,
}

/// One call of one function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// Arrival, in ms since the start of the trace. Fractions matter: `n` calls of a
    /// minute are `60000 / n` ms apart.
    pub t_ms: f64,
    /// Position of the function in the list of functions.
    pub function: usize,
}

/// Why a trace was refused. All three would have stopped the originals as well, or
/// silently bent their clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InputError {
    /// The originals divide by the memory.
    #[error("function {function} has no memory: give it at least 1 MB")]
    NoMemory {
        /// Position in the list of functions.
        function: usize,
    },
    /// A call names a function that is not in the list.
    #[error("call {call} names a function that is not listed")]
    UnknownFunction {
        /// Position in the list of calls.
        call: usize,
    },
    /// A time is not a number, negative, or earlier than the call before.
    #[error("call {call} is not in order of time: sort the calls first")]
    NotInOrder {
        /// Position in the list of calls.
        call: usize,
    },
}

/// A trace that both simulators can run.
///
/// Invariant: every function has memory, every call names a listed function, and
/// times never go back.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    functions: Vec<Function>,
    calls: Vec<Call>,
}

impl Input {
    /// Checks the lists and keeps them in the given order.
    pub fn new(functions: Vec<Function>, calls: Vec<Call>) -> Result<Self, InputError> {
        if let Some(function) = functions.iter().position(|f| f.mem_mb == 0) {
            return Err(InputError::NoMemory { function });
        }
        let mut last_ms = 0.0;
        for (call, c) in calls.iter().enumerate() {
            if c.function >= functions.len() {
                return Err(InputError::UnknownFunction { call });
            }
            if !c.t_ms.is_finite() || c.t_ms < last_ms {
                return Err(InputError::NotInOrder { call });
            }
            last_ms = c.t_ms;
        }
        Ok(Self { functions, calls })
    }

    /// The functions, in the order calls refer to.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The calls, in the order the simulators see them.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mem_mb: u32, calls: &[(f64, usize)], expected: Option<InputError>) {
        let function = Function {
            mem_mb,
            cold_ms: 2,
            warm_ms: 1,
        };
        let calls = calls
            .iter()
            .map(|&(t_ms, function)| Call { t_ms, function });
        let made = Input::new(vec![function], calls.collect());
        assert_eq!(made.err(), expected);
    }

    #[test]
    fn refuses_what_would_bend_the_originals() {
        check(1, &[(0.0, 0), (0.0, 0), (1.5, 0)], None);
        check(0, &[], Some(InputError::NoMemory { function: 0 }));
        check(
            1,
            &[(0.0, 1)],
            Some(InputError::UnknownFunction { call: 0 }),
        );
        check(
            1,
            &[(2.0, 0), (1.0, 0)],
            Some(InputError::NotInOrder { call: 1 }),
        );
        check(
            1,
            &[(f64::NAN, 0)],
            Some(InputError::NotInOrder { call: 0 }),
        );
        check(1, &[(-1.0, 0)], Some(InputError::NotInOrder { call: 0 }));
    }
}
