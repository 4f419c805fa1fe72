package io.tatara.kernels.pointwise;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes the CUDA kernel for an expression: 16-byte pieces of the output, two a thread for large
 * outputs, all loads before the first store. How an input is read:
 *
 * <ul>
 *   <li>whole: in the output's order, a piece at a time;
 *   <li>one number: once a thread;
 *   <li>stretched over some axes, where pieces do not cross the innermost one: its place is found
 *       once a piece, then a piece (it runs along that axis) or one number is read;
 *   <li>else: coordinates are found once a piece and counted on from element to element.
 * </ul>
 *
 * Divisions by extents are multiplications (Granlund and Montgomery, Division by invariant integers
 * using multiplication, 1994). The text depends on the kinds of reading, not on the extents.
 */
final class PointwiseCuda {
    private static final int BLOCK = 256;
    private static final int LARGE = 1 << 20;

    static final GpuKernel<Pointwise> KERNEL =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cuda";
                }

                @Override
                public boolean supports(Pointwise op, TensorSpec[] in, GpuTraits traits) {
                    return traits.cuda(75);
                }

                @Override
                public GpuPlan plan(
                        Pointwise op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    GpuPlan.Builder plan = GpuPlan.builder();
                    GpuPlan.Arg[] args = PointwiseGpu.inputs(in.length);
                    append(plan, op.expr(), in, args, out[0], GpuPlan.out(0));
                    return plan.build();
                }
            };

    private enum Read {
        WHOLE,
        NUMBER,
        PIECE,
        REPEATED,
        WALKED
    }

    private final Program program;
    private final Expr expr;
    private final List<Integer> values;
    private final List<Integer> seeds;
    private final List<Uniform> uniforms;
    private final TensorSpec[] in;
    private final Broadcast layout;
    private final Read[] reads;
    private final TensorSpec out;
    private final int last;
    private final StringBuilder text = new StringBuilder();
    private final List<String> parameters = new ArrayList<>();
    private final List<Object> args = new ArrayList<>();

    private PointwiseCuda(Expr expr, TensorSpec[] in, TensorSpec out) {
        this.expr = expr;
        this.in = in;
        this.out = out;
        program = Program.of(expr);
        values = List.copyOf(program.values());
        seeds = List.copyOf(program.seeds());
        uniforms = program.uniforms();
        List<Shape> shapes = values.stream().map(i -> in[i].shape()).toList();
        layout = Broadcast.of(out.shape(), shapes);
        last = layout.extents().length - 1;
        reads = new Read[values.size()];
        for (int j = 0; j < reads.length; j++) {
            reads[j] = read(j);
        }
    }

    /** Adds the launch; nothing where there is nothing to compute. */
    static void append(
            GpuPlan.Builder plan,
            Expr expr,
            TensorSpec[] in,
            GpuPlan.Arg[] inputs,
            TensorSpec out,
            GpuPlan.Arg output) {
        if (out.size() > 0) {
            new PointwiseCuda(expr, in, out).launch(plan, inputs, output);
        }
    }

    private int lanes() {
        return out.dtype().isHalf() ? 8 : 4;
    }

    private Read read(int j) {
        int[] strides = layout.strides()[j];
        boolean whole = true;
        boolean number = true;
        int contiguous = 1;
        for (int d = last; d >= 0; d--) {
            whole &= strides[d] == contiguous || layout.extents()[d] == 1;
            number &= strides[d] == 0;
            contiguous *= layout.extents()[d];
        }
        if (number || out.size() == 1) {
            return Read.NUMBER;
        }
        if (whole) {
            return Read.WHOLE;
        }
        if (layout.extents()[last] % lanes() != 0) {
            return Read.WALKED;
        }
        return strides[last] == 1 ? Read.PIECE : Read.REPEATED;
    }

    private boolean any(Read... kinds) {
        for (Read r : reads) {
            if (List.of(kinds).contains(r)) {
                return true;
            }
        }
        return false;
    }

    private void launch(GpuPlan.Builder plan, GpuPlan.Arg[] inputs, GpuPlan.Arg output) {
        int n = out.size();
        int per = n >= LARGE ? 2 : 1;
        text.append(PointwiseFunctions.source());
        text.append(PointwiseGpu.function(expr, values, uniforms));
        buffers(inputs, output);
        kernel();
        Map<String, String> defines = new TreeMap<>();
        defines.put("STORAGE", String.valueOf(GpuProgram.storage(out.dtype())));
        defines.put("PER", String.valueOf(per));
        GpuProgram source =
                new GpuProgram(
                        "pointwise/generated.cu",
                        text.toString(),
                        new TreeMap<>(defines),
                        List.of("warp.cuh", "lanes.cuh"));
        int pieces = n / lanes() + (n % lanes() == 0 ? 0 : 1);
        int groups = (pieces + BLOCK * per - 1) / (BLOCK * per);
        plan.launch(
                source,
                "pointwise",
                new int[] {groups, 1, 1},
                new int[] {BLOCK, 1, 1},
                args.toArray());
    }

    private boolean isInt(int j) {
        return in[values.get(j)].dtype() == DType.INT32;
    }

    private void buffers(GpuPlan.Arg[] inputs, GpuPlan.Arg output) {
        for (int j = 0; j < reads.length; j++) {
            int i = values.get(j);
            parameters.add("const " + (isInt(j) ? "int" : "ELEM") + "* RESTRICT p" + i);
            args.add(inputs[i]);
        }
        for (int i : seeds) {
            parameters.add("const int* RESTRICT s" + i);
            args.add(inputs[i]);
        }
        parameters.add("ELEM* RESTRICT y");
        args.add(output);
        parameters.add("int n");
        args.add(out.size());
        if (!any(Read.PIECE, Read.REPEATED, Read.WALKED)) {
            return;
        }
        for (int d = 1; d <= last; d++) {
            int extent = layout.extents()[d];
            int shift = 32 - Integer.numberOfLeadingZeros(extent - 1);
            long factor = ((1L << 32) * ((1L << shift) - extent)) / extent + 1;
            parameters.add("uint e" + d + ", uint f" + d + ", int h" + d);
            args.addAll(List.of(extent, (int) factor, shift));
        }
        for (int j = 0; j < reads.length; j++) {
            for (int d = 0; d < last && isPlaced(j); d++) {
                if (layout.strides()[j][d] != 0) {
                    parameters.add("uint " + stride(j, d));
                    args.add(layout.strides()[j][d]);
                }
            }
        }
    }

    private boolean isPlaced(int j) {
        return reads[j] == Read.PIECE || reads[j] == Read.REPEATED || reads[j] == Read.WALKED;
    }

    private String stride(int j, int d) {
        return "t" + values.get(j) + "_" + d;
    }

    /** Statements that find coordinates c0 … of element {@code i}. */
    private String coordinates() {
        if (!any(Read.PIECE, Read.REPEATED, Read.WALKED)) {
            return "";
        }
        StringBuilder s = new StringBuilder("uint c0 = i; ");
        for (int d = last; d >= 1; d--) {
            s.append("uint c%d = c0; c0 = (MULHI(c0, f%d) + c0) >> h%d; ".formatted(d, d, d));
            s.append("c%d -= c0 * e%d; ".formatted(d, d));
        }
        return s.toString();
    }

    /** Where input j's element stands, from the coordinates. */
    private String place(int j) {
        List<String> terms = new ArrayList<>();
        for (int d = 0; d <= last; d++) {
            if (layout.strides()[j][d] != 0) {
                terms.add(d == last ? "c" + d : "c" + d + " * " + stride(j, d));
            }
        }
        return terms.isEmpty() ? "0" : String.join(" + ", terms);
    }

    private String element(int j, String at) {
        int i = values.get(j);
        return isInt(j) ? "(float)p" + i + "[" + at + "]" : "LD(p" + i + ", " + at + ")";
    }

    private void kernel() {
        String parameterList = String.join(", ", parameters);
        text.append("KERNEL_SIZED(%d, 1, 1) void pointwise(%s) {%n".formatted(BLOCK, parameterList))
                .append(
                        "  uint first = (uint)GROUP_ID(0) * %du * PER + (uint)LOCAL_ID(0);%n"
                                .formatted(BLOCK))
                .append("  uint whole = (uint)n / LANES;\n");
        for (int j = 0; j < reads.length; j++) {
            String x = "x" + values.get(j);
            switch (reads[j]) {
                case NUMBER -> text.append("  float " + x + " = " + element(j, "0") + ";\n");
                case WHOLE, PIECE ->
                        text.append(
                                isInt(j)
                                        ? "  int " + x + "w[PER][LANES];\n"
                                        : "  uint4 " + x + "w[PER];\n");
                case REPEATED -> text.append("  float " + x + "w[PER];\n");
                case WALKED -> {}
            }
        }
        text.append("  UNROLL\n  for (int k = 0; k < PER; k++) {\n")
                .append("    uint q = first + k * %du;%n".formatted(BLOCK))
                .append("    uint i = q * LANES;\n    if (q < whole) {\n");
        if (any(Read.PIECE, Read.REPEATED)) {
            text.append("      ").append(coordinates()).append('\n');
        }
        for (int j = 0; j < reads.length; j++) {
            loadPiece(j);
        }
        text.append("    }\n  }\n  UNROLL\n  for (int k = 0; k < PER; k++) {\n")
                .append("    uint q = first + k * %du;%n".formatted(BLOCK))
                .append("    uint i = q * LANES;\n    if (q < whole) {\n      float r[LANES];\n");
        compute();
        text.append("      piece_store(y + i, piece_pack(r));\n")
                .append("    } else if (q == whole) {\n      for (; i < (uint)n; i++) {\n");
        rest();
        text.append("      }\n    }\n  }\n}\n");
    }

    private void loadPiece(int j) {
        int i = values.get(j);
        String at = reads[j] == Read.WHOLE ? "i" : place(j);
        switch (reads[j]) {
            case WHOLE, PIECE -> {
                if (isInt(j)) {
                    text.append("      UNROLL\n      for (int j = 0; j < LANES; j += 4) {\n")
                            .append(
                                    "        int4 v = *(const int4*)(p%d + %s + j);%n"
                                            .formatted(i, at));
                    for (int e = 0; e < 4; e++) {
                        text.append(
                                "        x%dw[k][j + %d] = v.%c;%n"
                                        .formatted(i, e, "xyzw".charAt(e)));
                    }
                    text.append("      }\n");
                } else {
                    text.append("      x%dw[k] = piece_load(p%d + %s);%n".formatted(i, i, at));
                }
            }
            case REPEATED -> text.append("      x%dw[k] = %s;%n".formatted(i, element(j, at)));
            default -> {}
        }
    }

    private void compute() {
        for (int j = 0; j < reads.length; j++) {
            int i = values.get(j);
            if ((reads[j] == Read.WHOLE || reads[j] == Read.PIECE) && !isInt(j)) {
                text.append(
                        "      float x%dv[LANES];%n      piece_unpack(x%dw[k], x%dv);%n"
                                .formatted(i, i, i));
            } else if (reads[j] == Read.WALKED) {
                text.append("      float x%dv[LANES];%n".formatted(i));
            }
        }
        for (int u = 0; u < uniforms.size(); u++) {
            text.append("      float u%dv[LANES];%n".formatted(u))
                    .append("      UNROLL\n      for (int j = 0; j < LANES; j += 4) {\n")
                    .append(
                            "        float4 v = tatara_uniform4("
                                    + PointwiseGpu.key(uniforms.get(u)))
                    .append(", (i + j) / 4);\n");
            for (int e = 0; e < 4; e++) {
                text.append("        u%dv[j + %d] = v.%c;%n".formatted(u, e, "xyzw".charAt(e)));
            }
            text.append("      }\n");
        }
        if (any(Read.WALKED)) {
            walk();
        }
        List<String> a = new ArrayList<>();
        for (int j = 0; j < reads.length; j++) {
            String x = "x" + values.get(j);
            a.add(
                    switch (reads[j]) {
                        case NUMBER -> x;
                        case WHOLE, PIECE -> isInt(j) ? "(float)" + x + "w[k][j]" : x + "v[j]";
                        case REPEATED -> x + "w[k]";
                        case WALKED -> x + "v[j]";
                    });
        }
        for (int u = 0; u < uniforms.size(); u++) {
            a.add("u" + u + "v[j]");
        }
        text.append("      UNROLL\n      for (int j = 0; j < LANES; j++) r[j] = pointwise_value(")
                .append(String.join(", ", a))
                .append(");\n");
    }

    /** Elements of a piece that crosses rows: coordinates are counted on. */
    private void walk() {
        text.append("      ").append(coordinates()).append('\n');
        text.append("      UNROLL\n      for (int j = 0; j < LANES; j++) {\n");
        for (int j = 0; j < reads.length; j++) {
            if (reads[j] == Read.WALKED) {
                text.append(
                        "        x%dv[j] = %s;%n".formatted(values.get(j), element(j, place(j))));
            }
        }
        StringBuilder carry = new StringBuilder();
        for (int d = 1; d <= last; d++) {
            carry.insert(0, "if (++c%d == e%d) { c%d = 0; ".formatted(d, d, d)).append(" }");
        }
        int at = carry.indexOf("c1 = 0; ") + "c1 = 0; ".length();
        text.append("        ").append(carry.insert(at, "c0++;")).append("\n      }\n");
    }

    /** The elements behind the last whole piece, one by one. */
    private void rest() {
        text.append("        ").append(coordinates()).append('\n');
        List<String> a = new ArrayList<>();
        for (int j = 0; j < reads.length; j++) {
            a.add(
                    switch (reads[j]) {
                        case NUMBER -> "x" + values.get(j);
                        case WHOLE -> element(j, "i");
                        default -> element(j, place(j));
                    });
        }
        for (Uniform u : uniforms) {
            a.add("tatara_uniform(" + PointwiseGpu.key(u) + ", i)");
        }
        text.append("        ST(y, i, pointwise_value(")
                .append(String.join(", ", a))
                .append("));\n");
    }
}
