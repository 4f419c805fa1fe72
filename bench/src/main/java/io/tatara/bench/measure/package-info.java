/**
 * Measurements: a device's roofs (copy bandwidth, arithmetic peak), the bench cases of the ops by
 * JMH on the JVM and by device events elsewhere, result files, tables and pictures. {@link
 * io.tatara.bench.measure.Benchmark} is the way in; docs/benchmarks.md tells how it is measured and
 * why.
 */
package io.tatara.bench.measure;
