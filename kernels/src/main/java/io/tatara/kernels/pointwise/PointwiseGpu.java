package io.tatara.kernels.pointwise;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes the kernel for an expression. Where every input is contiguous or one number, a work-item
 * takes four elements as a vector (and one block of random numbers); else it takes one element and
 * finds the inputs' places from the output's coordinates. The text depends on which strides are 0,
 * not on the extents, so that other sizes need no new compilation.
 */
final class PointwiseGpu {
    private final Program program;
    private final List<Integer> values;
    private final List<Integer> seeds;
    private final List<Uniform> uniforms;
    private final TensorSpec[] in;
    private final Broadcast layout;
    private final int n;
    private final StringBuilder text = new StringBuilder();

    private PointwiseGpu(Expr expr, TensorSpec[] in, TensorSpec out) {
        program = Program.of(expr);
        values = List.copyOf(program.values());
        seeds = List.copyOf(program.seeds());
        uniforms = program.uniforms();
        this.in = in;
        List<Shape> shapes = values.stream().map(i -> in[i].shape()).toList();
        layout = Broadcast.of(out.shape(), shapes);
        n = out.size();
    }

    static GpuPlan plan(Pointwise op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        append(plan, op.expr(), in, inputs(in.length), out[0], GpuPlan.out(0), traits);
        return plan.build();
    }

    /** Arguments for inputs 0 … count − 1. */
    static GpuPlan.Arg[] inputs(int count) {
        GpuPlan.Arg[] args = new GpuPlan.Arg[count];
        Arrays.setAll(args, GpuPlan::in);
        return args;
    }

    private static void append(
            GpuPlan.Builder plan,
            Expr expr,
            TensorSpec[] in,
            GpuPlan.Arg[] inputs,
            TensorSpec out,
            GpuPlan.Arg output,
            GpuTraits traits) {
        if (out.size() > 0) {
            new PointwiseGpu(expr, in, out)
                    .launch(plan, expr, inputs, out, output, Math.min(256, traits.maxWorkGroup()));
        }
    }

    private void launch(
            GpuPlan.Builder plan,
            Expr expr,
            GpuPlan.Arg[] inputs,
            TensorSpec out,
            GpuPlan.Arg output,
            int local) {
        boolean flat = layout.extents().length == 1;
        text.append(PointwiseFunctions.source());
        text.append(function(expr, values, uniforms));
        List<Object> args = new ArrayList<>();
        List<String> parameters = new ArrayList<>();
        buffers(parameters, args, inputs, output);
        if (flat) {
            flatKernel(parameters);
        } else {
            stridedKernel(parameters, args);
        }
        GpuProgram source =
                GpuProgram.of(
                        "pointwise/generated.cl",
                        text.toString(),
                        "STORAGE",
                        GpuProgram.storage(out.dtype()));
        int items = flat ? n / 4 + (n % 4 == 0 ? 0 : 1) : n;
        plan.launch1d(source, "pointwise", items, local, args.toArray());
    }

    /** The expression as a function of its inputs and random numbers. */
    static String function(Expr e, List<Integer> values, List<Uniform> uniforms) {
        List<String> parameters = new ArrayList<>();
        values.forEach(i -> parameters.add("float x" + i));
        for (int k = 0; k < uniforms.size(); k++) {
            parameters.add("float u" + k);
        }
        ExprSource.Code code =
                ExprSource.statements(e, i -> "x" + i, u -> "u" + uniforms.indexOf(u), "t");
        return "\nDEVICE float pointwise_value("
                + (parameters.isEmpty() ? "void" : String.join(", ", parameters))
                + ") {\n"
                + code.statements()
                + "  return "
                + code.result()
                + ";\n}\n\n";
    }

    private void buffers(
            List<String> parameters, List<Object> args, GpuPlan.Arg[] inputs, GpuPlan.Arg output) {
        for (int i : values) {
            parameters.add("GLOBAL const " + (isInt(i) ? "int" : "ELEM") + "* RESTRICT p" + i);
            args.add(inputs[i]);
        }
        for (int i : seeds) {
            parameters.add("GLOBAL const int* RESTRICT s" + i);
            args.add(inputs[i]);
        }
        parameters.add("GLOBAL ELEM* RESTRICT y");
        args.add(output);
        parameters.add("int n");
        args.add(n);
    }

    private boolean isInt(int i) {
        return in[i].dtype() == DType.INT32;
    }

    /** One element of an input. */
    private String load(int i, String at) {
        return isInt(i) ? "(float)p" + i + "[" + at + "]" : "LD(p" + i + ", " + at + ")";
    }

    /** The three words that key a stream of random numbers. */
    static String key(Uniform u) {
        return "(uint)s"
                + u.input()
                + "[0], (uint)s"
                + u.input()
                + "[1], "
                + Integer.toUnsignedString(u.stream())
                + "u";
    }

    private void flatKernel(List<String> parameters) {
        text.append("KERNEL void pointwise(").append(String.join(", ", parameters)).append(") {\n");
        text.append("  int q = GLOBAL_ID(0);\n  int i = q * 4;\n  if (q > (n - 1) / 4) return;\n");
        for (int k = 0; k < uniforms.size(); k++) {
            text.append("  float4 v").append(k).append(" = tatara_uniform4(");
            text.append(key(uniforms.get(k))).append(", (uint)q);\n");
        }
        for (int j = 0; j < values.size(); j++) {
            if (stretched(j)) {
                int i = values.get(j);
                text.append("  float x").append(i).append(" = ").append(load(i, "0")).append(";\n");
            }
        }
        text.append("  if (q < n / 4) {\n");
        for (int j = 0; j < values.size(); j++) {
            if (!stretched(j)) {
                vectorLoad(values.get(j));
            }
        }
        text.append("    float4 r = MAKE4(")
                .append(call("x"))
                .append(", ")
                .append(call("y"))
                .append(", ")
                .append(call("z"))
                .append(", ")
                .append(call("w"))
                .append(");\n")
                .append("#if STORAGE == 0\n    STOREF4(y, i, r);\n#else\n")
                .append(
                        "    ST(y, i, r.x); ST(y, i + 1, r.y); ST(y, i + 2, r.z); ST(y, i + 3, r.w);\n#endif\n")
                .append("  } else {\n    int k;\n    for (k = i; k < n; k++) {\n");
        List<String> a = new ArrayList<>();
        for (int j = 0; j < values.size(); j++) {
            a.add(stretched(j) ? "x" + values.get(j) : load(values.get(j), "k"));
        }
        for (int k = 0; k < uniforms.size(); k++) {
            String v = "v" + k;
            a.add("(k == i ? " + v + ".x : k == i + 1 ? " + v + ".y : " + v + ".z)");
        }
        text.append("      ST(y, k, pointwise_value(")
                .append(String.join(", ", a))
                .append("));\n    }\n  }\n}\n");
    }

    private boolean stretched(int j) {
        return layout.strides()[j][0] == 0;
    }

    private void vectorLoad(int i) {
        String each =
                "MAKE4("
                        + load(i, "i")
                        + ", "
                        + load(i, "i + 1")
                        + ", "
                        + load(i, "i + 2")
                        + ", "
                        + load(i, "i + 3")
                        + ")";
        if (isInt(i)) {
            text.append("    float4 x").append(i).append(" = ").append(each).append(";\n");
            return;
        }
        text.append("#if STORAGE == 0\n    float4 x")
                .append(i)
                .append(" = LOADF4(p")
                .append(i)
                .append(", i);\n#else\n");
        text.append("    float4 x").append(i).append(" = ").append(each).append(";\n#endif\n");
    }

    private String call(String component) {
        List<String> a = new ArrayList<>();
        for (int j = 0; j < values.size(); j++) {
            a.add("x" + values.get(j) + (stretched(j) ? "" : "." + component));
        }
        for (int k = 0; k < uniforms.size(); k++) {
            a.add("v" + k + "." + component);
        }
        return "pointwise_value(" + String.join(", ", a) + ")";
    }

    private void stridedKernel(List<String> parameters, List<Object> args) {
        int last = layout.extents().length - 1;
        for (int d = 1; d <= last; d++) {
            parameters.add("int e" + d);
            args.add(layout.extents()[d]);
        }
        List<String> places = new ArrayList<>();
        for (int j = 0; j < values.size(); j++) {
            places.add(place(j, last, parameters, args));
        }
        text.append("KERNEL void pointwise(").append(String.join(", ", parameters)).append(") {\n");
        text.append("  int i = GLOBAL_ID(0);\n  if (i < n) {\n    int c0 = i;\n");
        for (int d = last; d >= 1; d--) {
            text.append("    int c").append(d).append(" = c0 % e").append(d).append(";\n");
            text.append("    c0 /= e").append(d).append(";\n");
        }
        List<String> a = new ArrayList<>();
        for (int j = 0; j < values.size(); j++) {
            a.add(load(values.get(j), places.get(j)));
        }
        for (Uniform u : uniforms) {
            a.add("tatara_uniform(" + key(u) + ", (uint)i)");
        }
        text.append("    ST(y, i, pointwise_value(")
                .append(String.join(", ", a))
                .append("));\n  }\n}\n");
    }

    /** Where input j's element stands; adds the strides that it needs to the parameters. */
    private String place(int j, int last, List<String> parameters, List<Object> args) {
        List<String> terms = new ArrayList<>();
        for (int d = 0; d <= last; d++) {
            int stride = layout.strides()[j][d];
            if (stride == 0) {
                continue;
            }
            if (d == last) {
                terms.add("c" + d);
                continue;
            }
            String name = "s" + values.get(j) + "_" + d;
            parameters.add("int " + name);
            args.add(stride);
            terms.add("c" + d + " * " + name);
        }
        return terms.isEmpty() ? "0" : String.join(" + ", terms);
    }
}
