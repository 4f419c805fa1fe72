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
 * {@code matmul_rows_sm90.cu} under emulation with every shape of tile, the sums whole and in
 * pieces, taps to either side, several tiles a block. Integers, in the gaps between images as well,
 * so the sums must come out to the last bit.
 *
 * <p>{@code -Dtatara.hopper.rounds=N} sets how many draws for each shape, {@code
 * -Dtatara.emulation.shuffle=SEED} the order of threads, {@code -Dtatara.emulation.races=true}
 * looks for races.
 */
class StripEmulationTest {
    private static final int ROUNDS = Integer.getInteger("tatara.hopper.rounds", 3);
    private static final GpuTraits TRAITS = GpuTraits.cuda(90, 132);

    /** One sum of shifted products; units: multiprocessors. */
    private record Draw(
            int[] shape,
            ShiftedRows at,
            int rows,
            int terms,
            boolean transposed,
            int pieces,
            int units,
            DType type,
            boolean finish) {
        int line() {
            return ShiftedRows.line(transposed ? rows : terms);
        }

        TapProduct product() {
            Object bias = finish ? GpuPlan.in(2) : null;
            Object residual = finish ? GpuPlan.in(3) : null;
            Activation f = finish ? Activation.RELU : Activation.NONE;
            return new TapProduct(
                    type,
                    at,
                    rows,
                    terms,
                    transposed,
                    line(),
                    GpuPlan.in(0),
                    GpuPlan.in(1),
                    bias,
                    residual,
                    f,
                    GpuPlan.out(0));
        }

        /** Pieces of whole rows of taps. */
        StripTiling tiling() {
            int taps = at.x().taps();
            int slices = product().slices();
            int depth = Product.ceil(slices / taps, pieces) * taps;
            int reach = (taps - 1) * Math.abs(at.x().step());
            return StripTiling.make(shape, rows, at.length(), slices, depth, reach, units);
        }

        @Override
        public String toString() {
            return "tile 128x%d cluster %d%s: %d rows, %d terms%s, %s, pieces %d on %d, %s%s"
                    .formatted(
                            shape[0],
                            shape[1],
                            shape.length > 2 ? " across" : "",
                            rows,
                            terms,
                            transposed ? " transposed" : "",
                            at,
                            pieces,
                            units,
                            type,
                            finish ? " finished" : "");
        }
    }

    @TestFactory
    List<DynamicTest> draws() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int[] shape : StripTiling.shapes()) {
            Random random = new Random(shape[0] * 8L + shape[1] + 4L * (shape.length - 2));
            for (int i = 0; i < ROUNDS; i++) {
                Draw d = draw(shape, random, i);
                tests.add(DynamicTest.dynamicTest(d.toString(), () -> check(d)));
            }
        }
        return tests;
    }

    /** Every third has its sums in pieces, every other one a transposed kernel. */
    private static Draw draw(int[] shape, Random random, int round) {
        int taps = 2 + random.nextInt(4);
        int most = StripTiling.REACH / (taps - 1);
        int step =
                (1 + random.nextInt(round % 2 == 0 ? 2 : most)) * (random.nextBoolean() ? 1 : -1);
        int height = 4 + random.nextInt(6);
        int width = 5 + random.nextInt(10);
        int tapsY = 1 + random.nextInt(3);
        ShiftedRows.Along y = along(tapsY, random.nextBoolean() ? 1 : -1, height);
        ShiftedRows one = new ShiftedRows(y, along(taps, step, width), 1);
        int images = 1 + (shape[0] + random.nextInt(2 * shape[0])) / one.plane();
        boolean pieces = round % 3 == 2;
        return new Draw(
                shape,
                new ShiftedRows(one.y(), one.x(), images),
                33 + random.nextInt(300),
                pieces ? 65 + random.nextInt(64) : 1 + random.nextInt(100),
                (round + shape[0] / 64) % 2 == 0,
                pieces ? 2 : 1,
                shape[1] * (1 + random.nextInt(2)),
                random.nextBoolean() ? DType.FLOAT16 : DType.BFLOAT16,
                random.nextBoolean());
    }

    private static ShiftedRows.Along along(int taps, int step, int extent) {
        return new ShiftedRows.Along(taps, -(taps / 2) * step, step, 1, extent, extent);
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
        ShiftedRows at = d.at();
        int outer = d.transposed() ? d.terms() : d.rows();
        int results = at.images() * d.rows() * at.y().results() * at.x().results();
        RefArray[] in = {
            integers(d.type(), random, at.taps() * outer * d.line(), 1),
            integers(d.type(), random, at.length() * ShiftedRows.line(d.terms()), 1),
            integers(d.type(), random, d.rows(), 9),
            integers(d.type(), random, results, 9)
        };
        GpuPlan.Builder builder = GpuPlan.builder();
        d.product().addStrips(builder, d.tiling());
        Emulation emulation = Emulation.open();
        emulation.order(
                Long.getLong("tatara.emulation.shuffle", 0),
                Boolean.getBoolean("tatara.emulation.races"));
        try (EmulatedPlan plan = new EmulatedPlan(emulation, TRAITS, true)) {
            TensorSpec[] out = {in[3].spec()};
            RefArray got = plan.run(builder.build(), in, out, new int[] {-1})[0];
            assertThat(got.data()).isEqualTo(want(d, in));
        } finally {
            emulation.order(0);
        }
    }

    private static double[] want(Draw d, RefArray[] in) {
        ShiftedRows at = d.at();
        int size = at.y().results() * at.x().results();
        double[] want = new double[at.images() * d.rows() * size];
        for (int e = 0; e < want.length; e++) {
            int row = e / size % d.rows();
            int y = e % size / at.x().results();
            int q = e / size / d.rows() * at.plane() + y * at.pitch() + e % at.x().results();
            double s = d.finish() ? in[2].data()[row] : 0;
            for (int t = 0; t < at.taps(); t++) {
                int dy = at.y().start() + at.y().step() * (t / at.x().taps());
                int dx = at.x().start() + at.x().step() * (t % at.x().taps());
                s += term(d, in, row, t, q + dy * at.pitch() + dx);
            }
            if (d.finish()) {
                s = Math.max(s, 0) + in[3].data()[e];
            }
            want[e] = Rounding.round(s, d.type());
        }
        return want;
    }

    /** A tap's term for a row, of the place that it reads. */
    private static double term(Draw d, RefArray[] in, int row, int tap, int place) {
        if (place < 0 || place >= d.at().length()) {
            return 0;
        }
        int outer = d.transposed() ? d.terms() : d.rows();
        int from = place * ShiftedRows.line(d.terms());
        double s = 0;
        for (int c = 0; c < d.terms(); c++) {
            int w = d.transposed() ? c * d.line() + row : row * d.line() + c;
            s += in[0].data()[tap * outer * d.line() + w] * in[1].data()[from + c];
        }
        return s;
    }
}
