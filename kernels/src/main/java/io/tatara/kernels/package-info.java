/**
 * What an op is, and the table of all ops. An {@link io.tatara.kernels.Op} is data: attributes,
 * checks, cost and gradient. An {@link io.tatara.kernels.OpEntry} joins it with its {@link
 * io.tatara.kernels.Reference}, its kernels and its cases. Each op lives in a room (package) of its
 * own beside this one.
 */
package io.tatara.kernels;
