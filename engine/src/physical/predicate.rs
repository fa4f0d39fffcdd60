//! From a filter's conjuncts to what storage can answer: column predicates, and filters that it evaluates for us.
