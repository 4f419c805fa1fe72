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
 * Convolutions on Hopper's matrix units as sums of shifted products, by {@code matmul_sm90.cu}, for
 * other rooms: y = activation(Σ over taps t of W[t] · X shifted by t, + bias) + residual, where X
 * is {@link ShiftedRows}. All are of one type.
 *
 * @param type float16 or bfloat16, else it is not supported
 * @param at how x stands and what the taps are
 * @param rows channels of the result
 * @param terms channels of the source
 * @param transposed whether a tap's kernel is stored as [terms, rows], else as [rows, terms]
 * @param line elements from one row of that to the next, a multiple of 8
 * @param w kernels [taps, ·, line], a {@link GpuPlan.Arg}, as are x and y
 * @param x [phases, length, terms rounded up to whole lines], zeros in all gaps
 * @param bias an element for each row; null where there is none, as residual
 * @param y [images, rows, results]
 */
public record TapProduct(
        DType type,
        ShiftedRows at,
        int rows,
        int terms,
        boolean transposed,
        int line,
        Object w,
        Object x,
        Object bias,
        Object residual,
        Activation activation,
        Object y) {
    /** Most pieces of the sums. */
    private static final int PIECES = 16;

    /** Most taps, as the source has it. */
    public static final int MOST_TAPS = 64;

    /** Bytes of shared memory for the tables of taps and of a tile's places. */
    static int tables(int bn) {
        return 2 * Integer.BYTES * (MOST_TAPS + bn);
    }

    /** Whether the device has the units and the copy engine can read the operands. */
    public boolean supported(GpuTraits traits) {
        return MatMulHopper.units(type, traits)
                && rows >= MatMulHopper.LEAST
                && at.taps() <= MOST_TAPS;
    }

    HopperTiling tiling(GpuTraits traits) {
        int k = slices() * HopperTiling.BK;
        return HopperTiling.wide(rows, at.length(), k, true, traits.computeUnits(), PIECES);
    }

    /** Slices of the sums: each is of one tap. */
    int slices() {
        return at.taps() * Product.ceil(terms, HopperTiling.BK);
    }

    /** Clocks that it should take, by the rough model that chooses its tiles. */
    public double clocks(GpuTraits traits) {
        return tiling(traits).time(rows, traits.computeUnits());
    }

    /** Adds the launches. Called only where it is supported. */
    public void add(GpuPlan.Builder plan, GpuTraits traits) {
        HopperTiling t = tiling(traits);
        Product p = product();
        GpuProgram program = MatMulHopper.program(p, t, transposed, true, 1, at.run());
        Product.Operand a = a();
        int length = at.length();
        int place = ShiftedRows.line(terms);
        boolean partial = t.splits() > 1;
        Object part = partial ? plan.temporary(t.workspace(rows, length)) : null;
        MatMulHopper.Batch taps =
                new MatMulHopper.Batch(1, at.taps(), (transposed ? terms : rows) * line);
        MatMulHopper.Batch phases = new MatMulHopper.Batch(1, at.phases(), length * place);
        List<Object> args = new ArrayList<>();
        args.add(
                transposed
                        ? MatMulHopper.map(a, type, rows, terms, line, taps, MatMulHopper.SPAN)
                        : MatMulHopper.map(a, type, terms, rows, line, taps, MatMulHopper.rows(t)));
        args.add(
                MatMulHopper.map(
                        b(), type, terms, length, place, phases, MatMulHopper.share(t, true)));
        args.addAll(MatMulHopper.args(p, t, part, taps, phases));
        args.addAll(Arrays.asList(at.args()));
        MatMulHopper.launch(plan, program, t, t.shared() + tables(t.bn()), args);
        if (partial) {
            MatMulHopper.sum(plan, program, p, t, part, at.args());
        }
    }

    private Product.Operand a() {
        return new Product.Operand(w, 0, line, 1, new int[0]);
    }

    private Product.Operand b() {
        return new Product.Operand(x, 0, 1, ShiftedRows.line(terms), new int[0]);
    }

    private Product product() {
        int length = at.length();
        return Product.of(
                        new Product.Numbers(type, type, Precision.STRICT),
                        new int[0],
                        new int[] {rows, length, terms},
                        a(),
                        b(),
                        new Product.Finish(bias, true, residual, activation, false),
                        new Product.Target(y, 0, length))
                .getFirst();
    }
}
