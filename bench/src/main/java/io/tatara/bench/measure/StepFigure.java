package io.tatara.bench.measure;

import java.util.List;
import java.util.Map;

/**
 * A training step of a whole model, by the host's clock from one drained device to the next.
 *
 * @param name of the model and its sizes
 * @param facts sizes by name
 * @param tokens target words of a step, padding excluded
 * @param samples seconds of each step
 * @param failure why there is no number, else empty
 */
public record StepFigure(
        String name,
        Map<String, Object> facts,
        int tokens,
        List<Double> samples,
        double median,
        double spread,
        String failure,
        List<PeerFigure> peers) {
    public StepFigure {
        facts = facts == null ? Map.of() : Map.copyOf(facts);
        samples = samples == null ? List.of() : List.copyOf(samples);
        failure = failure == null ? "" : failure;
        peers = peers == null ? List.of() : List.copyOf(peers);
    }

    public double tokensPerSecond() {
        return median > 0 ? tokens / median : 0;
    }
}
