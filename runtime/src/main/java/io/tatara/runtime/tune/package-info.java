/**
 * Which variant of an op a device runs for which shapes: measured by {@link
 * io.tatara.runtime.tune.Tuner}, kept in {@link io.tatara.runtime.tune.TuningFile}s, asked through
 * {@link io.tatara.runtime.tune.TuningTable}.
 */
package io.tatara.runtime.tune;
