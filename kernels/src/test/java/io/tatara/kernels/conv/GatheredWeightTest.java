package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Weight gradients of pointwise layers from gathered images under emulation: ragged channels,
 * slices over several images and over their end, several tiles a block, sums in pieces. {@code
 * -Dtatara.case} picks by name.
 */
class GatheredWeightTest {
    private static final ConvWindow UNIT = ConvWindow.UNIT;

    private static List<Geometry> geometries() {
        return List.of(
                new Geometry("14", UNIT, 2, 2, 64, 14, 14, 40, 1, 1),
                new Geometry("14-ragged", UNIT, 1, 3, 70, 14, 14, 133, 1, 1),
                new Geometry("small-images", UNIT, 4, 21, 24, 2, 2, 72, 1, 1),
                new Geometry("pieces", UNIT, 132, 3, 520, 6, 6, 66, 1, 1),
                new Geometry("wide", UNIT, 2, 4, 40, 14, 14, 300, 1, 1),
                new Geometry("odd-channels", UNIT, 4, 2, 45, 10, 6, 37, 1, 1));
    }

    private final List<DynamicTest> tests = new ArrayList<>();

    @TestFactory
    List<DynamicTest> weightGradients() {
        for (Geometry g : geometries()) {
            add(g, weight(g, g.name(), Data.normal()), ShiftedWeight.GATHERED);
        }
        Geometry g = geometries().get(1);
        Data odd = Data.normal().sprinkled(997, ConvCases.SPECIAL);
        add(g, weight(g, "specials", odd), ShiftedWeight.GATHERED);
        return tests;
    }

    private static Case weight(Geometry g, String name, Data x) {
        Op op = new Conv2dWeightGradient(g.window(), 1, g.d()[5], g.d()[6]);
        return Case.of(name, op).in(g.x(), x).in(g.y()).reduction(g.d()[0] * g.d()[2] * g.d()[3]);
    }

    /** Planes that are no whole fours of pixels, and other layers, are for others. */
    @Test
    void leavesWhatItCannotGather() {
        GpuTraits hopper = GpuTraits.cuda(90, 132);
        for (Geometry g :
                List.of(
                        new Geometry("7", UNIT, 1, 8, 512, 7, 7, 512, 1, 1),
                        new Geometry("padded", UNIT.pad(1), 1, 8, 512, 6, 6, 512, 1, 1),
                        new Geometry("stride", UNIT.stride(2), 1, 8, 512, 8, 8, 512, 1, 1),
                        new Geometry("3x3", UNIT.pad(1), 1, 8, 64, 8, 8, 64, 3, 3))) {
            Case c = weight(g, g.name(), Data.normal()).as(DType.FLOAT16);
            Conv2dWeightGradient op = (Conv2dWeightGradient) c.op();
            assertThat(ShiftedWeight.GATHERED.anywhere().supports(op, c.specs(), hopper))
                    .as(g.name())
                    .isFalse();
        }
    }

    private <O extends Op> void add(Geometry g, Case c, GpuKernel<O> kernel) {
        EmulatedCheck.add(tests, c, kernel, g.units());
    }
}
