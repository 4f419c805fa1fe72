package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.DeviceException;
import io.tatara.tornado.kernels.Interpreter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An expression as a program for {@link Interpreter}: each subexpression once, results in registers
 * that are free again behind their last use.
 */
final class PointwisePlan {
    private static final int GROUP = 128;

    /** A step: what is computed, and the numbers of the steps whose results it takes. */
    private record Node(Expr expr, int[] arguments) {}

    private final List<Node> nodes = new ArrayList<>();
    private final Map<Expr, Integer> numbers = new HashMap<>();
    private final List<Integer> args = new ArrayList<>();
    private final List<LaunchPlan.Slot> slots = new ArrayList<>();

    private PointwisePlan() {}

    /**
     * @throws DeviceException where the expression needs more registers or arguments than there are
     */
    static LaunchPlan of(Pointwise op, TensorSpec[] in, TensorSpec out) {
        if (out.size() == 0) {
            return new LaunchPlan(List.of(), new int[0], new int[0]);
        }
        PointwisePlan p = new PointwisePlan();
        p.add(op.expr());
        p.header(in, out);
        p.program();
        if (p.args.size() > Session.ARGUMENTS) {
            throw new DeviceException(
                    "pointwise: an expression of "
                            + p.nodes.size()
                            + " steps is too long for TornadoVM's interpreter");
        }
        int groups = (out.size() + GROUP - 1) / GROUP;
        LaunchPlan.Step step =
                new LaunchPlan.Step(
                        KernelTable.POINTWISE,
                        p.args.stream().mapToInt(Integer::intValue).toArray(),
                        new int[] {groups, 1, 1},
                        new int[] {GROUP, 1, 1},
                        List.copyOf(p.slots));
        return new LaunchPlan(List.of(step), new int[0], new int[0]);
    }

    private int add(Expr e) {
        Integer known = numbers.get(e);
        if (known != null) {
            return known;
        }
        int[] arguments = e.arguments().stream().mapToInt(this::add).toArray();
        nodes.add(new Node(e, arguments));
        numbers.put(e, nodes.size() - 1);
        return nodes.size() - 1;
    }

    /**
     * Place of y, n, number of axes, number of steps, place of the program, extents; then inputs.
     */
    private void header(TensorSpec[] in, TensorSpec out) {
        pointer(GpuPlan.out(0));
        int[] dims = out.shape().toArray();
        args.addAll(List.of(out.size(), dims.length, nodes.size()));
        args.add(Interpreter.HEADER + dims.length + in.length * (2 + dims.length));
        for (int d = dims.length - 1; d >= 0; d--) {
            args.add(dims[d]);
        }
        for (int i = 0; i < in.length; i++) {
            pointer(GpuPlan.in(i));
            args.add(in[i].dtype() == DType.INT32 ? 1 : 0);
            int[] strides = in[i].shape().strides();
            for (int d = 1; d <= dims.length; d++) {
                int axis = in[i].shape().rank() - d;
                args.add(stretched(in[i].shape(), axis) ? 0 : strides[axis]);
            }
        }
    }

    private static boolean stretched(Shape s, int axis) {
        return axis < 0 || s.dim(axis) == 1;
    }

    private void pointer(GpuPlan.Arg arg) {
        slots.add(new LaunchPlan.Slot(args.size(), arg));
        args.add(-1);
    }

    /** Five ints a step: operation, register of the result, three operands. */
    private void program() {
        int n = nodes.size();
        int[] last = new int[n];
        for (int k = 0; k < n; k++) {
            for (int a : nodes.get(k).arguments()) {
                last[a] = k;
            }
        }
        last[n - 1] = n;
        int[] register = new int[n];
        int[] busyUntil = new int[Interpreter.REGISTERS];
        for (int k = 0; k < n; k++) {
            int r = 0;
            // A register is free from the step on that uses it last: operands are read first.
            while (r < busyUntil.length && busyUntil[r] > k) {
                r++;
            }
            if (r == busyUntil.length) {
                throw new DeviceException(
                        "pointwise: the expression needs more than "
                                + Interpreter.REGISTERS
                                + " registers of TornadoVM's interpreter");
            }
            register[k] = r;
            busyUntil[r] = Math.max(last[k], k + 1);
            step(nodes.get(k), r, register);
        }
    }

    private void step(Node node, int result, int[] register) {
        int[] operand = new int[3];
        for (int j = 0; j < node.arguments().length; j++) {
            operand[j] = register[node.arguments()[j]];
        }
        int operation =
                switch (node.expr()) {
                    case Expr.Input i -> {
                        operand[0] = i.index();
                        yield Interpreter.LOAD;
                    }
                    case Expr.Constant c -> {
                        operand[0] = Float.floatToRawIntBits((float) c.value());
                        yield Interpreter.CONSTANT;
                    }
                    case Expr.Uniform u -> {
                        operand[0] = u.input();
                        operand[1] = u.stream();
                        yield Interpreter.UNIFORM;
                    }
                    case Expr.Unary u -> Interpreter.UNARY + u.op().ordinal();
                    case Expr.Binary b -> Interpreter.BINARY + b.op().ordinal();
                    case Expr.Product p -> Interpreter.PRODUCT;
                    case Expr.Select s -> Interpreter.SELECT;
                };
        args.addAll(List.of(operation, result, operand[0], operand[1], operand[2]));
    }
}
