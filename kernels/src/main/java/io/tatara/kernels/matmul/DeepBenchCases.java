package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/**
 * Products of known workloads, as benchmarks: sizes of Baidu's DeepBench (its list of training and
 * inference GEMMs, m × n × k), and the layers of Transformers. Every size in float32 strict, as
 * TF32 where it is allowed, in float16 and in bfloat16. DeepBench's matrices are column-major; here
 * its (m, n, k) is the row-major product of the same extents.
 */
final class DeepBenchCases {
    private static final String DEEPBENCH = "deepbench";
    private static final String TRANSFORMER = "transformer";

    /** m, n, k, 1 where a, 1 where b is transposed. */
    private static final int[][] SIZES = {
        {1760, 16, 1760, 0, 0},
        {1760, 32, 1760, 0, 0},
        {1760, 64, 1760, 0, 0},
        {1760, 128, 1760, 0, 0},
        {1760, 7000, 1760, 0, 0},
        {1760, 7133, 1760, 0, 1},
        {2048, 16, 2048, 0, 0},
        {2048, 64, 2048, 0, 0},
        {2048, 128, 2048, 0, 0},
        {2048, 7000, 2048, 0, 0},
        {2560, 16, 2560, 0, 0},
        {2560, 64, 2560, 1, 0},
        {2560, 128, 2560, 0, 0},
        {2560, 7000, 2560, 0, 0},
        {4096, 16, 4096, 0, 0},
        {4096, 128, 4096, 0, 0},
        {4096, 7000, 4096, 0, 0},
        {35, 8457, 1760, 0, 0},
        {35, 8457, 2560, 0, 0},
        {5124, 700, 2048, 0, 0},
        {5124, 1500, 2560, 0, 0},
        {7680, 1, 2560, 0, 0},
        {7680, 4, 2560, 0, 0},
        {7680, 64, 2560, 0, 0},
        {3072, 128, 1024, 1, 0},
        {512, 48000, 2816, 1, 0},
        {1024, 24000, 2048, 0, 0},
    };

    /** Tokens, model width: the four products of a layer come from them. */
    private static final int[][] LAYERS = {{512, 512}, {4096, 768}, {2048, 1024}, {8192, 4096}};

    /** Products of a decoding step: rows (sequences) and width of the model. */
    private static final int[][] DECODING = {{1, 4096}, {4, 4096}, {16, 4096}, {64, 4096}};

    private DeepBenchCases() {}

    static List<Case> matmul() {
        List<Case> cases = new ArrayList<>();
        for (int[] s : SIZES) {
            boolean ta = s[3] == 1;
            boolean tb = s[4] == 1;
            String name = s[0] + "x" + s[1] + "x" + s[2] + (ta || tb ? ta ? " tn" : " nt" : "");
            all(cases, DEEPBENCH, name, ta, tb, s[0], s[1], s[2]);
        }
        for (int[] s : LAYERS) {
            String of = s[0] + " tokens of " + s[1] + ": ";
            all(cases, TRANSFORMER, of + "qkv", false, true, s[0], 3 * s[1], s[1]);
            all(cases, TRANSFORMER, of + "out", false, true, s[0], s[1], s[1]);
            all(cases, TRANSFORMER, of + "up", false, true, s[0], 4 * s[1], s[1]);
            all(cases, TRANSFORMER, of + "down", false, true, s[0], s[1], 4 * s[1]);
        }
        for (int[] s : DECODING) {
            String of = "decode " + s[0] + " of " + s[1] + ": ";
            all(cases, TRANSFORMER, of + "out", false, true, s[0], s[1], s[1]);
            all(cases, TRANSFORMER, of + "up", false, true, s[0], 4 * s[1], s[1]);
            all(cases, TRANSFORMER, of + "down", false, true, s[0], s[1], 4 * s[1]);
        }
        return cases;
    }

    private static void all(
            List<Case> cases,
            String suite,
            String name,
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k) {
        for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}) {
            String named = name + " " + t;
            cases.add(one(named, t, Precision.STRICT, ta, tb, m, n, k).bench(suite));
            if (t == DType.FLOAT32) {
                cases.add(one(name + " tf32", t, Precision.TF32, ta, tb, m, n, k).bench(suite));
            }
        }
    }

    private static Case one(
            String name,
            DType t,
            Precision precision,
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k) {
        return Case.of(name, new MatMul(ta, tb, Epilogue.NONE, precision))
                .in(new TensorSpec(t, ta ? Shape.of(k, m) : Shape.of(m, k)))
                // Of a size at which results stay of the order of one, in float16 too.
                .in(
                        new TensorSpec(t, tb ? Shape.of(n, k) : Shape.of(k, n)),
                        Data.normal(0, 1 / Math.sqrt(k)))
                .absent()
                .absent()
                .reduction(k);
    }
}
