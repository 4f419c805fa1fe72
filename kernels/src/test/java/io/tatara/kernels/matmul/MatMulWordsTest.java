package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.emulation.EmulatedPlan;
import io.tatara.kernels.emulation.Emulation;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Products of whole words have the bits of those of any size, under emulation. */
class MatMulWordsTest {
    private static final int BATCH = 2;

    /**
     * @param ak whether A runs along k
     * @param bk whether B does
     */
    private record Layout(boolean ak, boolean bk, int m, int n, int k) {
        /** Rows of an operand are as long as its words need. */
        Product product(Object bias, Object residual, boolean accumulate) {
            int lda = ak ? k + 4 : m + 8;
            int ldb = bk ? k : n + 12;
            int a = lda * (ak ? m : k);
            int b = ldb * (bk ? n : k);
            return Product.of(
                            new Product.Numbers(DType.FLOAT32, DType.FLOAT32, Precision.STRICT),
                            new int[] {BATCH},
                            new int[] {m, n, k},
                            new Product.Operand(
                                    GpuPlan.in(0), 4, ak ? lda : 1, ak ? 1 : lda, new int[] {a}),
                            new Product.Operand(
                                    GpuPlan.in(1), 0, bk ? 1 : ldb, bk ? ldb : 1, new int[] {b}),
                            new Product.Finish(bias, residual, Activation.TANH, accumulate),
                            new Product.Target(GpuPlan.out(0), 0, n))
                    .getFirst();
        }

        int sizeOfA() {
            return 4 + BATCH * (ak ? (k + 4) * m : (m + 8) * k);
        }

        int sizeOfB() {
            return BATCH * (bk ? k * n : (n + 12) * k);
        }
    }

    /** Tiles that begin earlier in rows, in columns, in both and in none; sums of one slice too. */
    @TestFactory
    List<DynamicTest> bitsOfTheOther() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int arch : new int[] {80, 86, 90}) {
            GpuTraits traits = GpuTraits.cuda(arch, 40);
            for (Layout l :
                    List.of(
                            new Layout(true, false, 163, 180, 48),
                            new Layout(true, true, 129, 141, 80),
                            new Layout(false, false, 140, 256, 16),
                            new Layout(false, true, 128, 131, 32))) {
                tests.add(
                        DynamicTest.dynamicTest(
                                "sm_" + arch + " " + l, () -> assertSame(l, traits)));
            }
        }
        return tests;
    }

    private static void assertSame(Layout l, GpuTraits traits) throws Exception {
        Product p = l.product(GpuPlan.in(2), GpuPlan.in(3), false);
        MatMulWords words = new MatMulWords();
        assertThat(words.supports(p, traits)).isTrue();
        float[] got = bits(run(words, p, l, traits));
        assertThat(got).isEqualTo(bits(run(new MatMulSimt(), p, l, traits)));
        assertThat(got).hasSize(BATCH * l.m() * l.n()).doesNotContain(0, Float.NaN);
    }

    private static float[] bits(RefArray x) {
        float[] f = new float[x.data().length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) x.data()[i];
        }
        return f;
    }

    private static RefArray run(ProductKernel kernel, Product p, Layout l, GpuTraits traits)
            throws Exception {
        GpuPlan.Builder b = GpuPlan.builder();
        kernel.add(b, p, traits);
        TensorSpec out = TensorSpec.of(DType.FLOAT32, BATCH, p.m(), p.n());
        RefArray[] in = {
            numbers(l.sizeOfA(), 1),
            numbers(l.sizeOfB(), 2),
            numbers(p.n(), 3),
            numbers(BATCH * p.m() * p.n(), 4),
            numbers(BATCH * p.m() * p.n(), 5)
        };
        int[] old = {p.finish().accumulate() ? 4 : -1};
        try (EmulatedPlan run = new EmulatedPlan(Emulation.open(), traits, false)) {
            return run.run(b.build(), in, new TensorSpec[] {out}, old)[0];
        }
    }

    private static RefArray numbers(int size, long seed) {
        RefArray a = RefArray.zeros(TensorSpec.f32(size));
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < size; i++) {
            a.data()[i] = (float) random.nextDouble(-1, 1);
        }
        return a;
    }

    @Test
    void takesWholeWordsAlone() {
        MatMulWords words = new MatMulWords();
        GpuTraits traits = GpuTraits.cuda(90, 132);
        assertThat(words.supports(layout(true, false, 128, 128, 16), traits)).isTrue();
        assertThat(words.supports(layout(true, false, 129, 132, 16), traits)).isTrue();
        assertThat(words.supports(layout(true, false, 128, 130, 16), traits)).isFalse();
        assertThat(words.supports(layout(true, true, 128, 130, 16), traits)).isTrue();
        assertThat(words.supports(layout(false, true, 129, 130, 16), traits)).isFalse();
        assertThat(words.supports(layout(true, false, 127, 128, 16), traits)).isFalse();
        assertThat(words.supports(layout(true, false, 128, 128, 24), traits)).isFalse();
        for (int arch : new int[] {75, 100, 120}) {
            GpuTraits other = GpuTraits.cuda(arch, 40);
            assertThat(words.supports(layout(true, false, 128, 128, 16), other)).isFalse();
        }
    }

    private static Product layout(boolean ak, boolean bk, int m, int n, int k) {
        return new Layout(ak, bk, m, n, k).product(null, null, false);
    }

    /** What is computed twice is added once. */
    @Test
    void addsToWhatWasThereOnce() throws Exception {
        GpuTraits traits = GpuTraits.cuda(80, 40);
        Layout l = new Layout(true, false, 140, 148, 16);
        Product p = l.product(null, null, true);
        MatMulWords words = new MatMulWords();
        assertThat(bits(run(words, p, l, traits)))
                .isEqualTo(bits(run(new MatMulSimt(), p, l, traits)));
    }
}
