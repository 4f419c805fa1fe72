/**
 * How ops are proved: a {@link io.tatara.kernels.check.Case} is one invocation with its data, from
 * which come the correctness tests, the gradient tests and the benchmarks; {@link
 * io.tatara.kernels.check.Comparison} is the one error measure; {@link
 * io.tatara.kernels.check.FiniteDifferences} holds gradient rules against the reference.
 */
package io.tatara.kernels.check;
