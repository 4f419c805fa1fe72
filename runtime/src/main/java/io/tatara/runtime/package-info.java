/**
 * What a user of the library sees: {@link io.tatara.runtime.Tatara} opens a {@link
 * io.tatara.runtime.Device}, a {@link io.tatara.runtime.Scope} holds {@link
 * io.tatara.runtime.Tensor}s, {@link io.tatara.runtime.Ops} are the ops as methods, a {@link
 * io.tatara.runtime.Tape} differentiates.
 */
package io.tatara.runtime;
