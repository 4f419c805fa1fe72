package io.tatara.bench.measure;

import io.tatara.kernels.check.Case;

/** A way to time a case on a device. */
interface CaseTimer extends AutoCloseable {
    /** Seconds of each sample; at least 15 unless the run is a quick one. */
    double[] time(Case c);

    /** Sets of inputs that the samples went through. */
    int sets(Case c);

    /** How it measures, for the result file. */
    String describe();

    @Override
    default void close() {}
}
