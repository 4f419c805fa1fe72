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
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every tile of the CUDA products under emulation, whole and cut along k, where small cases would
 * never choose it; and what the choice among them keeps to.
 */
class ProductTilesTest {
    /** How a product with this tile is planned. */
    private interface Plan {
        void add(GpuPlan.Builder plan, Product p, GpuTraits traits, TileChoice c);
    }

    @TestFactory
    List<DynamicTest> everyTileMultipliesExactly() {
        List<DynamicTest> tests = new ArrayList<>();
        GpuTraits ampere = GpuTraits.cuda(80, 108);
        for (TileChoice.Tile t : MatMulSm80.TILES) {
            tile(tests, "sm80", DType.FLOAT16, ampere, t, (b, p, d, c) -> MatMulSm80.add(b, p, c));
            tile(tests, "sm80", DType.FLOAT32, ampere, t, (b, p, d, c) -> MatMulSm80.add(b, p, c));
        }
        GpuTraits turing = GpuTraits.cuda(75, 40);
        for (TileChoice.Tile t : MatMulSimt.tiles(ampere)) {
            tile(tests, "simt", DType.FLOAT32, ampere, t, MatMulSimt::add);
        }
        for (TileChoice.Tile t : MatMulSimt.tiles(turing)) {
            tile(tests, "simt", DType.FLOAT32, turing, t, MatMulSimt::add);
        }
        return tests;
    }

    private static void tile(
            List<DynamicTest> tests,
            String kernel,
            DType type,
            GpuTraits traits,
            TileChoice.Tile t,
            Plan plan) {
        for (int layout = 0; layout < 2; layout++) {
            boolean across = layout == 1;
            String name =
                    "%s %s %dx%d, %d stages, sm_%d%s"
                            .formatted(
                                    kernel,
                                    type,
                                    t.bm(),
                                    t.bn(),
                                    t.stages(),
                                    traits.arch(),
                                    across ? ", transposed" : "");
            tests.add(DynamicTest.dynamicTest(name, () -> check(type, traits, t, plan, across)));
        }
    }

    /** Small integers, so that the result is exact in every type. */
    private static void check(
            DType type, GpuTraits traits, TileChoice.Tile t, Plan plan, boolean across) {
        int m = t.bm() + 8;
        int n = t.bn() + 16;
        int k = 4 * t.slice() / type.bytes() * (t.splits() ? 2 : 1) + 8;
        Product p = product(type, across, m, n, k);
        TileChoice c = TileChoice.cut(p, t, t.splits() ? 2 : 1);
        assertThat(c.splits()).isEqualTo(t.splits() ? 2 : 1);
        GpuPlan.Builder b = GpuPlan.builder();
        plan.add(b, p, traits, c);
        RefArray x = numbers(TensorSpec.of(type, m * k));
        RefArray y = numbers(TensorSpec.of(type, k * n));
        TensorSpec out = TensorSpec.of(DType.FLOAT32, m, n);
        RefArray got;
        try (EmulatedPlan run = new EmulatedPlan(Emulation.open(), traits, false)) {
            got =
                    run.run(
                                    b.build(),
                                    new RefArray[] {x, y},
                                    new TensorSpec[] {out},
                                    new int[] {-1})[0];
        }
        double[] want = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int q = 0; q < k; q++) {
                double f = x.data()[i * p.a().rowStride() + q * p.a().columnStride()];
                for (int j = 0; j < n; j++) {
                    want[i * n + j] +=
                            f * y.data()[q * p.b().rowStride() + j * p.b().columnStride()];
                }
            }
        }
        assertThat(got.data()).isEqualTo(want);
    }

    private static RefArray numbers(TensorSpec spec) {
        RefArray a = RefArray.zeros(spec);
        for (int i = 0; i < a.data().length; i++) {
            a.data()[i] = i * 7 % 11 % 4 - 1;
        }
        return a;
    }

    private static Product product(DType type, boolean across, int m, int n, int k) {
        int[] none = new int[0];
        return Product.of(
                        new Product.Numbers(type, DType.FLOAT32, Precision.TF32),
                        none,
                        new int[] {m, n, k},
                        new Product.Operand(GpuPlan.in(0), 0, across ? 1 : k, across ? m : 1, none),
                        new Product.Operand(GpuPlan.in(1), 0, across ? 1 : n, across ? k : 1, none),
                        new Product.Finish(null, null, Activation.NONE, false),
                        new Product.Target(GpuPlan.out(0), 0, n))
                .getFirst();
    }

    @Test
    void largeProductsTakeLargeTilesAndLongSumsAreCut() {
        GpuTraits traits = GpuTraits.cuda(80, 108);
        Product large = product(DType.FLOAT16, false, 8192, 8192, 8192);
        TileChoice c = TileChoice.of(large, traits, MatMulSm80.TILES, 1024);
        assertThat(c.tile().bm() * c.tile().bn()).isGreaterThanOrEqualTo(128 * 128);
        assertThat(c.splits()).isEqualTo(1);
        Product deep = product(DType.FLOAT16, false, 64, 128, 16384);
        c = TileChoice.of(deep, traits, MatMulSm80.TILES, 1024);
        assertThat(c.splits()).isGreaterThan(4);
        assertThat((long) c.splits() * c.depth()).isGreaterThanOrEqualTo(16384);
        assertThat((long) (c.splits() - 1) * c.depth()).isLessThan(16384);
    }

    @Test
    void tilesFitTheDevice() {
        for (int arch : new int[] {80, 86, 89, 90, 100, 120}) {
            GpuTraits traits = GpuTraits.cuda(arch, 80);
            for (int n : new int[] {64, 512, 4096}) {
                Product p = product(DType.FLOAT16, false, n, n, n);
                TileChoice c = TileChoice.of(p, traits, MatMulSm80.TILES, 512);
                assertThat(c.tile().shared()).isLessThanOrEqualTo(traits.maxShared());
            }
        }
    }
}
