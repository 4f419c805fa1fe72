package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.emulation.EmulatedPlan;
import io.tatara.kernels.emulation.Emulation;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The Hopper kernel under emulation, every shape of tile: all transpositions, ragged edges and
 * sums, batches, several tiles a block (so that the ring wraps and parities flip), split sums,
 * every kind of finish. Integer-valued operands, so the sums must come out to the last bit.
 *
 * <p>{@code -Dtatara.hopper.rounds=N} sets how many draws for each shape, {@code
 * -Dtatara.emulation.shuffle=SEED} the order of threads.
 */
class MatMulHopperEmulationTest {
    private static final int ROUNDS = Integer.getInteger("tatara.hopper.rounds", 3);
    private static final GpuTraits TRAITS = GpuTraits.cuda(90, 132);

    /**
     * One product.
     *
     * @param group matrices of B that follow each other share one of A
     * @param ofRows whether the bias is one of rows
     */
    private record Draw(
            int[] shape,
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            int batches,
            int group,
            int pieces,
            int multiprocessors,
            DType ab,
            DType c,
            boolean bias,
            boolean ofRows,
            boolean residual,
            boolean accumulate,
            Activation activation,
            int gap) {
        HopperTiling tiling(boolean stageable) {
            int slices = Product.ceil(k, HopperTiling.BK);
            int depth = Product.ceil(slices, pieces);
            return HopperTiling.make(
                    shape, m, n, batches, slices, depth, stageable, multiprocessors);
        }

        @Override
        public String toString() {
            return "tile 128x%d cluster %d%s: %s%s %dx%dx%d batch %d/%d pieces %d on %d, %s to %s%s%s%s %s gap %d"
                    .formatted(
                            shape[0],
                            shape[1],
                            shape.length > 2 ? " across" : "",
                            ta ? "t" : "n",
                            tb ? "t" : "n",
                            m,
                            n,
                            k,
                            batches,
                            group,
                            pieces,
                            multiprocessors,
                            ab,
                            c,
                            bias ? ofRows ? " bias of rows" : " bias" : "",
                            residual ? " residual" : "",
                            accumulate ? " accumulate" : "",
                            activation,
                            gap);
        }
    }

    @TestFactory
    List<DynamicTest> draws() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int[] shape : HopperTiling.wideShapes()) {
            Random random = new Random(shape[0] * 8L + shape[1] + 4L * (shape.length - 2));
            for (int i = 0; i < ROUNDS; i++) {
                Draw d = draw(shape, random, i);
                tests.add(DynamicTest.dynamicTest(d.toString(), () -> check(d)));
            }
        }
        return tests;
    }

    /** The first rounds go through the transpositions and kinds of finish; the rest is chance. */
    private static Draw draw(int[] shape, Random random, int round) {
        int t = (round + shape[0] / 64 + shape[1]) % 4;
        boolean ta = (t & 1) != 0;
        boolean tb = (t & 2) != 0;
        int pieces = round % 3 == 2 ? 1 + random.nextInt(4) : 1;
        boolean ragged = round % 3 == 1;
        int m = 1 + random.nextInt(round % 2 == 0 ? 600 : 300);
        int n = 1 + random.nextInt(2 * shape[0] + 40);
        int k = 1 + random.nextInt(pieces > 1 ? 700 : 330);
        // Lines of A and B start at multiples of 16 bytes.
        m = ta ? ceil8(m) : m;
        n = tb && ragged ? n : ceil8(n);
        k = ta && !tb ? k : ceil8(k);
        DType ab = random.nextBoolean() ? DType.FLOAT16 : DType.BFLOAT16;
        Activation[] f = Activation.values();
        int batches = random.nextInt(3) == 0 ? 4 : 1;
        return new Draw(
                shape,
                ta,
                tb,
                batches > 1 ? Math.min(m, 160) : m,
                batches > 1 ? Math.min(n, 136) : n,
                k,
                batches,
                batches > 1 ? 1 << random.nextInt(3) : 1,
                pieces,
                shape[1] * (1 + random.nextInt(2)),
                ab,
                random.nextInt(3) == 0 ? DType.FLOAT32 : ab,
                random.nextBoolean(),
                (round + shape[0] / 64) % 2 == 0,
                random.nextBoolean(),
                random.nextInt(3) == 0,
                round % 4 == 3 ? f[random.nextInt(f.length)] : f[random.nextInt(2)],
                random.nextInt(2) * (ragged ? 3 : 8));
    }

    private static int ceil8(int x) {
        return Product.ceil(x, 8) * 8;
    }

    private static RefArray integers(DType type, Random random, int elements, int most) {
        RefArray a = RefArray.zeros(new TensorSpec(type, Shape.of(elements)));
        for (int i = 0; i < elements; i++) {
            a.data()[i] = random.nextInt(2 * most + 1) - most;
        }
        return a;
    }

    private static void check(Draw d) {
        Random random = new Random(d.toString().hashCode());
        int m = d.m();
        int n = d.n();
        int k = d.k();
        int shared = d.batches() / d.group();
        int ldc = n + d.gap();
        RefArray a = integers(d.ab(), random, shared * m * k, 2);
        RefArray b = integers(d.ab(), random, d.batches() * k * n, 2);
        RefArray bias = integers(d.c(), random, d.ofRows() ? m : n, 9);
        RefArray residual = integers(d.c(), random, d.batches() * m * n, 9);
        RefArray c = integers(d.c(), random, d.batches() * m * ldc, 9);
        int groups = d.batches() / d.group();
        Product p =
                Product.of(
                                new Product.Numbers(d.ab(), d.c(), Precision.STRICT),
                                new int[] {groups, d.group()},
                                new int[] {m, n, k},
                                new Product.Operand(
                                        GpuPlan.in(0),
                                        0,
                                        d.ta() ? 1 : k,
                                        d.ta() ? m : 1,
                                        new int[] {m * k, 0}),
                                new Product.Operand(
                                        GpuPlan.in(1),
                                        0,
                                        d.tb() ? 1 : n,
                                        d.tb() ? k : 1,
                                        new int[] {d.group() * k * n, k * n}),
                                new Product.Finish(
                                        d.bias() ? GpuPlan.in(2) : null,
                                        d.ofRows(),
                                        d.residual() ? GpuPlan.in(3) : null,
                                        d.activation(),
                                        d.accumulate()),
                                new Product.Target(GpuPlan.out(0), 0, ldc))
                        .getFirst();
        assertThat(new MatMulHopper().supports(p, TRAITS)).isTrue();
        GpuPlan.Builder builder = GpuPlan.builder();
        MatMulHopper.add(builder, p, d.tiling(MatMulHopper.stageable(p)));
        double[] got;
        Emulation emulation = Emulation.open();
        emulation.order(Long.getLong("tatara.emulation.shuffle", 0));
        RefArray[] in = {a, b, bias, residual, c};
        try (EmulatedPlan plan = new EmulatedPlan(emulation, TRAITS, true)) {
            TensorSpec[] out = {c.spec()};
            got = plan.run(builder.build(), in, out, new int[] {4})[0].data();
        }
        compare(d, in, got, ldc);
    }

    private static void compare(Draw d, RefArray[] in, double[] got, int ldc) {
        int m = d.m();
        int n = d.n();
        int k = d.k();
        double worst = 0;
        for (int z = 0; z < d.batches(); z++) {
            int ao = z / d.group() * m * k;
            int bo = z * k * n;
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < ldc; j++) {
                    int at = (z * m + i) * ldc + j;
                    double want = in[4].data()[at];
                    if (j < n) {
                        double s = d.bias() ? in[2].data()[d.ofRows() ? i : j] : 0;
                        for (int x = 0; x < k; x++) {
                            s +=
                                    in[0].data()[ao + (d.ta() ? x * m + i : i * k + x)]
                                            * in[1].data()[bo + (d.tb() ? j * k + x : x * n + j)];
                        }
                        s = MatMulReference.activation(d.activation(), s);
                        s += d.residual() ? in[3].data()[(z * m + i) * n + j] : 0;
                        s += d.accumulate() ? want : 0;
                        want = Rounding.round(s, d.c());
                    }
                    double off = Math.abs(got[at] - want) / Math.max(1, Math.abs(want));
                    // NaN counts as worst.
                    if (!(off <= worst)) {
                        worst = off;
                    }
                }
            }
        }
        boolean exact = d.activation() == Activation.NONE || d.activation() == Activation.RELU;
        double tolerance = exact ? 0 : d.c() == DType.FLOAT32 ? 1e-5 : 2 * d.c().roundoff();
        assertThat(worst).as("largest relative difference").isLessThanOrEqualTo(tolerance);
    }
}
