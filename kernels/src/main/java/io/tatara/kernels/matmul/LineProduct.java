package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * As {@link TapProduct}, straight from the images, by {@code lines_product_sm90.cu}: y =
 * activation(Σ over taps t of W[t] · X shifted by t, + bias) + residual. All are of one type.
 *
 * @param type float16 or bfloat16, else it is not supported
 * @param source how the images' elements stand in places
 * @param target of which elements the result consists
 * @param classes the places of the result within a stride, one where they are not apart
 * @param rows channels of the result
 * @param terms channels of the source
 * @param transposed whether a tap's kernel is stored as [terms, rows], else as [rows, terms]
 * @param line elements from one row of that to the next, a multiple of 8
 * @param w kernels [taps, ·, line], a {@link GpuPlan.Arg}, as are x and y
 * @param x [images, terms, h, wd]
 * @param bias an element for each row; null where there is none, as residual
 * @param y [images, rows, height, width]
 * @param form of the tiles, null for that of least estimated time
 */
public record LineProduct(
        DType type,
        Source source,
        Target target,
        List<Places> classes,
        int rows,
        int terms,
        boolean transposed,
        int line,
        Object w,
        Object x,
        Object bias,
        Object residual,
        Activation activation,
        Object y,
        LineForm form) {
    /** Lines of less are read in words where a place more makes as many. */
    private static final int SHORT = 8;

    /** Of even and odd elements along both axes. */
    private static final int CLASSES = 4;

    /** Bytes of the tables of a tile's places. */
    static int tables(int bn) {
        return 4 * Integer.BYTES * bn;
    }

    /**
     * Place i · plane + y · pitch + x of a kind and phase is element (strideY · y + firstY + kind,
     * strideX · x + firstX + phase) of image i.
     *
     * @param phases of the stride along x, 1 or all 2 of it
     */
    public record Source(
            int images,
            int h,
            int wd,
            int strideY,
            int firstY,
            int kinds,
            int strideX,
            int firstX,
            int phases,
            int plane,
            int pitch) {
        /** Places of a row. */
        int length() {
            return images * plane;
        }
    }

    /**
     * What a class computes: place (y, x) of an image is element (outY + stepY · y, outX + stepX ·
     * x) of the result.
     */
    public record Target(int height, int width, int stepY, int stepX) {}

    /**
     * A tap reads what stands `shift` places on in this kind and phase.
     *
     * @param index its matrix of the kernel
     */
    public record Tap(int kind, int phase, int shift, int index) {}

    /**
     * Places of one class.
     *
     * @param taps kind by kind
     */
    public record Places(int outY, int outX, int countY, int countX, List<Tap> taps) {
        private int low() {
            return taps.stream().mapToInt(Tap::shift).min().orElse(0);
        }

        private int high() {
            return taps.stream().mapToInt(Tap::shift).max().orElse(0);
        }
    }

    /** Whether the device has the units and the source holds the taps. */
    public boolean supported(GpuTraits traits) {
        return MatMulHopper.units(type, traits)
                && rows >= MatMulHopper.LEAST
                && taps() <= TapProduct.MOST_TAPS
                && classes.stream().noneMatch(c -> c.taps().isEmpty())
                && 2.0 * source.images * source.plane < Integer.MAX_VALUE
                && (double) source.images * rows * target.height * target.width < Integer.MAX_VALUE
                && tiling(traits) != null;
    }

    /** The fewest taps that read one strip. */
    int stripTaps(LineForm f) {
        if (grouped(f)) {
            return taps();
        }
        return classes.stream()
                .flatMap(c ->
                        c.taps().stream()
                                .collect(Collectors.groupingBy(Tap::kind, Collectors.counting()))
                                .values()
                                .stream())
                .mapToInt(Long::intValue)
                .min()
                .orElse(0);
    }

    int taps() {
        return classes.stream().mapToInt(c -> c.taps().size()).sum();
    }

    /**
     * Elements of a load, as the source's VEC has it: so many, from a place that is a multiple on,
     * are an aligned run of a line or none; 8: eight places are a line.
     */
    int vector() {
        Source s = source;
        boolean plain = s.strideX == 1 && s.phases == 1 && s.firstX == 0;
        for (int v = 4; plain && v > 1; v /= 2) {
            if (s.wd % v == 0 && s.pitch % v == 0) {
                return v;
            }
        }
        boolean words = (long) s.images * terms * s.h * s.wd % 2 == 0;
        if (plain && words && s.pitch == SHORT && s.wd < SHORT) {
            return SHORT;
        }
        return s.phases == 2 && s.strideX == 2 && s.firstX == 0 && s.wd % 2 == 0 ? 2 : 1;
    }

    /**
     * Whether a tile may have all classes: even and odd elements along both axes, in this order, of
     * as many each.
     */
    private boolean groups() {
        return classes.size() == CLASSES
                && target.stepY == 2
                && target.stepX == 2
                && target.height % 2 == 0
                && target.width % 2 == 0
                && source.kinds == 1
                && bias == null
                && residual == null
                && activation == Activation.NONE;
    }

    /** Whether the copy engine can read planes: whole 16 bytes. */
    boolean planes() {
        return source.h * source.wd % SHORT == 0;
    }

    /** Whether tiles of this form have all classes. */
    boolean grouped(LineForm f) {
        return f.bn() == LineForm.GROUPED && groups();
    }

    /** Place of a strip's first line, from a tile's first column on: where a load begins. */
    private int low(Places c, LineForm f) {
        int unit = source.phases == 1 ? vector() : 1;
        int low = grouped(f) ? classes.stream().mapToInt(Places::low).min().orElse(0) : c.low();
        return Math.floorDiv(low, unit) * unit;
    }

    /** Lines of a strip beyond the columns of a tile. */
    int reach(LineForm f) {
        return classes.stream().mapToInt(c -> c.high() - low(c, f)).max().orElse(0);
    }

    int slices() {
        return Product.ceil(terms, HopperTiling.BK);
    }

    LineTiling tiling(GpuTraits traits) {
        return form == null
                ? LineTiling.of(this, traits.computeUnits())
                : LineTiling.make(this, form, traits.computeUnits());
    }

    /** Whether the copy engine brings the images. */
    public boolean fetched(GpuTraits traits) {
        return tiling(traits).form().raw();
    }

    /** Clocks that it should take, by the rough model that chooses its tiles. */
    public double clocks(GpuTraits traits) {
        return tiling(traits).time(this, traits.computeUnits());
    }

    /** Adds the launch. Called only where it is supported. */
    public void add(GpuPlan.Builder plan, GpuTraits traits) {
        add(plan, tiling(traits), traits.computeUnits());
    }

    void add(GpuPlan.Builder plan, LineTiling t, int multiprocessors) {
        Product p = product();
        MatMulHopper.Batch matrices =
                new MatMulHopper.Batch(1, kernelTaps(), (transposed ? terms : rows) * line);
        List<Object> args = new ArrayList<>();
        args.add(
                transposed
                        ? MatMulHopper.map(p.a(), type, rows, terms, line, matrices, t.spans())
                        : MatMulHopper.map(p.a(), type, terms, rows, line, matrices, t.lines()));
        if (t.form().raw()) {
            Product.Operand pixels = new Product.Operand(x, 0, source.h * source.wd, 1, new int[0]);
            MatMulHopper.Batch images =
                    new MatMulHopper.Batch(1, source.images, terms * source.h * source.wd);
            int plane = source.h * source.wd;
            args.add(
                    MatMulHopper.map(pixels, type, plane, terms, plane, images, MatMulHopper.SPAN));
        }
        Object[] more = {
            x,
            y,
            bias,
            residual,
            rows,
            terms,
            source.images,
            t.rows(this),
            t.columns(this),
            slices()
        };
        args.addAll(Arrays.asList(more));
        plan.launch(
                        program(p, t, multiprocessors),
                        "matmul_lines",
                        new int[] {t.blocks(this, multiprocessors), 1, 1},
                        new int[] {t.threads(this), 1, 1},
                        t.shared(this),
                        false,
                        args.toArray())
                .early();
    }

    private int kernelTaps() {
        return 1
                + classes.stream()
                        .flatMap(c -> c.taps().stream())
                        .mapToInt(Tap::index)
                        .max()
                        .orElse(0);
    }

    private Product product() {
        int length = Product.ceil(source.length(), 8) * 8;
        return Product.of(
                        new Product.Numbers(type, type, Precision.STRICT),
                        new int[0],
                        new int[] {rows, length, terms},
                        new Product.Operand(w, 0, line, 1, new int[0]),
                        new Product.Operand(x, 0, 1, line, new int[0]),
                        new Product.Finish(bias, true, residual, activation, false),
                        new Product.Target(y, 0, length))
                .getFirst();
    }

    /** Whether places of the result are apart. */
    boolean apart() {
        return target.stepY > 1 || target.stepX > 1;
    }

    /** Elements of a word of the result; 0 where its places are apart. */
    private int run(LineForm f) {
        if (grouped(f)) {
            return Integer.lowestOneBit(target.width | SHORT);
        }
        return apart() ? 0 : Integer.lowestOneBit(target.height * target.width | SHORT);
    }

    private GpuProgram program(Product p, LineTiling t, int multiprocessors) {
        Object[] defines = {
            "BN",
            t.form().bn(),
            "SIDE",
            t.form().side() ? 1 : 0,
            "FILLERS",
            t.fillers(this),
            "FILL_TURNS",
            t.turns(this),
            "RAW",
            t.form().raw() ? 1 : 0,
            "RAWS",
            t.raws(),
            "STAGES",
            t.stages(),
            "STRIPS",
            t.strips(),
            "CLUSTER",
            t.form().cluster(),
            "SPLIT",
            t.form().split(),
            "SKEW",
            t.skew(this, multiprocessors),
            "ACROSS",
            1,
            "LINES",
            t.stripLines(this),
            "TA",
            transposed ? 1 : 0,
            "TB",
            1,
            "CVEC",
            1,
            "RUN",
            run(t.form()),
            "GROUPED",
            grouped(t.form()) ? 1 : 0,
            "WIDTH",
            target.width,
            "SIZE",
            target.height * target.width,
            "SOURCE_H",
            source.h,
            "SOURCE_W",
            source.wd,
            "STRIDE_Y",
            source.strideY,
            "FIRST_Y",
            source.firstY,
            "STRIDE_X",
            source.strideX,
            "FIRST_X",
            source.firstX,
            "STEP_Y",
            target.stepY,
            "STEP_X",
            target.stepX,
            "ALL_CHANNELS",
            terms % HopperTiling.BK == 0 ? 1 : 0,
            "PLANE",
            source.plane,
            "PITCH",
            source.pitch,
            "VEC",
            vector(),
            "PHASES_X",
            source.phases,
            "KINDS",
            source.kinds,
            "CLASSES",
            classes.size()
        };
        List<String> files =
                List.of(
                        "matmul_sm90.cuh",
                        "tiles_sm90.cuh",
                        "lines_sm90.cuh",
                        "lines_raw_sm90.cuh",
                        "lines_leave_sm90.cuh",
                        "lines_product_sm90.cu");
        GpuProgram g = p.cuda(files, MatMulHopper.HEADERS, defines);
        String text = tapTables(t) + g.source();
        return new GpuProgram(g.name(), text, g.defines(), g.headers());
    }

    /** The tables of taps and classes, which have commas and so are no command line's. */
    private String tapTables(LineTiling tiling) {
        int lines = tiling.stripLines(this);
        LineForm f = tiling.form();
        List<Integer> first = new ArrayList<>(List.of(0));
        List<Integer> begins = new ArrayList<>();
        List<Integer> index = new ArrayList<>();
        for (Places c : classes) {
            for (int kind = 0; kind < source.kinds; kind++) {
                for (Tap t : c.taps()) {
                    if (t.kind() == kind) {
                        begins.add(t.phase() * lines + t.shift() - low(c, f));
                        index.add(t.index());
                    }
                }
                first.add(begins.size());
            }
        }
        return table("TAP_FIRST", first)
                + table("TAP_LINES", begins)
                + table("TAP_INDEX", index)
                + ofClasses("TAP_LOW", c -> low(c, f))
                + ofClasses("OUT_Y", Places::outY)
                + ofClasses("OUT_X", Places::outX)
                + ofClasses("COUNT_Y", Places::countY)
                + ofClasses("COUNT_X", Places::countX);
    }

    private String ofClasses(String name, ToIntFunction<Places> number) {
        return table(name, classes.stream().map(number::applyAsInt).toList());
    }

    private static String table(String name, List<Integer> numbers) {
        return numbers.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(", ", "#define " + name + " ", "\n"));
    }
}
