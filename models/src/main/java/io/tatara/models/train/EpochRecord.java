package io.tatara.models.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an epoch came to.
 *
 * @param epoch from 1
 * @param steps optimizer steps so far
 * @param learningRate of the last step
 * @param trainLoss mean over the epoch
 * @param metrics from the evaluation after it
 * @param seconds spent on the epoch, evaluation included
 */
public record EpochRecord(
        int epoch,
        long steps,
        double learningRate,
        double trainLoss,
        Map<String, Double> metrics,
        double seconds) {
    public EpochRecord {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }
}
