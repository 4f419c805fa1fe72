/**
 * What a back end implements and what it may know: devices, raw memory, copies, execution of ops.
 * To add a back end, implement {@link io.tatara.runtime.spi.BackEnd} and name the class in {@code
 * META-INF/services} and in a module's {@code provides}.
 */
package io.tatara.runtime.spi;
