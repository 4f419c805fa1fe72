package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weight gradient to {@link TapProduct}: for each tap dY · Xᵀ with X shifted by it. Sums over
 * all images go in pieces, which a second launch adds.
 *
 * @param type float16 or bfloat16, else it is not supported
 * @param at how both stand and what the taps are
 * @param from whether images are laid out, or read as they are
 * @param rows channels of dy
 * @param channels of x
 * @param dyRows [1, length, rows rounded up to whole lines], zeros in all gaps; else the images, as
 *     is xRows
 * @param xRows [phases, length, channels rounded up to whole lines]
 * @param dy the images [images, rows, results], a {@link GpuPlan.Arg} as all others
 * @param x [images, channels, source]
 * @param out [rows, channels, taps]
 */
public record TapWeights(
        DType type,
        ShiftedRows at,
        From from,
        int rows,
        int channels,
        Object dyRows,
        Object xRows,
        Object dy,
        Object x,
        Object out) {
    /**
     * Of what the product is made. As they are: one tap that meets pixel upon pixel, image by image
     * by the copy engine, which asks for planes of whole 16 bytes, or gathered by threads from
     * planes of whole 8.
     */
    public enum From {
        ROWS,
        PLANES,
        GATHERED
    }

    /** Most pieces of the sums: gradients may be small and the sums long. */
    private static final int PIECES = 128;

    /** Pixels that are gathered at a time. */
    private static final int RUN = 4;

    private static final int BOX = 64;
    private static final int THREADS = 256;

    // Clocks of the second launch, where the tiling counts none.
    private static final double SECOND_LAUNCH = 4000;

    /** Whether the device has the units and the copy engine can read the operands. */
    public boolean supported(GpuTraits traits) {
        return MatMulHopper.units(type, traits)
                && rows >= MatMulHopper.LEAST
                && at.taps() <= TapProduct.MOST_TAPS
                && 2.0 * Float.BYTES * rows * columns() < Integer.MAX_VALUE
                && switch (from) {
                    case ROWS -> true;
                    case PLANES -> at.plane() % 8 == 0;
                    case GATHERED -> gatherable();
                };
    }

    private boolean gatherable() {
        double elements = (double) at.images() * Math.max(rows, channels) * at.plane();
        return at.taps() == 1
                && at.phases() == 1
                && at.plane() == at.y().results() * at.x().results()
                && at.plane() == at.y().source() * at.x().source()
                && at.plane() % RUN == 0
                && elements < Integer.MAX_VALUE;
    }

    /** Columns of the product: channels of each tap in whole boxes. */
    private int columns() {
        return at.taps() * Product.ceil(channels, BOX) * BOX;
    }

    private int slices() {
        int each = planes() ? at.plane() : at.length();
        return (planes() ? at.images() : 1) * Product.ceil(each, HopperTiling.BK);
    }

    private boolean planes() {
        return from == From.PLANES;
    }

    HopperTiling tiling(GpuTraits traits) {
        int k = slices() * HopperTiling.BK;
        if (from == From.GATHERED) {
            return HopperTiling.alone(rows, columns(), k, traits.computeUnits(), PIECES);
        }
        return HopperTiling.wide(rows, columns(), k, false, traits.computeUnits(), PIECES);
    }

    /** Clocks that it should take, by the rough model that chooses its tiles. */
    public double clocks(GpuTraits traits) {
        HopperTiling t = tiling(traits);
        return t.time(rows, traits.computeUnits()) + (t.splits() == 1 ? SECOND_LAUNCH : 0);
    }

    /** Adds the launches. Called only where it is supported. */
    public void add(GpuPlan.Builder plan, GpuTraits traits) {
        HopperTiling t = tiling(traits);
        int columns = columns();
        boolean planes = planes();
        int length = planes ? at.plane() : at.length();
        int line = planes ? length : ShiftedRows.line(rows);
        int lineX = planes ? length : ShiftedRows.line(channels);
        Product.Operand a =
                new Product.Operand(dyRows, 0, planes ? line : 1, planes ? 1 : line, new int[0]);
        Product.Operand b =
                new Product.Operand(xRows, 0, planes ? 1 : lineX, planes ? lineX : 1, new int[0]);
        Product p =
                Product.of(
                                new Product.Numbers(type, type, Precision.STRICT),
                                new int[0],
                                new int[] {rows, columns, length},
                                a,
                                b,
                                new Product.Finish(null, null, Activation.NONE, false),
                                new Product.Target(out, 0, columns))
                        .getFirst();
        GpuProgram program =
                from == From.GATHERED
                        ? MatMulHopper.gathering(p, t, channels, at.plane())
                        : MatMulHopper.program(p, t, !planes, planes, planes ? 3 : 2, 1);
        GpuPlan.Arg part = plan.temporary(t.workspace(rows, columns));
        MatMulHopper.Batch ofA = matrices(planes ? at.images() : 1, rows * length);
        MatMulHopper.Batch ofB =
                planes
                        ? matrices(at.images(), channels * length)
                        : matrices(at.phases(), length * lineX);
        int share = MatMulHopper.share(t, false);
        List<Object> args = new ArrayList<>();
        if (from == From.GATHERED) {
            args.addAll(List.of(dyRows, xRows));
        } else if (planes) {
            args.add(MatMulHopper.map(a, type, length, rows, line, ofA, MatMulHopper.rows(t)));
            args.add(MatMulHopper.map(b, type, length, channels, lineX, ofB, share));
        } else {
            args.add(MatMulHopper.map(a, type, rows, length, line, ofA, MatMulHopper.SPAN));
            args.add(MatMulHopper.map(b, type, channels, length, lineX, ofB, share));
        }
        args.addAll(MatMulHopper.args(p, t, part, ofA, ofB));
        args.addAll(Arrays.asList(at.args()));
        MatMulHopper.launch(plan, program, t, t.shared() + TapProduct.tables(t.bn()), args);
        int pairs = 32 * Math.max(1, 8 / at.taps());
        Object[] sums = {
            part,
            columns,
            t.splits(),
            out,
            rows,
            channels,
            pairs,
            dy,
            x,
            at.y().source(),
            at.x().source()
        };
        List<Object> all = new ArrayList<>(Arrays.asList(sums));
        all.addAll(Arrays.asList(at.args()));
        plan.launch(
                        program,
                        "shifted_weights",
                        new int[] {Product.ceil(rows * channels, pairs), 1, 1},
                        new int[] {THREADS, 1, 1},
                        all.toArray())
                .early();
    }

    private static MatMulHopper.Batch matrices(int count, int stride) {
        return new MatMulHopper.Batch(1, count, stride);
    }
}
