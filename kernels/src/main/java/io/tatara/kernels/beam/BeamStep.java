package io.tatara.kernels.beam;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * One step of a beam search over N sources with B hypotheses each: of all continuations the {@code
 * results} best, in descending order of score / penalty, where the score is the sum of log
 * probabilities and penalty = ((5 + length) / 6) ^ lengthPenalty, the length counting the new
 * token; Wu et al. 2016, eq. 14. Equal ones come in order of beam, then token.
 *
 * <p>A finished hypothesis has one continuation: itself, with the end token, its score and length
 * unchanged. All other continuations of it, those of a score that is −∞ or NaN, and tokens whose
 * log probability is −∞ or NaN have score −∞ and come last, in order of beam and token. So a search
 * starts with one hypothesis a source (B = 1), or with scores of −∞ for all but the first.
 *
 * <p>Inputs: logProbs [N, B, V], real (logits where {@code logits}: the op takes their log softmax
 * over V); scores [N, B], float32; finished int32 [N, B], 0 or not; lengths int32 [N, B]; mask?
 * [V], float32, added to the log probabilities (−∞ for tokens that may not be chosen). Outputs:
 * scores [N, K], float32; parents int32 [N, K], beams; tokens int32 [N, K]; finished int32 [N, K],
 * 0 or 1; lengths int32 [N, K]. K = results ≤ B · V.
 *
 * @param endToken the token that finishes a hypothesis, below V
 */
public record BeamStep(int results, float lengthPenalty, int endToken, boolean logits)
        implements Op {
    private static final Checks CHECK = new Checks("beam_step");

    public BeamStep {
        CHECK.that(results >= 1, "results", results, "a number >= 1");
        CHECK.that(
                lengthPenalty >= 0 && lengthPenalty < Float.POSITIVE_INFINITY,
                "lengthPenalty",
                lengthPenalty,
                "a number >= 0");
        CHECK.that(endToken >= 0, "endToken", endToken, "a token");
    }

    @Override
    public String name() {
        return "beam_step";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 4, 5);
        CHECK.floating("logProbs", in[0]);
        Shape x = CHECK.rank("logProbs", in[0], 3).shape();
        int n = x.dim(0);
        int beams = x.dim(1);
        int vocabulary = x.dim(2);
        CHECK.that(
                (long) beams * vocabulary >= results,
                "logProbs",
                in[0],
                "at least results = " + results + " continuations a source");
        CHECK.that(
                (long) beams * vocabulary <= Integer.MAX_VALUE,
                "logProbs",
                in[0],
                "fewer than 2^31 continuations a source");
        CHECK.that(endToken < vocabulary, "endToken", endToken, "a token below " + vocabulary);
        CHECK.shape("scores", in[1], DType.FLOAT32, n, beams);
        CHECK.shape("finished", in[2], DType.INT32, n, beams);
        CHECK.shape("lengths", in[3], DType.INT32, n, beams);
        if (masked(in)) {
            CHECK.shape("mask", in[4], DType.FLOAT32, vocabulary);
        }
        TensorSpec real = TensorSpec.f32(n, results);
        TensorSpec whole = TensorSpec.i32(n, results);
        return new TensorSpec[] {real, whole, whole, whole, whole};
    }

    static boolean masked(Object[] in) {
        return in.length > 4 && in[4] != null;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of((logits ? 6.0 : 3.0) * in[0].size(), in, infer(in));
    }

    /** What a score is divided by. */
    double penalty(int length) {
        return lengthPenalty == 0 ? 1 : Math.pow((5.0 + length) / 6, lengthPenalty);
    }
}
