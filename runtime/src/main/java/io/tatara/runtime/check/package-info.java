/**
 * The correctness suite of the library: every case of every op on a device against the
 * double-precision reference, forward and gradient, with poisoned outputs, guard bands and a second
 * run for the same bits. It needs nothing of a back end but {@link
 * io.tatara.runtime.spi.BackEndDevice}; start at {@link io.tatara.runtime.check.CorrectnessSuite}.
 */
package io.tatara.runtime.check;
