package io.tatara.kernels.beam;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The oracle: scores of all continuations, sorted. */
final class BeamReference {
    private BeamReference() {}

    static void step(BeamStep op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].spec().shape();
        int beams = x.dim(1);
        int v = x.dim(2);
        for (int n = 0; n < x.dim(0); n++) {
            double[] scores = new double[beams * v];
            double[] keys = new double[beams * v];
            for (int b = 0; b < beams; b++) {
                row(op, in, n * beams + b, v, b, scores, keys);
            }
            List<Integer> order =
                    IntStream.range(0, keys.length)
                            .boxed()
                            .sorted(Comparator.comparingDouble((Integer i) -> -keys[i]))
                            .toList();
            for (int k = 0; k < op.results(); k++) {
                int i = order.get(k);
                int row = n * beams + i / v;
                boolean was = in[2].data()[row] != 0;
                int at = n * op.results() + k;
                out[0].data()[at] = scores[i];
                out[1].data()[at] = i / v;
                out[2].data()[at] = i % v;
                out[3].data()[at] = was || i % v == op.endToken() ? 1 : 0;
                out[4].data()[at] = in[3].data()[row] + (was ? 0 : 1);
            }
        }
    }

    private static void row(
            BeamStep op, RefArray[] in, int row, int v, int beam, double[] scores, double[] keys) {
        double[] x = in[0].data();
        double score = in[1].data()[row];
        boolean finished = in[2].data()[row] != 0;
        int length = (int) in[3].data()[row];
        double norm = op.logits() ? logSumExp(x, row * v, v) : 0;
        for (int t = 0; t < v; t++) {
            double mask = BeamStep.masked(in) ? in[4].data()[t] : 0;
            double s = score + (x[row * v + t] + mask - norm);
            double key = s / op.penalty(length + 1);
            if (finished) {
                s = t == op.endToken() ? score : Double.NEGATIVE_INFINITY;
                key = s / op.penalty(length);
            }
            boolean none = Double.isNaN(key) || key == Double.NEGATIVE_INFINITY;
            scores[beam * v + t] = none ? Double.NEGATIVE_INFINITY : s;
            keys[beam * v + t] = none ? Double.NEGATIVE_INFINITY : key;
        }
    }

    private static double logSumExp(double[] x, int at, int n) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) {
            max = Math.max(max, x[i]);
        }
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += Math.exp(x[i] - max);
        }
        return max + Math.log(sum);
    }
}
