/**
 * The JVM as a back end: pooled heap arrays, worker threads, kernels on the vector unit or, without
 * {@code jdk.incubator.vector}, on plain loops.
 */
package io.tatara.runtime.jvm;
