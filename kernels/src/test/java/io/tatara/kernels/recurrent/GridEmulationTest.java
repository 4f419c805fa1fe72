package io.tatara.kernels.recurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.emulation.EmulatedPlan;
import io.tatara.kernels.emulation.Emulation;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Persistent kernels at sizes that the suite's cases do not reach on a small device: weights partly
 * in shared memory, sums longer than what is read ahead, one launch a direction.
 */
class GridEmulationTest {
    /** Four fat blocks in float32, ten in 16 bit. */
    private static final GpuTraits FOUR = GpuTraits.cuda(90, 4);

    private static final GpuTraits TEN = GpuTraits.cuda(90, 10);

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
    void lstm(DType dtype) {
        CaseSizes s = sizes(dtype);
        Case c = of(RecurrentCases.lstm(s), dtype);
        GpuTraits traits = traits(dtype);
        GridShape shape =
                new LstmGrid.Forward(GridForm.BLOCKS)
                        .shape((LstmSequence) c.op(), c.specs(), traits);
        assertThat(shape.sharedPieces()).isPositive();
        run(new LstmGrid.Forward(GridForm.BLOCKS), (LstmSequence) c.op(), c, traits);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void lstmGradient(DType dtype) {
        CaseSizes s = sizes(dtype);
        Case c = of(RecurrentCases.lstmGradient(s), dtype);
        GpuTraits traits = traits(dtype);
        GridShape shape =
                new LstmGrid.Backward(GridForm.BLOCKS)
                        .shape((LstmSequenceGradient) c.op(), c.specs(), traits);
        assertThat(shape.phases().get(0).along()).isGreaterThan(4);
        run(new LstmGrid.Backward(GridForm.BLOCKS), (LstmSequenceGradient) c.op(), c, traits);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void gruResetBefore(DType dtype) {
        CaseSizes s = sizes(dtype);
        Case c = of(RecurrentCases.gru(false, s), dtype);
        run(new GruGrid.Forward(GridForm.BLOCKS), (GruSequence) c.op(), c, traits(dtype));
        Case b = of(RecurrentCases.gruGradient(false, s), dtype);
        run(new GruGrid.Backward(GridForm.BLOCKS), (GruSequenceGradient) b.op(), b, traits(dtype));
    }

    /**
     * Copies of slices while others are multiplied, with more slices than the ring holds; the chunk
     * lacks rows, and rows lack steps.
     */
    @ParameterizedTest
    @CsvSource({"509,64,120000", "512,64,120000", "779,100,170000"})
    void tiles(int h, int units, int memory) {
        int[] lengths = new int[31];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = (i + 1) % 3;
        }
        Case c = of(RecurrentCases.gru(true, CaseSizes.of("tiles", 2, 31, 3, h).ragged(lengths)));
        GpuTraits traits = shared(GpuTraits.cuda(90, units), memory);
        GruGrid.Forward kernel = new GruGrid.Forward(GridForm.TILES);
        GruSequence op = (GruSequence) c.op();
        GridShape shape = kernel.shape(op, c.specs(), traits);
        int slices = shape.phases().getFirst().along();
        assertThat(slices).isGreaterThan(h > 512 ? shape.stages() : shape.stages() - 1);
        assertThat(shape.rows()).isLessThan(shape.chunk());
        run(kernel, op, c, traits);
    }

    /**
     * Teams: with rows that lack steps, a chunk that lacks rows, columns that are no whole slices,
     * a team whose last blocks have no units, two chunks, cuts and both directions.
     */
    @ParameterizedTest
    @CsvSource({"37,31,0", "128,64,0", "150,60,2", "72,32,0"})
    void teams(int h, int batch, int truncation) {
        int[] lengths = new int[batch];
        for (int i = 0; i < batch; i++) {
            lengths[i] = i % 5;
        }
        CaseSizes s = CaseSizes.of("teams", 4, batch, 3, h).ragged(lengths);
        s = h == 72 ? s.going(Direction.BIDIRECTIONAL) : s;
        s = truncation > 0 ? s.truncated(truncation) : s;
        Case c = of(RecurrentCases.lstmGradient(s), DType.FLOAT32);
        LstmSequenceGradient lstm = (LstmSequenceGradient) c.op();
        GpuKernel<LstmSequenceGradient> k = new LstmGrid.Backward(GridForm.TILES);
        run(k, lstm, c, smallest(k, lstm, c));
        Case g = of(RecurrentCases.gruGradient(true, s), DType.FLOAT32);
        GruSequenceGradient gru = (GruSequenceGradient) g.op();
        GpuKernel<GruSequenceGradient> l = new GruGrid.Backward(GridForm.TILES);
        run(l, gru, g, smallest(l, gru, g));
    }

    /** The smallest device that a kernel takes the case on: there groups have many rows. */
    private static <O extends Op> GpuTraits smallest(GpuKernel<O> kernel, O op, Case c) {
        return IntStream.rangeClosed(4, 64)
                .mapToObj(units -> GpuTraits.cuda(90, units))
                .filter(t -> kernel.supports(op, c.specs(), t))
                .findFirst()
                .orElseThrow();
    }

    /** The same device with no more shared memory than this. */
    private static GpuTraits shared(GpuTraits t, int bytes) {
        return new GpuTraits(
                t.api(),
                t.cpu(),
                t.computeUnits(),
                t.maxWorkGroup(),
                t.localMemory(),
                t.subgroup(),
                t.arch(),
                t.fp16(),
                bytes,
                t.vector());
    }

    private static Case of(Case c) {
        return of(c, DType.FLOAT32);
    }

    private static CaseSizes sizes(DType dtype) {
        int h = dtype == DType.FLOAT32 ? 192 : 320;
        return CaseSizes.of("long", 2, 9, 3, h).going(Direction.BIDIRECTIONAL);
    }

    private static GpuTraits traits(DType dtype) {
        return dtype == DType.FLOAT32 ? FOUR : TEN;
    }

    private static Case of(Case c, DType dtype) {
        // As in HalfCases: what passes between steps is rounded to the type.
        return dtype == DType.FLOAT32 ? c : c.as(dtype).tolerance(4 * dtype.roundoff());
    }

    private static <O extends Op> void run(GpuKernel<O> kernel, O op, Case c, GpuTraits traits) {
        RefArray[] in = c.draw(5);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        TensorSpec[] out = op.infer(c.specs());
        int[] none = new int[out.length];
        Arrays.fill(none, -1);
        assertThat(kernel.supports(op, c.specs(), traits)).isTrue();
        try (EmulatedPlan plan = new EmulatedPlan(Emulation.open(), traits, false)) {
            RefArray[] got = plan.run(kernel.plan(op, c.specs(), out, traits), in, out, none);
            for (int j = 0; j < got.length; j++) {
                Comparison d = Comparison.of(got[j].data(), want[j]);
                assertThat(d.error())
                        .as("%s output %d: %s", c, j, d)
                        .isLessThanOrEqualTo(c.tolerance(want[j].spec().dtype()));
            }
        }
    }
}
