/**
 * What kernels on the JVM are made of: {@link io.tatara.kernels.jvm.Lanes} (the vector unit, or
 * plain loops without it), {@link io.tatara.kernels.jvm.Workers} for parallel loops, scratch
 * memory, packed copies of weights.
 */
package io.tatara.kernels.jvm;
