package io.tatara.kernels.beam;

import static io.tatara.kernels.TensorSpec.f32;
import static io.tatara.kernels.TensorSpec.i32;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.Arrays;
import java.util.List;

/** The cases of this room. */
final class BeamCases {
    private static final double NONE = Double.NEGATIVE_INFINITY;
    private static final Data RUNNING = Data.constant(0);
    private static final Data LENGTHS = Data.integers(0, 40);
    private static final Data SCORES = Data.uniform(-3, 0);

    private BeamCases() {}

    static List<Case> all() {
        return List.of(
                beams("log probabilities", step(4, 0, false), 3, 4, 37),
                beams("logits", step(4, 0, true), 3, 4, 37),
                beams("length penalty", step(5, 0.6f, true), 2, 5, 301),
                beams("more results than beams", step(10, 1, true), 2, 5, 700),
                beams("fewer results than beams", step(2, 1, false), 2, 5, 11),
                beams("several chunks", step(6, 0.8f, true), 2, 3, 5003),
                beams("one hypothesis", step(1, 0, true), 3, 1, 2049),
                beams("one token", new BeamStep(2, 1, 0, true), 3, 2, 1),
                beams("no sources", step(2, 1, true), 0, 2, 9).exact(),
                beams("all continuations", step(15, 0.5f, false), 2, 3, 5),
                beams("more results than tokens", step(40, 0, false), 1, 2, 29),
                halves("float16 logits", DType.FLOAT16, step(5, 0.6f, true)),
                halves("bfloat16 logits", DType.BFLOAT16, step(5, 0.6f, true)),
                halves("bfloat16 log probabilities", DType.BFLOAT16, step(9, 1, false)),
                first(),
                some("finished hypotheses", Data.integers(0, 1), Data.normal()),
                some("all finished", Data.constant(7), Data.normal()),
                some(
                        "nan and infinities",
                        Data.integers(0, 1),
                        Data.normal().sprinkled(5, Double.NaN, NONE, NONE)),
                Case.of("nan in logits", step(7, 0, true))
                        .fixed(f32(3, 2, 67), Data.normal().sprinkled(90, Double.NaN))
                        .fixed(f32(3, 2), SCORES)
                        .fixed(i32(3, 2), RUNNING)
                        .fixed(i32(3, 2), LENGTHS),
                Case.of("scores of nan and infinity", step(9, 1, false))
                        .fixed(f32(1, 4, 5), Data.normal())
                        .fixed(f32(1, 4), Data.of(NONE, Double.NaN, -1, NONE))
                        .fixed(i32(1, 4), Data.of(0, 0, 0, 1))
                        .fixed(i32(1, 4), LENGTHS),
                masked("masked", step(8, 0.7f, true), Data.normal()),
                masked("all masked", step(8, 0.7f, true), Data.constant(NONE)),
                ties("ties", step(7, 0, false), 3, 4, 23),
                ties("ties in several chunks", step(20, 0, false), 2, 3, 2500),
                beams("bench 64 x 5 x 32000", step(5, 0.6f, true), 64, 5, 32000).bench(),
                beams("bench 1 x 10 x 32000", step(10, 0.6f, true), 1, 10, 32000).bench());
    }

    private static BeamStep step(int results, float lengthPenalty, boolean logits) {
        return new BeamStep(results, lengthPenalty, 2, logits);
    }

    private static Case beams(String name, BeamStep op, int sources, int beams, int v) {
        return Case.of(name, op)
                .fixed(f32(sources, beams, v), Data.normal(-2, 2))
                .fixed(f32(sources, beams), SCORES)
                .fixed(i32(sources, beams), RUNNING)
                .fixed(i32(sources, beams), LENGTHS);
    }

    private static Case halves(String name, DType type, BeamStep op) {
        return Case.of(name, op)
                .fixed(TensorSpec.of(type, 3, 4, 301), Data.normal())
                .fixed(f32(3, 4), SCORES)
                .fixed(i32(3, 4), Data.integers(0, 1))
                .fixed(i32(3, 4), LENGTHS);
    }

    /** A first step: only beam 0 is there. */
    private static Case first() {
        return Case.of("first step", step(3, 0.6f, true))
                .fixed(f32(2, 3, 50), Data.normal())
                .fixed(f32(2, 3), Data.of(0, NONE, NONE, 0, NONE, NONE))
                .fixed(i32(2, 3), RUNNING)
                .fixed(i32(2, 3), RUNNING);
    }

    private static Case some(String name, Data finished, Data logProbs) {
        return Case.of(name, step(6, 0.6f, false))
                .fixed(f32(5, 4, 19), logProbs)
                .fixed(f32(5, 4), SCORES)
                .fixed(i32(5, 4), finished)
                .fixed(i32(5, 4), LENGTHS);
    }

    private static Case masked(String name, BeamStep op, Data mask) {
        return beams(name, op, 2, 4, 600).fixed(f32(600), mask.sprinkled(3, NONE));
    }

    /** Integers of a few values, so that most continuations have equals; sums are exact. */
    private static Case ties(String name, BeamStep op, int sources, int beams, int v) {
        return Case.of(name, op)
                .fixed(f32(sources, beams, v), Data.integers(-3, 0))
                .fixed(f32(sources, beams), Data.integers(-2, 0))
                .fixed(i32(sources, beams), (d, r) -> Arrays.setAll(d, i -> i % 3 == 1 ? 1 : 0))
                .fixed(i32(sources, beams), LENGTHS)
                .exact();
    }
}
